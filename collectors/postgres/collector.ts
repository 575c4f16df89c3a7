import type { CheckItem, Collector, CollectorInput } from '../../src/sdk.ts';
import { CollectError } from '../../src/sdk.ts';
import { readAvailability } from './availability.ts';
import type { PostgresOptions } from './config.ts';
import { ConnectionPool } from './connection-pool.ts';
import { readConnections } from './connections.ts';
import type { PostgresGroup } from './groups.ts';
import type { PostgresMetrics } from './metrics.ts';
import { identityOf, type PostgresContext, type Session } from './session.ts';

/** Reads one group of one target; a group that remembers something between polls closes over it. */
export type PostgresReader = (session: Session, context: PostgresContext) => Promise<void>;

export function createPostgresCollector(
  input: CollectorInput<PostgresOptions>,
): Collector<PostgresMetrics, PostgresGroup> {
  const readers: Readonly<Record<PostgresGroup, PostgresReader>> = {
    availability: readAvailability,
    connections: readConnections,
  };
  const connections = new ConnectionPool(input);
  let session: Session | undefined;

  return {
    open: async (signal) => {
      session = undefined;
      session = await connections.openSession(signal);
      return identityOf(session.server);
    },
    read: async (group, context) => {
      if (session === undefined) throw new CollectError('internal', 'read before open');
      await readers[group](session, context);
    },
    check: async (): Promise<readonly CheckItem[]> => [],
    close: () => connections.close(),
  };
}
