import { z } from 'zod';
import { quoteIdentifier } from '../../quote.ts';
import { sumOf } from './data-sums.ts';
import { isNamed } from './directives.ts';
import { type FileMeasure, type FileWork, inTransaction, runParts } from './file-transaction.ts';
import { assertFits, lockTable, WouldDiscard } from './fitting-values.ts';
import type { JudgedFile } from './judge-migration.ts';
import {
  type AppliedTrace,
  forgetHistory,
  type HistoryEntry,
  type HistoryRow,
  type KeptContents,
  writeHistory,
} from './migration-history.ts';
import { compareSchemas, readSchema, type SchemaDifference } from './schema-lines.ts';

/** More rows would be gone than the file declares: nothing was done. */
export class RowsLost extends Error {
  override readonly name = 'RowsLost';
  readonly rows: number;

  constructor(message: string, rows: number) {
    super(message);
    this.rows = rows;
  }
}

export interface FileReport {
  readonly measure: FileMeasure;
  readonly durationMs: number;
  /** Longest time that one lock was held which others wait for; 0 without any. */
  readonly lockMs: number;
  readonly difference: SchemaDifference;
}

/** Applies one file in a transaction of its own, together with its row of the history, or not at all. */
export async function applyFile(
  work: FileWork,
  judged: JudgedFile,
  entry: Omit<HistoryEntry, 'trace' | 'down' | 'name'>,
): Promise<FileReport> {
  const { session, clock, signal } = work;
  const { file } = judged;
  const beganAt = clock.monotonicMs();
  const { measure, difference } = await inTransaction(work, async () => {
    const before = await readSchema(session, signal);
    const measured = await runParts(work, `${file.name} up`, judged.up);
    const changed = compareSchemas(before, await readSchema(session, signal));
    const loss = lossOf(judged, measured);
    if (loss.rows > 0) throw new RowsLost(`${file.name}: ${loss.text}`, loss.rows);
    const kept = await keepContents(work, judged, { measured, changed });
    const trace: AppliedTrace = { ...changed, written: measured.written, kept };
    await writeHistory(session, { ...entry, name: file.name, down: file.down, trace }, signal);
    return { measure: measured, difference: changed };
  });
  const endedAt = clock.monotonicMs();
  return { measure, difference, durationMs: Math.round(endedAt - beganAt), lockMs: heldMs(measure, endedAt) };
}

/** Takes one applied file back in a transaction of its own; refuses when that would discard what was written since. */
export async function undoFile(
  work: FileWork,
  judged: JudgedFile,
  row: Pick<HistoryRow, 'name' | 'trace'>,
): Promise<FileReport & { readonly verified: boolean }> {
  const { session, clock, signal } = work;
  const beganAt = clock.monotonicMs();
  const { measure, difference } = await inTransaction(work, async () => {
    if (row.trace !== null) await assertNothingSince(work, row.name, row.trace.kept);
    const before = await readSchema(session, signal);
    if (row.trace !== null) await assertFits(work, row.name, judged.down);
    const measured = await runParts(work, `${row.name} down`, judged.down);
    if (row.trace !== null) assertOwnRows(row.name, measured, row.trace);
    const changed = compareSchemas(before, await readSchema(session, signal));
    await forgetHistory(session, row.name, signal);
    return { measure: measured, difference: changed };
  });
  const endedAt = clock.monotonicMs();
  return {
    measure,
    difference,
    durationMs: Math.round(endedAt - beganAt),
    lockMs: heldMs(measure, endedAt),
    verified: row.trace === null || isTakenBack(row.trace, difference),
  };
}

/** Everything that up added is gone and everything that it removed is back, whatever others changed meanwhile. */
function isTakenBack(
  trace: Pick<AppliedTrace, 'added' | 'removed'>,
  { added, removed }: SchemaDifference,
): boolean {
  const gone = new Set(removed);
  const back = new Set(added);
  return trace.added.every((line) => gone.has(line)) && trace.removed.every((line) => back.has(line));
}

/** How long the lock that was taken first is held when it ends now. */
export function heldMs({ locks }: FileMeasure, endedAt: number): number {
  return Math.round(Math.max(0, ...locks.map(({ sinceMs }) => endedAt - sinceMs)));
}

/** Rows that are gone beyond what the file declares. */
export function lossOf(
  { up, declared }: JudgedFile,
  { written, emptied, hidden, old }: Pick<FileMeasure, 'written' | 'emptied' | 'hidden' | 'old'>,
): { readonly rows: number; readonly text: string } {
  const gone = new Map<string, number>();
  for (const [name, { deleted }] of Object.entries(written))
    if (old.has(name)) gone.set(plain(name), deleted);
  const dropped = up.flatMap(({ effects }) => effects.drops.map(({ name }) => name));
  const isDrop = (name: string): boolean => declared.drops.some((each) => isNamed(each, name));
  for (const [quoted, count] of [...Object.entries(emptied), ...Object.entries(hidden.rows)]) {
    const name = plain(quoted);
    const isDeclared = isDrop(name) && (quoted in hidden.rows || dropped.some((each) => isNamed(each, name)));
    if (!isDeclared) gone.set(name, (gone.get(name) ?? 0) + count);
  }
  let rows = 0;
  const texts: string[] = [];
  for (const [table, count] of gone) {
    const own = declared.deletes.find((each) => isNamed(each.table, table));
    const allowed = own?.rows ?? 0;
    if (allowed === 'all' || count <= allowed) continue;
    rows += count - allowed;
    texts.push(`it deletes ${count} rows of ${table} and declares ${allowed}`);
  }
  for (const column of hidden.columns.map(plain)) {
    if (declared.drops.some((each) => isNamed(each, column, 2))) continue;
    rows += 1;
    texts.push(`it drops column ${column} in a function or block and does not declare it`);
  }
  return { rows, text: `${texts.join('; ')}: everything was rolled back, no row is lost` };
}

