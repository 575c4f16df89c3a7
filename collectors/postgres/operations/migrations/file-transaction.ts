import { z } from 'zod';
import { type Clock, CollectError } from '../../../../src/sdk.ts';
import { quoteIdentifier } from '../../quote.ts';
import type { ActingSession, StatementOutcome } from '../acting-client.ts';
import { catalogueSignal, explainOutcome } from '../settle.ts';
import { isNamed } from './directives.ts';
import { type HiddenLosses, hiddenLosses, readTables } from './hidden-losses.ts';
import type { JudgedPart } from './judge-migration.ts';
import type { WrittenRows } from './migration-history.ts';

/** A file did not come to its end; everything of it was rolled back. */
export class FileFault extends Error {
  override readonly name = 'FileFault';
  /** Of the server; empty where we stopped it. */
  readonly sqlState: string;
  readonly isStopped: boolean;

  constructor(message: string, sqlState: string, isStopped = false) {
    super(message);
    this.sqlState = sqlState;
    this.isStopped = isStopped;
  }
}

export interface FileWork {
  readonly session: ActingSession;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly role: string;
  readonly searchPath: string;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
}

/** What was measured while the statements of one text ran. */
export interface FileMeasure {
  readonly statements: readonly { readonly line: number; readonly kind: string; readonly ms: number }[];
  /** Rows written, by table. */
  readonly written: WrittenRows;
  /** Rows that went with TRUNCATE and DROP, by table that was there before: exact, or estimated for large ones. */
  readonly emptied: Readonly<Record<string, number>>;
  /** What went by functions, triggers and blocks of code. */
  readonly hidden: HiddenLosses;
  /** Names of tables that were there before, those included that they got since. */
  readonly old: ReadonlySet<string>;
  /** Locks on tables that were there before which others wait for, and when each was taken, in monotonic milliseconds. */
  readonly locks: readonly { readonly relation: string; readonly mode: string; readonly sinceMs: number }[];
}

/** Runs a body in one transaction, as the role and with the search_path that the files are for; whatever fails is rolled back. */
export async function inTransaction<T>(work: FileWork, body: () => Promise<T>): Promise<T> {
  const { session, signal } = work;
  await session.query('BEGIN', z.unknown(), signal);
  try {
    const result = await body();
    await finish(await session.run('COMMIT', { signal: catalogueSignal() }));
    return result;
  } catch (thrown) {
    // A connection that is gone has rolled back by itself.
    await session.query('ROLLBACK', z.unknown(), catalogueSignal()).catch(() => undefined);
    throw thrown;
  }
}

/** The same, and nothing of it is kept. */
export async function inDiscardedTransaction<T>(
  { session, signal }: FileWork,
  body: () => Promise<T>,
): Promise<T> {
  await session.query('BEGIN', z.unknown(), signal);
  try {
    return await body();
  } finally {
    // A connection that is gone has rolled back by itself.
    await session.query('ROLLBACK', z.unknown(), catalogueSignal()).catch(() => undefined);
  }
}

async function finish(outcome: StatementOutcome): Promise<void> {
  if (outcome.kind === 'done') return;
  if (outcome.kind === 'lost') throw new CollectError('unreachable', outcome.message);
  const sqlState = outcome.kind === 'failed' ? outcome.sqlState : '';
  throw new FileFault(`it could not be committed: ${explainOutcome(outcome)}`, sqlState);
}

const pathSql = `SELECT set_config('search_path', $1, true) AS set`;
const quietSql = `SELECT set_config('search_path', 'pg_catalog', true) AS set`;

/** Runs one statement as the files' role and with their path; back to our own afterwards, for what is read and written about it. */
async function runAsOwner(work: FileWork, text: string): Promise<StatementOutcome> {
  const { session, role, searchPath, signal, lockTimeoutMs, statementTimeoutMs } = work;
  if (role !== '') await session.query(`SET LOCAL ROLE ${quoteIdentifier(role)}`, z.unknown(), signal);
  await session.query(pathSql, z.unknown(), signal, [searchPath]);
  const outcome = await session.run(text, { signal, lockTimeoutMs, statementTimeoutMs });
  // A failed statement leaves nothing to be set back: the transaction is over.
  if (outcome.kind !== 'done') return outcome;
  await session.query('SET LOCAL ROLE NONE', z.unknown(), signal);
  await session.query(quietSql, z.unknown(), signal);
  return outcome;
}

const writtenRow = z.object({
  name: z.string(),
  inserted: z.number(),
  updated: z.number(),
  deleted: z.number(),
});
const writtenSql = `
  SELECT format('%I.%I', schemaname, relname) AS name, n_tup_ins::float8 AS inserted, n_tup_upd::float8 AS updated, n_tup_del::float8 AS deleted
    FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND schemaname <> 'reeve'`;
const lockRow = z.object({ relation: z.string(), mode: z.string() });
const lockSql = `
  SELECT format('%I.%I', n.nspname, c.relname) AS relation, l.mode
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE l.pid = pg_backend_pid() AND l.granted AND l.locktype = 'relation' AND c.relkind IN ('r', 'p', 'm') AND c.oid >= 16384
     AND n.nspname NOT IN ('reeve', 'pg_toast') AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`;

