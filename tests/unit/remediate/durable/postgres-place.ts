import { randomUUID } from 'node:crypto';
import type { DurableEngine } from '../../../../src/core/ports/durable-engine.ts';
import { openDurableEngine } from '../../../../src/remediate/durable/open-durable-engine.ts';
import type { JournalEndpoint } from '../../../../src/remediate/durable/postgres-journal.ts';
import { createSystemClock } from '../../../../src/telemetry/clock.ts';
import type { PostgresServer } from '../../../support/postgres/server.ts';
import { createRecordingLog } from '../../../support/recording-log.ts';
import type { JournalPlace } from './journal-place.ts';

export function endpointOf(
  { host, port }: { readonly host: string; readonly port: number },
  database: string,
): JournalEndpoint {
  const name = `postgresql://${host}:${port}/${database}`;
  return { host, port, user: 'postgres', database, password: '', tls: false, name };
}

export interface PostgresPlace extends JournalPlace {
  readonly database: string;
}

/** A database of its own for a journal; agents reach it over `link`, which is the server itself unless given. */
export async function createPostgresPlace(
  server: PostgresServer,
  link: { readonly host: string; readonly port: number } = server,
): Promise<PostgresPlace> {
  const database = `store_${randomUUID().replaceAll('-', '')}`;
  await server.query(`CREATE DATABASE ${database}`);
  const engines: DurableEngine[] = [];
  return {
    database,
    async open() {
      const log = createRecordingLog();
      const engine = await openDurableEngine({
        location: { endpoint: endpointOf(link, database) },
        holder: `agent ${engines.length}`,
        clock: createSystemClock(),
        log,
      });
      engines.push(engine);
      return { engine, log };
    },
    async [Symbol.asyncDispose]() {
      for (const engine of engines) await engine.close();
    },
  };
}
