import { Secret } from '../../src/core/secret.ts';
import { openPostgresStore } from '../../src/store/postgres/open-store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { type PostgresServer, startPostgres } from '../support/postgres/server.ts';
import { createRecordingLog } from '../support/recording-log.ts';
import type { StorePlace } from './store.contract.ts';

/** Places for PostgreSQL stores, one after the other: one database of one server, which is started for the first and stopped by `dispose`. */
export function createPostgresPlaces() {
  let starting: Promise<PostgresServer> | undefined;
  return {
    async create(): Promise<StorePlace> {
      starting ??= startPostgres({ major: 18, name: 'store' });
      const server = await starting;
      const url = new Secret(server.superuserUrl);
      return {
        open: () => openPostgresStore({ url, clock: new FakeClock(), log: createRecordingLog() }),
        [Symbol.asyncDispose]: () => emptyStore(server),
      };
    },
    async dispose(): Promise<void> {
      await (await starting)?.[Symbol.asyncDispose]();
    },
  };
}

/** Much faster than another database for each test. As a replica, because the audit refuses to be emptied. */
async function emptyStore(server: PostgresServer): Promise<void> {
  const rows = await server.query(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'reeve' AND tablename NOT IN ('schema_migration', 'audit_head')`,
  );
  const deletes = rows.map(({ name }) => `DELETE FROM reeve.${String(name)};`).join('');
  await server.query(
    `SET session_replication_role = replica; ${deletes} UPDATE reeve.audit_head SET sequence = 0, hash = repeat('0', 64)`,
  );
}
