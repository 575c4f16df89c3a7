import { z } from 'zod';
import { messageOf } from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import type { DrillJournal } from './drill-journal.ts';
import type { ScratchServer } from './scratch-server.ts';
import type { VerifiedDatabase } from './verified-database.ts';
import { verifyConstraints } from './verify-constraints.ts';
import { verifyIndexes } from './verify-indexes.ts';
import { verifyInventory } from './verify-inventory.ts';
import { verifyKeys } from './verify-keys.ts';
import { verifyTables } from './verify-tables.ts';

export interface VerifyRequest {
  readonly server: ScratchServer;
  readonly journal: DrillJournal;
  readonly access: Access;
  /** What must be in it; undefined: the whole server. */
  readonly databases: readonly string[] | undefined;
  /** Whether only the data themselves can tell that a file is shorter than it was. */
  readonly hasUnprovenFiles: boolean;
  /** By the clock that only grows: what was not begun then is not done, and said. */
  readonly endMs: number;
  readonly signal: AbortSignal;
}

export interface Verified {
  /** Databases that came back. */
  readonly databases: readonly string[];
  readonly tables: number;
  readonly rows: number;
}

const mostDatabases = 100;

/** Reads all that was restored, and compares what can be compared. Failed checks say what is wrong; nothing throws for that. */
export async function verify(request: VerifyRequest): Promise<Verified> {
  const { server, journal, access, signal, endMs } = request;
  const databases = await verifyDatabases(request);
  let tables = 0;
  let rows = 0;
  for (const database of databases.slice(0, mostDatabases)) {
    const productionRows = await rowsOfProduction(access, database, signal);
    const isLate = (): boolean => access.input.clock.monotonicMs() > endMs;
    const about: VerifiedDatabase = { database, server, journal, productionRows, isLate, signal };
    const parts = [verifyTables, verifyConstraints, verifyInventory, verifyIndexes].concat(
      request.hasUnprovenFiles ? [verifyKeys] : [],
    );
    for (const part of parts) {
      try {
        const read = await part(about);
        tables += read?.tables ?? 0;
        rows += read?.rows ?? 0;
      } catch (thrown) {
        signal.throwIfAborted();
        journal.check(`${part.name} of ${database}`, 'failed', messageOf(thrown));
      }
    }
  }
  return { databases, tables, rows };
}

const nameRow = z.object({ name: z.string() });
const databasesSql = `SELECT datname::text AS name FROM pg_database
   WHERE datallowconn AND NOT datistemplate ORDER BY pg_database_size(oid) DESC, 1`;

async function verifyDatabases({
  server,
  journal,
  access,
  databases,
  signal,
}: VerifyRequest): Promise<readonly string[]> {
  const found = await server.reading('template1', signal, (connection) =>
    connection.query(databasesSql, nameRow, signal),
  );
  const names = found.map(({ name }) => name);
  const production = await access
    .reading(undefined, signal, async (connection) => ({
      main: connection.database,
      names: (
        await connection.query(databasesSql.replace('pg_database_size(oid) DESC, ', ''), nameRow, signal)
      ).map(({ name }) => name),
    }))
    .catch(() => undefined);
  signal.throwIfAborted();
  const wanted = databases ?? (production === undefined ? [] : [production.main]);
  const missing = wanted.filter((name) => !names.includes(name));
  const newer = (production?.names ?? []).filter(
    (name) => databases === undefined && !names.includes(name) && !missing.includes(name),
  );
  journal.check(
    'databases',
    missing.length === 0 ? 'passed' : 'failed',
    [
      missing.length === 0
        ? `${(databases ?? names).join(', ')} came back`
        : `${missing.join(', ')} did not come back`,
      ...(newer.length === 0
        ? []
        : [`the target has ${newer.join(', ')} too now, made since or left out of the backup`]),
    ].join('; '),
  );
  return databases === undefined ? names : names.filter((name) => databases.includes(name));
}

const rowsRow = z.object({ name: z.string(), rows: z.number() });
const rowsSql = `SELECT n.nspname || '.' || c.relname AS name, c.reltuples::float8 AS rows
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm') AND c.reltuples >= 0 AND c.oid >= 16384 ORDER BY c.relpages DESC LIMIT 10000`;

async function rowsOfProduction(
  access: Access,
  database: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number> | undefined> {
  const rows = await access
    .reading(database, signal, (connection) => connection.query(rowsSql, rowsRow, signal))
    .catch(() => undefined);
  signal.throwIfAborted();
  return rows === undefined ? undefined : new Map(rows.map(({ name, rows: count }) => [name, count]));
}
