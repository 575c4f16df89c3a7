import type { OperationContext } from '../../../../src/sdk.ts';
import { labelValue } from '../place.ts';
import { namePath } from '../table-resource.ts';
import { type MigrationPlace, runIn, tableIn } from './migration-place.ts';
import { type MigrationStatement, readDeclarations, readStatements } from './migration-statements.ts';

/** What came of the statements of one text. */
export interface FileOutcome {
  /** Undefined: all of them did what they say. */
  readonly error: { readonly reason: string; readonly text: string; readonly done: number } | undefined;
  readonly durationMs: number;
  /** Rows deleted beyond what is declared. */
  readonly rowsLost: number;
  /** Copies that were kept of what was taken away. */
  readonly kept: readonly string[];
}

export interface FileRun {
  readonly sql: string;
  /** Begins the ids of its jobs: the same file of the same run is found again after a crash. */
  readonly jobPrefix: string;
  readonly runId: string;
  /** Takes a snapshot of a table before a statement takes rows or columns away. */
  readonly keeps: boolean;
  readonly beforeEach: () => Promise<void>;
}

const keepDays = 14;
/** Attempts of one statement over the life of a run. */
const mostJobs = 8;

/** One statement after the other, for DDL knows no transactions; what a job did before is not done again. */
export async function runFile(
  where: MigrationPlace,
  run: FileRun,
  { signal, evidence }: OperationContext,
): Promise<FileOutcome> {
  const { clock } = where.place.input;
  const began = clock.monotonicMs();
  const declared = readDeclarations(run.sql).deletes;
  const deleted = new Map<string, number>();
  const kept: string[] = [];
  const outcome = (error: FileOutcome['error']): FileOutcome => ({
    error,
    durationMs: clock.monotonicMs() - began,
    rowsLost: [...deleted].reduce(
      (sum, [table, rows]) => sum + Math.max(0, rows - (declared.get(table) ?? 0)),
      0,
    ),
    kept,
  });
  for (const [index, statement] of (readStatements(run.sql) ?? []).entries()) {
    await run.beforeEach();
    const takesAway = takesRows(statement);
    const table = takesAway ? await where.api.table(tableIn(where, statement.object), signal) : undefined;
    if (run.keeps && table?.type === 'TABLE') kept.push(await keep(where, run, { statement, index }, signal));
    const { error, deletedRows } = await runOnce(where, run, { statement, index }, signal);
    if (error !== undefined) {
      const text = `statement ${index + 1} (line ${statement.line}): ${error.reason}: ${error.message}`;
      return outcome({ reason: error.reason, text, done: index });
    }
    const rows = deletedRows ?? (statement.kind === 'delete' ? 0 : countDropped(statement, table?.numRows));
    if (rows > 0) deleted.set(statement.object, (deleted.get(statement.object) ?? 0) + rows);
  }
  if (kept.length > 0)
    evidence({
      kind: 'act',
      title: `kept for ${keepDays} days before rows or columns were taken away: ${kept.join(', ')}`,
      body: { kept, restore: kept.map((name) => `CREATE TABLE <name> CLONE \`${name}\``) },
    });
  return outcome(undefined);
}

function takesRows({ kind, what, droppedColumns }: MigrationStatement): boolean {
  return (
    kind === 'delete' ||
    kind === 'truncate' ||
    (kind === 'drop' && what === 'TABLE') ||
    droppedColumns.length > 0
  );
}

/** A dropped table that was declared as dropped loses its rows with it. */
function countDropped({ kind }: MigrationStatement, rows: number | undefined): number {
  return kind === 'truncate' ? (rows ?? 0) : 0;
}

interface Numbered {
  readonly statement: MigrationStatement;
  readonly index: number;
}

async function runOnce(
  where: MigrationPlace,
  run: FileRun,
  { statement, index }: Numbered,
  signal: AbortSignal,
) {
  let last = {
    error: { reason: 'stopped', message: 'it failed too often' },
    deletedRows: undefined as number | undefined,
  };
  for (let attempt = 1; attempt <= mostJobs; attempt += 1) {
    const jobId = `${run.jobPrefix}_${index + 1}_${attempt}`;
    const found = await runIn(where, { sql: statement.text, jobId, runId: run.runId }, signal);
    if (found.error === undefined) return found;
    last = { error: found.error, deletedRows: undefined };
    // What failed before is tried again, once a call.
    if (!found.wasBegun) return last;
  }
  return last;
}

async function keep(
  where: MigrationPlace,
  run: FileRun,
  { statement, index }: Numbered,
  signal: AbortSignal,
): Promise<string> {
  const source = tableIn(where, statement.object);
  const suffix = run.runId.replace(/[^a-z0-9]/gi, '').slice(-12);
  const copy = tableIn(where, `${statement.object}_reeve_before_${suffix}_${index + 1}`);
  const sql = `CREATE SNAPSHOT TABLE IF NOT EXISTS ${namePath(copy)}\nCLONE ${namePath(source)}\nOPTIONS (expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL ${keepDays} DAY), labels = [("reeve_run", "${labelValue(run.runId)}")])`;
  const { error } = await runIn(
    where,
    { sql, jobId: `${run.jobPrefix}_keep_${index + 1}`, runId: run.runId },
    signal,
  );
  if (error !== undefined)
    throw new Error(
      `no snapshot of ${statement.object} could be taken (${error.reason}: ${error.message}): nothing is taken away`,
    );
  return `${copy.project}.${copy.dataset}.${copy.table}`;
}

/** Tables and views that either text names as what it changes. */
export function touched(texts: readonly string[]): readonly string[] {
  const all = texts.flatMap((text) => readStatements(text) ?? []).map(({ object }) => object);
  return [...new Set(all)].filter((object) => object !== '').toSorted();
}