/** Runs the statements of one text inside of the transaction, each measured. `label` begins every message: file and direction. */
export async function runParts(
  work: FileWork,
  label: string,
  parts: readonly JudgedPart[],
): Promise<FileMeasure> {
  const { session, clock, signal } = work;
  const before = new Map(
    (await session.query(writtenSql, writtenRow, signal)).map((each) => [each.name, each]),
  );
  const heldBefore = new Set((await session.query(lockSql, lockRow, signal)).map(({ relation }) => relation));
  const made = new Set<string>();
  const statements: { line: number; kind: string; ms: number }[] = [];
  const written: Record<string, { inserted: number; updated: number; deleted: number }> = {};
  const emptied: Record<string, number> = {};
  const hidden: { readonly rows: Record<string, number>; readonly columns: string[] } = {
    rows: {},
    columns: [],
  };
  const start = await readTables(session, signal);
  const old = new Set([...start.values()].map(({ name }) => name));
  let tables = start;
  const locks = new Map<string, { relation: string; mode: string; sinceMs: number }>();
  for (const part of parts) {
    for (const table of emptying(part)) {
      const found = await countOf(work, table);
      if (found === undefined || !start.has(found.oid)) continue;
      emptied[found.name] = (emptied[found.name] ?? 0) + found.rows;
    }
    const beganAt = clock.monotonicMs();
    const outcome = await runAsOwner(work, part.text);
    statements.push({ line: part.line, kind: part.node.kind, ms: Math.round(clock.monotonicMs() - beganAt) });
    if (outcome.kind === 'lost') throw new CollectError('unreachable', outcome.message);
    if (outcome.kind !== 'done') throw faultOf(label, part, outcome, work);
    for (const name of part.effects.creates) made.add(name);
    const after = await readTables(session, signal);
    const lost = await hiddenLosses(session, part, { start, before: tables, after }, signal);
    for (const [name, rows] of Object.entries(lost.rows)) hidden.rows[name] = (hidden.rows[name] ?? 0) + rows;
    hidden.columns.push(...lost.columns);
    for (const [oid, { name }] of after) if (start.has(oid)) old.add(name);
    tables = after;
    // A table that is dropped later takes its counters along.
    for (const { name, ...now } of await session.query(writtenSql, writtenRow, signal)) {
      const all = mostWritten(before.get(name), now, written[name]);
      if (all.inserted + all.updated + all.deleted > 0) written[name] = all;
    }
    for (const { relation, mode } of await session.query(lockSql, lockRow, signal)) {
      const isNew = [...made].some((each) => isNamed(each, relation.replaceAll('"', '')));
      // Of what an earlier file of the same transaction locked, only what this one locks too is its own.
      const isOwn =
        !heldBefore.has(relation) || part.effects.locks.some((each) => isNamed(each.relation, relation));
      if (!isNew && isOwn && !locks.has(relation)) locks.set(relation, { relation, mode, sinceMs: beganAt });
    }
  }
  return { statements, written, emptied, hidden, old, locks: [...locks.values()] };
}

type Counts = WrittenRows[string];

/** Rows since the text began, or what was counted earlier where that is more. */
function mostWritten(before: Counts | undefined, now: Counts, earlier: Counts | undefined): Counts {
  const most = (key: keyof Counts): number => Math.max(now[key] - (before?.[key] ?? 0), earlier?.[key] ?? 0);
  return { inserted: most('inserted'), updated: most('updated'), deleted: most('deleted') };
}

function faultOf(label: string, part: JudgedPart, outcome: StatementOutcome, work: FileWork): FileFault {
  const sqlState = outcome.kind === 'failed' ? outcome.sqlState : '';
  const why =
    sqlState === '55P03'
      ? `others hold a lock on it for longer than ${work.lockTimeoutMs} ms`
      : sqlState === '57014'
        ? `it took longer than ${work.statementTimeoutMs} ms`
        : explainOutcome(outcome);
  return new FileFault(`${label}:${part.line}: ${why}`, sqlState, outcome.kind === 'stopped');
}

/** Tables whose rows go without being deleted one by one. */
function emptying({ node, effects }: JudgedPart): readonly string[] {
  const dropped = effects.drops.filter(({ what }) => what === 'table').map(({ name }) => name);
  const truncated = node.kind === 'TruncateStmt' ? effects.deletes.map(({ table }) => table) : [];
  return [...dropped, ...truncated];
}

const sizeRow = z.object({ oid: z.string(), name: z.string(), rows: z.number(), pages: z.number() });
const sizeSql = `
  SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name, greatest(c.reltuples, 0)::float8 AS rows, c.relpages AS pages
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)`;
/** 80 MB: a table up to there is counted in well under a second. */
const mostCountedPages = 10_000;
const countRow = z.object({ rows: z.number() });

async function countOf(
  work: FileWork,
  table: string,
): Promise<{ readonly oid: string; readonly name: string; readonly rows: number } | undefined> {
  const { session, searchPath, signal } = work;
  await session.query(pathSql, z.unknown(), signal, [searchPath]);
  const quoted = table.split('.').map(quoteIdentifier).join('.');
  const [found] = await session.query(sizeSql, sizeRow, signal, [quoted]);
  await session.query(quietSql, z.unknown(), signal);
  if (found === undefined || found.pages > mostCountedPages) return found;
  const [counted] = await session.query(
    `SELECT count(*)::float8 AS rows FROM ${found.name}`,
    countRow,
    signal,
  );
  return { ...found, rows: counted?.rows ?? found.rows };
}