function plain(name: string): string {
  return name.replaceAll('"', '');
}

const resolvedRow = z.object({
  name: z.string().nullable(),
  has: z.boolean(),
  fallback: z.string().nullable(),
});
const resolvedSql = `
  SELECT (SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)) AS name,
         $2::text IS NULL OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped) AS has,
         (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
           WHERE d.adrelid = to_regclass($1) AND a.attname = $2 AND a.attgenerated = '') AS fallback`;
const pathSql = `SELECT set_config('search_path', $1, true) AS set`;
const longSql = `SELECT set_config('statement_timeout', '600000', true) AS set`;

/** Contents of what down drops, so that it can be told later whether somebody wrote there since. */
async function keepContents(
  work: FileWork,
  { down }: JudgedFile,
  { measured, changed }: { readonly measured: FileMeasure; readonly changed: SchemaDifference },
): Promise<readonly KeptContents[]> {
  const { session, signal, searchPath } = work;
  const kept: KeptContents[] = [];
  await session.query(longSql, z.unknown(), signal);
  for (const { name, what, parts } of down.flatMap(({ effects }) => effects.drops)) {
    if (what !== 'table' && what !== 'column') continue;
    const pieces = name.split('.');
    const column = parts === 2 ? (pieces.at(-1) ?? '') : null;
    const relation = (parts === 2 ? pieces.slice(0, -1) : pieces).map(quoteIdentifier).join('.');
    await session.query(pathSql, z.unknown(), signal, [searchPath]);
    const [found] = await session.query(resolvedSql, resolvedRow, signal, [relation, column]);
    await session.query(pathSql, z.unknown(), signal, ['pg_catalog']);
    const table = found?.name ?? null;
    if (found?.has !== true || table === null) continue;
    const where =
      column === null ? 'true' : `${quoteIdentifier(column)} IS DISTINCT FROM ${found.fallback ?? 'NULL'}`;
    const isNew = changed.added.some((line) => line.startsWith(`column ${table}.${quotedAsNeeded(column)} `));
    // A column that the file added and nobody filled holds its default everywhere.
    const isUnwritten = column !== null && isNew && measured.written[table] === undefined;
    const sum = isUnwritten ? { rows: 0, sum: '0' } : await contentsOf(work, { table, column, where });
    kept.push({ table, column, where, ...sum });
  }
  return kept;
}

/** As `%I` writes it. */
function quotedAsNeeded(name: string | null): string {
  if (name === null) return '';
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : quoteIdentifier(name);
}

const columnsRow = z.object({ name: z.string() });
const columnsSql = `SELECT attname::text AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY 1`;

async function contentsOf(
  { session, signal }: FileWork,
  { table, column, where }: Pick<KeptContents, 'table' | 'column' | 'where'>,
): Promise<{ readonly rows: number; readonly sum: string | null }> {
  const columns =
    column === null
      ? (await session.query(columnsSql, columnsRow, signal, [table])).map(({ name }) => name)
      : [column];
  return sumOf(session, table, columns, signal, where);
}

/** Under the lock that down needs anyway, so that nobody writes between the look and the act. */
async function assertNothingSince(
  work: FileWork,
  name: string,
  kept: readonly KeptContents[],
): Promise<void> {
  const { session, signal } = work;
  for (const each of kept) {
    const found = await session.query(columnsSql, columnsRow, signal, [each.table]);
    if (!found.some((column) => each.column === null || column.name === each.column)) continue;
    await lockTable(work, name, each.table);
    await session.query(longSql, z.unknown(), signal);
    const now = await contentsOf(work, each);
    if (now.rows === each.rows && now.sum === each.sum) continue;
    const what = each.column === null ? `rows of ${each.table}` : `values of ${each.table}.${each.column}`;
    throw new WouldDiscard(
      `${name}: somebody wrote ${what} since it was applied (${each.rows} then, ${now.rows} now), and taking it back would discard that`,
    );
  }
}

/** Down may delete what up inserted and change what up changed, and no row more. */
function assertOwnRows(name: string, { written, emptied, hidden }: FileMeasure, trace: AppliedTrace): void {
  for (const [table, rows] of [...Object.entries(emptied), ...Object.entries(hidden.rows)]) {
    const inserted = trace.written[table]?.inserted ?? 0;
    if (rows <= inserted || trace.kept.some((each) => each.table === table && each.column === null)) continue;
    throw new WouldDiscard(
      `${name}: taking it back would discard ${rows} rows of ${table}, and it had inserted ${inserted}: the others were written since`,
    );
  }
  const [column] = hidden.columns;
  if (column !== undefined)
    throw new WouldDiscard(
      `${name}: taking it back drops column ${column} in a function or block, and nobody can tell whether somebody wrote there since`,
    );
  for (const [table, { deleted, updated }] of Object.entries(written)) {
    const own = trace.written[table] ?? { inserted: 0, updated: 0, deleted: 0 };
    if (deleted > own.inserted)
      throw new WouldDiscard(
        `${name}: taking it back would delete ${deleted} rows of ${table}, and it had inserted ${own.inserted}: the others were written since`,
      );
    if (updated > own.updated + own.inserted)
      throw new WouldDiscard(
        `${name}: taking it back would change ${updated} rows of ${table}, and it had changed ${own.updated}: the others were written since`,
      );
  }
}
