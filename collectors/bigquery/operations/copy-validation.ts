import type { ActContext, ActOutcome, Plan } from '../../../src/sdk.ts';
import { bytesUsd } from '../pricing.ts';
import { validationSql } from './copy-plan.ts';
import { factNumber, factText, labelValue, type Place, runLabels } from './place.ts';
import { withTable } from './predicates.ts';
import { namePath, parseName, type TableName } from './table-resource.ts';
import { isScene, plannedTable, readScene } from './table-scene.ts';
import type { TextRow } from './warehouse-api.ts';

export interface CopyComparison {
  readonly isEqual: boolean;
  readonly text: string;
}

const jobTimeLimitMs = 3_600_000;
const figures = ['n', 'fingerprint', 'remainder'] as const;
/** Patterns that are priced on the copy. */
const mostPriced = 20;

/** Counts and checksums of the snapshot and of the copy. An outcome where they could not be read. */
export async function validateCopy(
  place: Place,
  plan: Plan,
  context: ActContext,
): Promise<CopyComparison | ActOutcome> {
  const rows: TextRow[] = [];
  for (const part of ['snapshot', 'copy']) {
    const name = parseName(factText(plan, part));
    const read = name === undefined ? undefined : await readFigures(place, plan, { part, name }, context);
    if (read?.row === undefined)
      return {
        result: 'gave_up',
        detail: `the ${part} could not be counted: ${read?.error ?? 'it answered nothing'}`,
      };
    rows.push(read.row);
  }
  const [snapshot = {}, copy = {}] = rows;
  const isEqual = figures.every((figure) => (snapshot[figure] ?? '0') === (copy[figure] ?? '0'));
  const shown = (row: TextRow): string => `${row['n'] ?? '0'} rows, checksum ${row['fingerprint'] ?? 'none'}`;
  context.evidence({
    kind: 'verification',
    title: `the copy ${isEqual ? 'has the rows of the snapshot' : 'differs from the snapshot'}`,
    body: { snapshot: { ...snapshot }, copy: { ...copy }, isEqual },
  });
  if (isEqual) await pricePatterns(place, plan, context);
  return {
    isEqual,
    text: isEqual
      ? `the copy has the rows of the snapshot: ${shown(copy)}`
      : `the copy differs from the snapshot: ${shown(copy)} instead of ${shown(snapshot)}`,
  };
}

async function readFigures(
  { acting, input }: Place,
  plan: Plan,
  { part, name }: { readonly part: string; readonly name: TableName },
  { signal }: ActContext,
): Promise<{ readonly row?: TextRow | undefined; readonly error?: string }> {
  const { region } = plannedTable(plan);
  const job = {
    sql: validationSql(name),
    location: region,
    labels: runLabels(plan.runId),
    maximumBytesBilled: factNumber(plan, 'mostBytes'),
    timeLimitMs: jobTimeLimitMs,
  };
  const jobId = `reeve_${labelValue(plan.runId)}_validate_${part}_${input.clock.now()}`;
  const { error } = await acting.run(job, jobId, signal);
  if (error !== undefined) return { error: `${error.reason}: ${error.message}` };
  return { row: (await acting.rows(region, jobId, signal))[0] };
}

/** What the queries would read on the table and on the copy, by dry runs, which are free. Literals stay in the job. */
async function pricePatterns(
  place: Place,
  plan: Plan,
  { signal, evidence, runId }: ActContext,
): Promise<void> {
  const { acting, input } = place;
  const planned = plannedTable(plan);
  const copy = parseName(factText(plan, 'copy'));
  const scene = await readScene(place, planned, signal);
  if (!isScene(scene) || copy === undefined) return;
  const labels = runLabels(runId);
  const priced: { pattern: string; jobs: number; before: number; after: number }[] = [];
  let failed = 0;
  for (const { row, use } of scene.patterns.slice(0, mostPriced)) {
    if (use === undefined || row.text === null || row.statement !== 'SELECT') continue;
    try {
      const before = await acting.dryRun({ sql: row.text, location: planned.region, labels }, signal);
      const sql = withTable(row.text, use, namePath(copy));
      const after = await acting.dryRun({ sql, location: planned.region, labels }, signal);
      priced.push({ pattern: row.pattern, jobs: row.jobs, before, after });
    } catch {
      // One that needs other tables, or parameters: it says nothing about this table.
      signal.throwIfAborted();
      failed += 1;
    }
  }
  const sum = (of: 'before' | 'after'): number => priced.reduce((all, each) => all + each[of] * each.jobs, 0);
  const usd = (bytes: number): number => bytesUsd(bytes, input.options.pricing);
  evidence({
    kind: 'measurement',
    title: `by dry runs, ${priced.length} query patterns read ${sum('before')} bytes on the table and ${sum('after')} on the copy in 30 days`,
    body: {
      patterns: priced,
      notPriced: failed,
      usdBefore: usd(sum('before')),
      usdAfter: usd(sum('after')),
      note: 'dry runs leave out partitions and not clusters: clustering spares more',
    },
  });
}
