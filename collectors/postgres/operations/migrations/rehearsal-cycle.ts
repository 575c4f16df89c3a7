import { messageOf, type Rehearsal, type RehearsalContext, testWhileChanged } from '../../../../src/sdk.ts';
import type { Access } from '../access.ts';
import type { FileReport } from './apply-file.ts';
import { compareSums, readSums, type TableSum } from './data-sums.ts';
import { isNamed } from './directives.ts';
import type { FileWork } from './file-transaction.ts';
import type { JudgedFile } from './judge-migration.ts';
import type { MigrationFacts } from './migration-facts.ts';
import { rehearseDown, rehearseUp, unwind } from './rehearsal-ground.ts';
import { compareSchemas, describeDifference, isSame, readSchema, type SchemaLine } from './schema-lines.ts';

/** Where a rehearsal works, and what of it stands there now. */
export interface Ground {
  readonly access: Access;
  readonly work: FileWork;
  readonly runId: string;
  /** Files that are applied for the rehearsal, in order. */
  readonly done: JudgedFile[];
}

type Tried = Pick<Rehearsal, 'verdict' | 'text' | 'rows' | 'figures'>;

/** Tables larger than this must have at least a tenth of their rows on the rehearsal target. */
const smallTableRows = 10_000;
const leastShare = 0.1;

interface State {
  readonly schema: readonly SchemaLine[];
  readonly sums: ReadonlyMap<string, TableSum>;
}

/** Up, down, up again, the user's test, down: compared with the start after each down. Leaves everything as it was. */
export async function rehearseCycle(
  ground: Ground,
  facts: MigrationFacts,
  files: readonly JudgedFile[],
  context: RehearsalContext,
): Promise<Tried> {
  const start = await stateOf(ground, facts);
  const rows = rowsOf(facts, start);
  const figures: Record<string, number> = {};
  const statements: { file: string; line: number; kind: string; ms: number }[] = [];
  const result = (verdict: Rehearsal['verdict'], text: string, isVerified: boolean): Tried => ({
    verdict,
    text,
    rows,
    figures: {
      ...figures,
      rollback: { verified: isVerified, durationMs: figures['downMs'] ?? 0 },
      statements: statements.slice(0, 200),
    },
  });
  const fail = async (text: string): Promise<Tried> => {
    const left = await unwind(ground);
    return result('failed', left === undefined ? text : `${text}; ${left}`, false);
  };
  try {
    const few = tooFew(rows);
    if (few !== undefined) return await fail(few);
    const ups = await allUp(ground, files);
    for (const { file, report } of ups)
      statements.push(...report.measure.statements.map((each) => ({ file, ...each })));
    figures['upMs'] = total(ups);
    figures['lockMs'] = Math.max(0, ...ups.map(({ report }) => report.lockMs));
    figures['longestStatementMs'] = Math.max(0, ...statements.map(({ ms }) => ms));
    const changed = await stateOf(ground, facts);
    const fault = lostRows(files, start, changed) ?? heldTooLong(ground, ups, rows);
    if (fault !== undefined) return await fail(fault);
    const downs = await allDown(ground, files);
    figures['downMs'] = total(downs);
    const unlike = differenceFrom(start, await stateOf(ground, facts), files);
    if (unlike !== undefined) return await fail(`its rollback does not restore: ${unlike}`);
    const again = await allUp(ground, files);
    figures['upAgainMs'] = total(again);
    const otherwise = compareSchemas(changed.schema, await readSchema(ground.work.session, context.signal));
    if (!isSame(otherwise))
      return await fail(
        `applied again after its rollback it comes to another schema: ${describeDifference(otherwise)}`,
      );
    const test = await testWhileChanged(context);
    await allDown(ground, files);
    const left = differenceFrom(start, await stateOf(ground, facts), files);
    const unwound = await unwind(ground);
    if (left !== undefined || unwound !== undefined)
      return result('failed', unwound ?? `its second rollback does not restore: ${left ?? ''}`, false);
    if (test !== undefined) return result('failed', test, true);
    return result('passed', wordsOf(files, figures, start), true);
  } catch (thrown) {
    context.signal.throwIfAborted();
    return fail(messageOf(thrown));
  }
}

interface Step {
  readonly file: string;
  readonly report: FileReport;
}

async function allUp(ground: Ground, files: readonly JudgedFile[]): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const judged of files)
    steps.push({ file: judged.file.name, report: await rehearseUp(ground, judged) });
  return steps;
}

async function allDown(ground: Ground, files: readonly JudgedFile[]): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const judged of files.toReversed())
    steps.push({ file: judged.file.name, report: await rehearseDown(ground, judged) });
  return steps;
}

function total(steps: readonly Step[]): number {
  return steps.reduce((sum, { report }) => sum + report.durationMs, 0);
}

