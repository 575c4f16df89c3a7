import type { Collector, CollectorInput } from '../../src/sdk.ts';
import { CollectError } from '../../src/sdk.ts';
import { readActivity } from './activity.ts';
import { type ArchiverSeen, createArchivingReader } from './archiving.ts';
import { tryAssumptions } from './assumptions.ts';
import { readAvailability } from './availability.ts';
import { createBackupsReader } from './backups.ts';
import { checkTarget } from './check.ts';
import type { PostgresOptions } from './config.ts';
import { ConnectionPool } from './connection-pool.ts';
import { type PostgresGroup, statementWindowsOf, windowOf } from './groups.ts';
import { createIndexesReader } from './indexes.ts';
import { readIo } from './io.ts';
import type { PostgresMetrics } from './metrics.ts';
import { createRelationsReader } from './relations.ts';
import { createReplicationReader } from './replication.ts';
import { identityOf } from './server-facts.ts';
import type { PostgresReader, Session } from './session.ts';
import { readSettings } from './settings.ts';
import { readSizes } from './sizes.ts';
import { readSlots } from './slots.ts';
import { createStatementsReader } from './statements.ts';
import { createTopStatementsReader } from './top-statements.ts';
import { createTransactionsReader } from './transactions.ts';
import { readVacuum } from './vacuum.ts';
import { readWal } from './wal.ts';
import { readWraparound } from './wraparound.ts';

export function createPostgresCollector(
  input: CollectorInput<PostgresOptions>,
): Collector<PostgresMetrics, PostgresGroup> {
  const archiver: ArchiverSeen = { latest: undefined };
  const readers: Readonly<Record<PostgresGroup, PostgresReader>> = {
    relations: createRelationsReader(windowOf(input.target, 'relations', 'index_hit_ratio')),
    statements: createStatementsReader(statementWindowsOf(input.target)),
    top_statements: createTopStatementsReader(input),
    indexes: createIndexesReader(input),
    sizes: readSizes,
    availability: readAvailability,
    activity: readActivity,
    transactions: createTransactionsReader(windowOf(input.target, 'transactions')),
    replication: createReplicationReader(),
    slots: readSlots,
    archiving: createArchivingReader(archiver),
    wal: readWal,
    wraparound: readWraparound,
    io: readIo,
    vacuum: readVacuum,
    settings: readSettings,
    backups: createBackupsReader(archiver),
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
    check: async (signal) => {
      if (session === undefined) throw new CollectError('internal', 'check before open');
      return checkTarget(session, input.target, signal);
    },
    assumptions: async (signal) => {
      if (session === undefined) throw new CollectError('internal', 'assumptions before open');
      return tryAssumptions(session, input.clock, signal);
    },
    close: () => connections.close(),
  };
}
