import { z } from 'zod';
import { messageOf, type Rehearsal, type RehearsalContext, testWhileChanged } from '../../../../src/sdk.ts';
import { type FileReport, heldMs, lossOf, RowsLost } from './apply-file.ts';
import { compareSums, readSums, type TableSum } from './data-sums.ts';
import { isNamed } from './directives.ts';
import { FileFault, inDiscardedTransaction, runParts } from './file-transaction.ts';
import type { JudgedFile } from './judge-migration.ts';
import type { MigrationFacts } from './migration-facts.ts';
import { type Ground, rehearseDown, rehearseUp, unwind } from './rehearsal-ground.ts';
import { compareSchemas, describeDifference, isSame, readSchema, type SchemaLine } from './schema-lines.ts';

type Tried = Pick<Rehearsal, 'verdict' | 'text' | 'rows' | 'figures'>;

/** Tables larger than this must have at least a tenth of their rows on the rehearsal target. */
const smallTableRows = 10_000;
const leastShare = 0.1;

interface State {
  readonly schema: readonly SchemaLine[];
  readonly sums: ReadonlyMap<string, TableSum>;
  /** Where sequences stand that the session may read. */
  readonly sequences: ReadonlyMap<string, number>;
}

/** How a file is applied and taken back: for good, or inside of a transaction that is not kept. */
interface Ways {
  readonly up: (judged: JudgedFile) => Promise<FileReport>;
  readonly down: (judged: JudgedFile) => Promise<FileReport>;
}

/** What one pass came to; `fault`: why it failed. */
interface Pass {
  readonly fault: string | undefined;
  readonly figures: Readonly<Record<string, number>>;
  readonly statements: readonly {
    readonly file: string;
    readonly line: number;
    readonly kind: string;
    readonly ms: number;
  }[];
}

/** A value of an enum that was added in the same transaction cannot be used in it. */
const unsafeEnumValue = '55P04';

/**
 * Up, down, up again: compared with the start after each down. First in one transaction that is not kept, so that a rollback that does not
 * restore leaves nothing; then for good, so that the user's test sees it, and down again. Files outside of transactions: for good only.
 */
export async function rehearseCycle(
  ground: Ground,
  facts: MigrationFacts,
  files: readonly JudgedFile[],
  context: RehearsalContext,
): Promise<Tried> {
  const start = await stateOf(ground, facts);
  const rows = rowsOf(facts, start);
  const cycle = { ground, facts, files, start, rows, context };
  const { fault, figures, statements } = await tryOut(cycle).catch((thrown: unknown): Pass => {
    context.signal.throwIfAborted();
    return { fault: messageOf(thrown), figures: {}, statements: [] };
  });
  const left = await unwind(ground);
  const text = fault ?? wordsOf(files, figures, start);
  return {
    verdict: fault === undefined && left === undefined ? 'passed' : 'failed',
    text: left === undefined ? text : `${text}; ${left}`,
    rows,
    figures: {
      ...figures,
      rollback: { verified: fault === undefined, durationMs: figures['downMs'] ?? 0 },
      statements: statements.slice(0, 200),
    },
  };
}

interface Cycle {
  readonly ground: Ground;
  readonly facts: MigrationFacts;
  readonly files: readonly JudgedFile[];
  readonly start: State;
  readonly rows: Rows;
  readonly context: RehearsalContext;
}

async function tryOut(cycle: Cycle): Promise<Pass> {
  const { ground, files, rows, context } = cycle;
  const few = tooFew(rows) ?? nothingToSee(files, rows);
  if (few !== undefined) return { fault: few, figures: {}, statements: [] };
  const forGood: Ways = {
    up: (judged) => rehearseUp(ground, judged),
    down: (judged) => rehearseDown(ground, judged),
  };
  const dry = files.some(({ isLone }) => isLone) ? undefined : await dryPass(cycle);
  const pass = dry ?? (await upDownUp(cycle, forGood));
  if (pass.fault !== undefined) return pass;
  if (dry !== undefined && context.whileChanged === undefined) return pass;
  if (dry !== undefined) for (const judged of files) await forGood.up(judged);
  const test = await testWhileChanged(context);
  await allDown(files, forGood);
  const unlike = await differenceFrom(cycle);
  const fault = unlike === undefined ? test : `its second rollback does not restore: ${unlike}`;
  return { ...pass, fault };
}

