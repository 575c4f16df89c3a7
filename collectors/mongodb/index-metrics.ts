import type { DetailRow } from '../../src/sdk.ts';
import type { UnitResult } from './index-unit.ts';
import { indexVerdicts } from './index-verdicts.ts';
import type { MongodbContext } from './metrics.ts';

/** A unit of the rotation with what is known of it. */
export interface VisitedUnit {
  readonly database: string;
  readonly size: number;
  /** Undefined until it was visited, and when its last visit is too long ago. */
  readonly result: UnitResult | undefined;
}

/** Databases with series of their own; the rest is left out and counted. */
const mostDatabases = 100;
/** Rows of each kind for reports. */
const mostRows = 1_000;

/** Records what is known of each database. One of which something was not read has no numbers: too small ones would look healthy. */
export function recordIndexes(
  units: readonly VisitedUnit[],
  about: { readonly isSharded: boolean; readonly now: number },
  context: MongodbContext,
): void {
  const byDatabase = Map.groupBy(units, ({ database }) => database);
  const whole = [...byDatabase].flatMap(([database, parts]) => {
    const results = parts.flatMap(({ result }) => (result?.isReadable ? [result] : []));
    return results.length === parts.length ? [{ database, results }] : [];
  });
  const indexesOf = (results: readonly UnitResult[]): number =>
    results.reduce(
      (sum, { verdicts }) => sum + indexVerdicts.reduce((all, verdict) => all + verdicts[verdict], 0),
      0,
    );
  const sorted = whole.sort((one, other) => indexesOf(other.results) - indexesOf(one.results));
  for (const { database, results } of sorted.slice(0, mostDatabases))
    recordDatabase(database, results, about, context);
  context.truncate(Math.max(0, sorted.length - mostDatabases));
  recordCoverage(units, context);
  const results = units.flatMap(({ result }) => result ?? []);
  addRows('indexes', results, ({ rows }) => rows, context);
  addRows('overlapping_indexes', results, ({ overlapRows }) => overlapRows, context);
  addRows('differing_indexes', results, ({ differenceRows }) => differenceRows, context);
  context.truncate(results.reduce((sum, { leftOut }) => sum + leftOut, 0));
}

/** What is added up over the parts of a database. */
const sums = [
  ['unusedIndexCandidates', ({ candidates }: UnitResult) => candidates],
  ['hiddenIndexes', ({ hidden }: UnitResult) => hidden],
  ['buildingIndexes', ({ building }: UnitResult) => building],
  ['redundantIndexes', ({ redundant }: UnitResult) => redundant],
  ['redundantIndexBytes', ({ redundantBytes }: UnitResult) => redundantBytes],
] as const;

/** The same, only where something can be proven: no unused index means none there. */
const proven = [
  ['unusedIndexes', ({ verdicts }: UnitResult) => verdicts.unused],
  ['unusedIndexBytes', ({ unusedBytes }: UnitResult) => unusedBytes],
  ['overdueUnusedIndexBytes', ({ overdueBytes }: UnitResult) => overdueBytes],
] as const;

function recordDatabase(
  database: string,
  results: readonly UnitResult[],
  { isSharded, now }: { readonly isSharded: boolean; readonly now: number },
  context: MongodbContext,
): void {
  const labels = { database };
  for (const verdict of indexVerdicts) {
    const count = total(results, ({ verdicts }) => verdicts[verdict]);
    context.record('indexVerdicts', count, { database, verdict });
  }
  for (const [metric, valueOf] of sums) context.record(metric, total(results, valueOf), labels);
  if (isSharded) {
    const differing = total(results, (result) => result.differing);
    context.record('differingIndexes', differing, labels);
  }
  const watchedSince = Math.max(...results.map((result) => result.watchedSince ?? Number.NaN));
  context.record('indexWatchAge', (now - Math.min(now, watchedSince)) / 1000, labels);
  if (!results.every(({ isProvable }) => isProvable)) return;
  for (const [metric, valueOf] of proven) context.record(metric, total(results, valueOf), labels);
}

/** Undefined when a part does not say. */
function total(
  results: readonly UnitResult[],
  valueOf: (result: UnitResult) => number | undefined,
): number | undefined {
  let sum = 0;
  for (const result of results) {
    const value = valueOf(result);
    if (value === undefined) return undefined;
    sum += value;
  }
  return sum;
}

function recordCoverage(units: readonly VisitedUnit[], context: MongodbContext): void {
  const listed = units.reduce((sum, { size }) => sum + size, 0);
  const read = units.reduce((sum, { result }) => sum + (result?.wholeCollections ?? 0), 0);
  // No collections: nothing is left to read.
  context.record('indexCoverage', listed === 0 ? 1 : Math.min(1, read / listed), {});
}

function addRows(
  kind: string,
  results: readonly UnitResult[],
  rowsOf: (result: UnitResult) => readonly DetailRow[],
  context: MongodbContext,
): void {
  const rows = results.flatMap(rowsOf);
  const rank = ({ verdict }: DetailRow): number => indexVerdicts.findIndex((each) => each === verdict);
  const kept = rows.sort((one, other) => rank(one) - rank(other)).slice(0, mostRows);
  if (kept.length > 0) context.detail(kind, kept);
  context.truncate(rows.length - kept.length);
}
