import { z } from 'zod';
import { CollectError, type KeptMigration } from '../../../../src/sdk.ts';
import { quoteIdentifier } from '../../quote.ts';
import { ActRefused } from '../act-refused.ts';
import type { Reader } from './schema-lines.ts';

/** Rows that a transaction wrote, by table. */
export type WrittenRows = Readonly<
  Record<string, { readonly inserted: number; readonly updated: number; readonly deleted: number }>
>;

/** What a file came to when it was applied: what taking it back is measured by. */
export interface AppliedTrace {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly written: WrittenRows;
  /** Contents of what its down drops, right after it was applied. */
  readonly kept: readonly KeptContents[];
}

export interface KeptContents {
  /** `table`, or `column` of it. Names as SQL takes them. */
  readonly table: string;
  readonly column: string | null;
  /** Which rows count: those that hold something else than the default. */
  readonly where: string;
  readonly rows: number;
  readonly sum: string | null;
}

const trace = z.object({
  added: z.array(z.string()),
  removed: z.array(z.string()),
  written: z.record(z.string(), z.object({ inserted: z.number(), updated: z.number(), deleted: z.number() })),
  kept: z.array(
    z.object({
      table: z.string(),
      column: z.string().nullable(),
      where: z.string(),
      rows: z.number(),
      sum: z.string().nullable(),
    }),
  ),
});

export interface HistoryRow extends KeptMigration {
  readonly runId: string;
  readonly at: number;
  readonly down: string;
  readonly trace: AppliedTrace | null;
}

const row = z.object({
  name: z.string(),
  sha256: z.string(),
  state: z.enum(['applying', 'applied', 'undoing', 'rehearsing']),
  runId: z.string(),
  at: z.number(),
  down: z.string(),
  trace: trace.nullable(),
});

const existsRow = z.object({ exists: z.boolean() });
const existsSql = `
  SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE n.nspname = 'reeve' AND c.relname = 'migrations') AS exists`;
const readSql = `
  SELECT name, sha256, state, run_id AS "runId", extract(epoch FROM at)::float8 * 1000 AS at, down, trace
    FROM reeve.migrations ORDER BY at, name`;

/** What was applied, oldest first; empty where Reeve never applied anything. */
export async function readHistory(reader: Reader, signal: AbortSignal): Promise<readonly HistoryRow[]> {
  const [found] = await reader.query(existsSql, existsRow, signal);
  return found?.exists === true ? reader.query(readSql, row, signal) : [];
}

/** Makes the table where there is none; the collecting login may read it. */
export async function prepareHistory(
  reader: Reader,
  collectingRole: string,
  signal: AbortSignal,
): Promise<void> {
  const [found] = await reader.query(existsSql, existsRow, signal);
  if (found?.exists === true) return;
  const role = quoteIdentifier(collectingRole);
  const [schema] = await reader.query(
    `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'reeve') AS exists`,
    existsRow,
    signal,
  );
  const statements = [
    ...(schema?.exists === true ? [] : ['CREATE SCHEMA reeve']),
    `CREATE TABLE reeve.migrations (
       name text PRIMARY KEY, sha256 text NOT NULL, state text NOT NULL, run_id text NOT NULL,
       at timestamptz NOT NULL DEFAULT clock_timestamp(), down text NOT NULL, trace jsonb)`,
    `GRANT USAGE ON SCHEMA reeve TO ${role}`,
    `GRANT SELECT ON reeve.migrations TO ${role}`,
  ];
  try {
    for (const statement of statements) await reader.query(statement, z.unknown(), signal);
  } catch (thrown) {
    if (!(thrown instanceof CollectError && thrown.code === 'denied')) throw thrown;
    throw new ActRefused(
      'history_kept',
      'the login that acts may not make the schema "reeve", where the history of migrations is kept: CREATE SCHEMA reeve AUTHORIZATION <the role that acts>',
    );
  }
}

export interface HistoryEntry extends Pick<HistoryRow, 'name' | 'sha256' | 'state' | 'runId' | 'down'> {
  readonly trace: AppliedTrace | null;
}

/** Inserts a row, or replaces the one of that name. */
export async function writeHistory(reader: Reader, entry: HistoryEntry, signal: AbortSignal): Promise<void> {
  const { name, sha256, state, runId, down, trace: came } = entry;
  await reader.query(
    `INSERT INTO reeve.migrations (name, sha256, state, run_id, down, trace) VALUES ($1, $2, $3, $4, $5, $6::jsonb)
     ON CONFLICT (name) DO UPDATE SET sha256 = $2, state = $3, run_id = $4, down = $5, trace = coalesce($6::jsonb, reeve.migrations.trace), at = clock_timestamp()`,
    z.unknown(),
    signal,
    [name, sha256, state, runId, down, came === null ? null : JSON.stringify(came)],
  );
}

export async function forgetHistory(reader: Reader, name: string, signal: AbortSignal): Promise<void> {
  await reader.query('DELETE FROM reeve.migrations WHERE name = $1', z.unknown(), signal, [name]);
}