/** In one transaction that is not kept; undefined where that cannot be. */
async function dryPass(cycle: Cycle): Promise<Pass | undefined> {
  const { work } = cycle.ground;
  const run = async (judged: JudgedFile, direction: 'up' | 'down'): Promise<FileReport> => {
    const { clock, session, signal } = work;
    const beganAt = clock.monotonicMs();
    const measure = await runParts(work, `${judged.file.name} ${direction}`, judged[direction]);
    // What would be checked at the commit is checked here.
    await session.query('SET CONSTRAINTS ALL IMMEDIATE', z.unknown(), signal);
    const endedAt = clock.monotonicMs();
    const loss = lossOf(judged, measure);
    if (direction === 'up' && loss.rows > 0)
      throw new RowsLost(`${judged.file.name}: ${loss.text}`, loss.rows);
    const difference = { added: [], removed: [] };
    return {
      measure,
      difference,
      durationMs: Math.round(endedAt - beganAt),
      lockMs: heldMs(measure, endedAt),
    };
  };
  try {
    return await inDiscardedTransaction(work, () =>
      upDownUp(cycle, { up: (judged) => run(judged, 'up'), down: (judged) => run(judged, 'down') }),
    );
  } catch (thrown) {
    if (thrown instanceof FileFault && thrown.sqlState === unsafeEnumValue) return undefined;
    throw thrown;
  }
}

async function upDownUp(cycle: Cycle, ways: Ways): Promise<Pass> {
  const { ground, facts, files, start, rows } = cycle;
  const ups = await allUp(files, ways);
  const statements = ups.flatMap(({ file, report }) =>
    report.measure.statements.map((each) => ({ file, ...each })),
  );
  const first = {
    upMs: total(ups),
    lockMs: Math.max(0, ...ups.map(({ report }) => report.lockMs)),
    longestStatementMs: Math.max(0, ...statements.map(({ ms }) => ms)),
  };
  const changed = await stateOf(ground, facts);
  const loss = lostRows(files, start, changed) ?? heldTooLong(ground, ups, rows);
  if (loss !== undefined) return { fault: loss, figures: first, statements };
  const downs = await allDown(files, ways);
  const unlike = await differenceFrom(cycle);
  const figures = { ...first, downMs: total(downs) };
  if (unlike !== undefined) return { fault: `its rollback does not restore: ${unlike}`, figures, statements };
  const again = await allUp(files, ways);
  const otherwise = compareSchemas(changed.schema, await readSchema(ground.work.session, ground.work.signal));
  return {
    fault: isSame(otherwise)
      ? undefined
      : `applied again after its rollback it comes to another schema: ${describeDifference(otherwise)}`,
    figures: { ...figures, upAgainMs: total(again) },
    statements,
  };
}

interface Step {
  readonly file: string;
  readonly report: FileReport;
}

async function allUp(files: readonly JudgedFile[], { up }: Ways): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const judged of files) steps.push({ file: judged.file.name, report: await up(judged) });
  return steps;
}

async function allDown(files: readonly JudgedFile[], { down }: Ways): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const judged of files.toReversed()) steps.push({ file: judged.file.name, report: await down(judged) });
  return steps;
}

function total(steps: readonly Step[]): number {
  return steps.reduce((sum, { report }) => sum + report.durationMs, 0);
}

const sequenceRow = z.object({ name: z.string(), value: z.number() });
const sequencesSql = `
  SELECT format('%I.%I', schemaname, sequencename) AS name, last_value::float8 * sign(increment_by) AS value
    FROM pg_sequences WHERE last_value IS NOT NULL`;

/** One that stands where it began hands out values that are taken. */
function beganAgain({ sequences }: State, now: State): string | undefined {
  for (const [name, value] of sequences)
    if ((now.sequences.get(name) ?? Number.NEGATIVE_INFINITY) < value)
      return `sequence ${name} stood at ${value} and stands at ${now.sequences.get(name) ?? 'its begin'}: it would hand out values that are taken`;
  return undefined;
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
    sequences: new Map(
      (await session.query(sequencesSql, sequenceRow, signal)).map(({ name, value }) => [name, value]),
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

/** What writes rows, or writes them over, shows nothing where there are none. */
function nothingToSee(files: readonly JudgedFile[], rows: Rows): string | undefined {
  const written = files.flatMap(({ up, down }) =>
    [...up, ...down].flatMap(({ effects }) => [
      ...effects.writes,
      ...effects.typeChanges.map(({ table }) => table),
    ]),
  );
  for (const [name, { target, rehearsal }] of Object.entries(rows))
    if (target > 0 && rehearsal === 0 && written.some((each) => isNamed(each, name.replaceAll('"', ''))))
      return `${name} has no rows there and ${target} on the target: nobody could see what becomes of them`;
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
      // One that no text names: a function, a trigger or a block of code took it.
      const share =
        count !== undefined && count.target > smallTableRows
          ? Math.max(1, count.target / Math.max(1, count.rehearsal))
          : 1;
      if (ms * share <= work.lockTimeoutMs) continue;
      return `${file}: it held ${mode} on ${relation} for ${ms} ms${count === undefined ? '' : ` with ${count.rehearsal} rows (the target has ${count.target})`}, and everybody else would wait longer than remediation.lockTimeout (${work.lockTimeoutMs} ms): split it`;
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
async function differenceFrom({ ground, facts, start, files }: Cycle): Promise<string | undefined> {
  const now = await stateOf(ground, facts);
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
  const sequence = beganAgain(start, now);
  if (sequence !== undefined) return sequence;
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