async function stateOf({ work }: Ground, { tables }: MigrationFacts): Promise<State> {
  const { session, signal } = work;
  return {
    schema: await readSchema(session, signal),
    sums: await readSums(
      session,
      tables.map(({ name }) => name),
      signal,
    ),
  };
}

type Rows = Rehearsal['rows'];

function rowsOf({ tables }: MigrationFacts, { sums }: State): Rows {
  return Object.fromEntries(
    tables.map(({ name, rows }) => [
      name,
      { target: Math.round(rows), rehearsal: sums.get(name)?.rows ?? 0 },
    ]),
  );
}

function tooFew(rows: Rows): string | undefined {
  for (const [name, { target, rehearsal }] of Object.entries(rows))
    if (target > smallTableRows && rehearsal < target * leastShare)
      return `${name} has ${rehearsal} rows there and ${target} on the target: too few to say how long it takes`;
  return undefined;
}

/** Rows that are gone though no file declares it, also where the transaction's counters say nothing of it. */
function lostRows(files: readonly JudgedFile[], start: State, changed: State): string | undefined {
  for (const [table, { rows }] of start.sums) {
    const plain = table.replaceAll('"', '');
    const now = changed.sums.get(table)?.rows ?? 0;
    if (now >= rows) continue;
    const isGone = !changed.sums.has(table);
    const isDeclared = files.some(({ declared, up }) =>
      isGone
        ? declared.drops.some((each) => isNamed(each, plain)) ||
          up.some(({ node }) => node.kind === 'RenameStmt')
        : declared.deletes.some(
            (each) => isNamed(each.table, plain) && (each.rows === 'all' || rows - now <= each.rows),
          ),
    );
    if (isDeclared) continue;
    return isGone
      ? `it loses table ${table} with ${rows} rows, which no file declares`
      : `it loses ${rows - now} rows of ${table}, which no file declares ("-- reeve: deletes ${plain} ${rows - now}")`;
  }
  return undefined;
}

/** A lock that others would wait for longer than the lock timeout: nobody waits longer for Reeve than that. */
function heldTooLong({ work }: Ground, ups: readonly Step[], rows: Rows): string | undefined {
  for (const { file, report } of ups) {
    for (const { relation, mode, ms } of locksOf(report)) {
      const count = rows[relation];
      if (count === undefined) continue;
      const share =
        count.target > smallTableRows ? Math.max(1, count.target / Math.max(1, count.rehearsal)) : 1;
      if (ms * share <= work.lockTimeoutMs) continue;
      return `${file}: it held ${mode} on ${relation} for ${ms} ms with ${count.rehearsal} rows (the target has ${count.target}), and everybody else would wait longer than remediation.lockTimeout (${work.lockTimeoutMs} ms): split it`;
    }
  }
  return undefined;
}

function locksOf({
  measure,
  lockMs,
}: FileReport): readonly { readonly relation: string; readonly mode: string; readonly ms: number }[] {
  const first = Math.min(...measure.locks.map(({ sinceMs }) => sinceMs));
  return measure.locks.map(({ relation, mode, sinceMs }) => ({
    relation,
    mode,
    ms: Math.round(lockMs - (sinceMs - first)),
  }));
}

/** What is not as it was; contents of what a file declares to be lost do not come back. */
function differenceFrom(start: State, now: State, files: readonly JudgedFile[]): string | undefined {
  const schema = compareSchemas(start.schema, now.schema);
  if (!isSame(schema)) return `the schema is not as before (${describeDifference(schema)})`;
  const isLost = (table: string): boolean => {
    const plain = table.replaceAll('"', '');
    return files.some(
      ({ declared }) =>
        declared.deletes.some((each) => isNamed(each.table, plain)) ||
        declared.drops.some(
          (each) => isNamed(each, plain) || isNamed(each.split('.').slice(0, -1).join('.'), plain),
        ) ||
        declared.narrows.some((each) => isNamed(each.split('.').slice(0, -1).join('.'), plain)),
    );
  };
  const data = compareSums(start.sums, now.sums, isLost);
  return data.length === 0 ? undefined : `the data are not as before (${data.slice(0, 5).join('; ')})`;
}

function wordsOf(
  files: readonly JudgedFile[],
  figures: Readonly<Record<string, number>>,
  { sums }: State,
): string {
  const counted = [...sums.values()].filter(({ sum }) => sum === null).length;
  const lossy = files.some(
    ({ declared }) => declared.deletes.length + declared.drops.length + declared.narrows.length > 0,
  );
  const data = `${lossy ? 'but for what the files declare to be lost, ' : ''}the schema and the data of ${sums.size - counted} tables`;
  const rest = counted === 0 ? '' : ` (${counted} large tables were counted only)`;
  return `up in ${figures['upMs'] ?? 0} ms, down in ${figures['downMs'] ?? 0} ms, up again in ${figures['upAgainMs'] ?? 0} ms; after each down ${data} were as before${rest}; locks that others wait for were held for ${figures['lockMs'] ?? 0} ms at most`;
}
