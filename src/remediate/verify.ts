/** Whether a change was good: the same readings before and after it. Pure. */

import type { MetricTable } from '../core/metric.ts';
import type { Expectation } from '../core/remediation/plan.ts';
import type {
  Comparison,
  CounterReading,
  GuardMeasure,
  Verification,
} from '../core/remediation/verification.ts';
import type { Snapshot } from '../core/snapshot.ts';

/** The guards of one snapshot, by their place in the engine's list; absent where the snapshot has no sample. */
export interface GuardReading {
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly values: Readonly<Record<string, number>>;
}

/** A counter reading at the begin and at the end of a time. */
export type CounterSpan = readonly [begin: CounterReading, end: CounterReading];

/** Fewer readings, or calls, than this say nothing. */
const fewestReadings = 3;
const fewestCalls = 20;
/** A statement is slower when its mean grew by this share and by this many seconds a call; a share of something, by this much of the whole. */
const slowerBy = { share: 0.5, seconds: 0.001, ofWhole: 0.02 } as const;

/** Takes the guards out of a snapshot: the worst sample of a gauge, all samples of a counter together. */
export function readGuards(
  snapshot: Snapshot,
  measures: readonly GuardMeasure[],
  metrics: MetricTable,
): GuardReading {
  const values: Record<string, number> = {};
  // A target that cannot be reached has old samples: they say nothing about now.
  if (!snapshot.up) return { at: snapshot.at, values };
  measures.forEach((measure, place) => {
    const definition = metrics[measure.metric];
    const samples = snapshot.samples
      .filter(({ metric }) => metric === definition)
      .filter(({ labels }) => hasLabels(Object.keys(definition?.labels ?? {}), labels, measure.where ?? {}))
      .map(({ value }) => value);
    if (samples.length === 0) return;
    values[keyOf(measure, place)] =
      measure.kind === 'gauge' ? Math.max(...samples) : samples.reduce((sum, value) => sum + value, 0);
  });
  return { at: snapshot.at, values };
}

function hasLabels(
  names: readonly string[],
  values: readonly string[],
  where: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(where).every(([name, value]) => values[names.indexOf(name)] === value);
}

function keyOf({ guard, metric }: GuardMeasure, place: number): string {
  return `${guard}:${metric}:${place}`;
}

/** Compares each guard before and after, by the median of its readings. */
export function compareGuards(
  before: readonly GuardReading[],
  after: readonly GuardReading[],
  measures: readonly GuardMeasure[],
): readonly Comparison[] {
  return measures.map((measure, place) => {
    const key = keyOf(measure, place);
    const old = seriesOf(before, key, measure.kind);
    const now = seriesOf(after, key, measure.kind);
    const what = `${measure.guard} (${measure.metric})`;
    if (old.length < fewestReadings || now.length < fewestReadings)
      return unknown(what, 'guard', `${what}: too few readings (${old.length} before, ${now.length} after)`);
    return compareReadings(what, measure, old, now);
  });
}

function compareReadings(
  what: string,
  { tolerance, floor }: GuardMeasure,
  old: readonly number[],
  now: readonly number[],
): Comparison {
  const before = medianOf(old);
  const after = medianOf(now);
  // What it reached before by itself is no regression.
  const isWorse = after > Math.max(before * (1 + tolerance), Math.max(...old)) && after - before >= floor;
  const isBetter = after < before * (1 - tolerance) && before - after >= floor;
  const verdict = isWorse ? 'worse' : isBetter ? 'better' : 'same';
  return {
    what,
    role: 'guard',
    verdict,
    before,
    after,
    text: `${what}: ${show(before)} before, ${show(after)} after`,
  };
}

/** A gauge's values; a counter's growth per second from one reading to the next, without the steps at which it began again. */
function seriesOf(
  readings: readonly GuardReading[],
  key: string,
  kind: GuardMeasure['kind'],
): readonly number[] {
  const known = readings.flatMap(({ at, values }) => {
    const value = values[key];
    return value === undefined ? [] : [{ at, value }];
  });
  if (kind === 'gauge') return known.map(({ value }) => value);
  return known.slice(1).flatMap(({ at, value }, index) => {
    const last = known[index];
    const growth = last === undefined ? -1 : value - last.value;
    return last === undefined || growth < 0 || at <= last.at ? [] : [(growth / (at - last.at)) * 1000];
  });
}

/** Compares the mean time of each statement that ran often enough both before and after. */
export function compareCounters(
  expectation: Expectation,
  before: CounterSpan,
  after: CounterSpan,
): readonly Comparison[] {
  const role = expectation.kind === 'faster' ? 'indicator' : 'guard';
  const names = new Set(Object.keys(after[1].series).concat(Object.keys(before[1].series)));
  // The engine names its series: a statement by its id, the reads of a collection.
  return [...names].toSorted().map((what) => {
    const old = meanOf(before, what);
    const now = meanOf(after, what);
    if (old === undefined || now === undefined)
      return unknown(
        what,
        role,
        `${what}: fewer than ${fewestCalls} calls before or after, or its counters began again`,
      );
    const isShare = after[1].series[what]?.unit === 'share';
    const least = isShare ? slowerBy.ofWhole : slowerBy.seconds;
    const isSlower = now > old * (1 + slowerBy.share) && now - old >= least;
    const isFaster =
      role === 'indicator' ? now <= old * (1 - expectation.byAtLeast) : now < old / (1 + slowerBy.share);
    const verdict = isSlower ? 'worse' : isFaster ? 'better' : 'same';
    const unit = isShare ? '' : ' s a call';
    const text = `${what}: ${show(old)}${unit} before, ${show(now)}${isShare ? '' : ' s'} after`;
    return { what, role, verdict, before: old, after: now, text };
  });
}

function meanOf([begin, end]: CounterSpan, name: string): number | undefined {
  const first = begin.series[name] ?? { sum: 0, count: 0 };
  const last = end.series[name];
  if (last === undefined || begin.epoch !== end.epoch) return undefined;
  const count = last.count - first.count;
  const sum = last.sum - first.sum;
  return count < fewestCalls || sum < 0 ? undefined : sum / count;
}

/**
 * What the comparisons come to. One that got worse is enough. Improved: what the plan expected came true, and at least one thing was known.
 *
 * @param isDone whether the catalogue says that the change is in force.
 */
export function verdictOf(
  comparisons: readonly Comparison[],
  expectation: Expectation,
  isDone: boolean,
): Verification {
  const worse = comparisons.filter(({ verdict }) => verdict === 'worse');
  if (worse.length > 0)
    return { verdict: 'worse', comparisons, text: worse.map(({ text }) => text).join('; ') };
  const indicators = comparisons.filter(({ role }) => role === 'indicator');
  const known = comparisons.filter(({ verdict }) => verdict !== 'unknown');
  if (!isDone) return inconclusive(comparisons, 'the catalogue does not show the change');
  if (expectation.kind === 'in_force')
    return { verdict: 'improved', comparisons, text: `${expectation.text}; ${comparedText(known.length)}` };
  if (known.length === 0) return inconclusive(comparisons, 'nothing could be compared: too few readings');
  if (expectation.kind !== 'faster')
    return {
      verdict: 'improved',
      comparisons,
      text: `${expectation.text}; ${comparedText(known.length)}`,
    };
  const better = indicators.filter(({ verdict }) => verdict === 'better');
  return better.length === 0
    ? inconclusive(comparisons, indicators.map(({ text }) => text).join('; ') || 'its statements did not run')
    : { verdict: 'improved', comparisons, text: better.map(({ text }) => text).join('; ') };
}

function comparedText(count: number): string {
  return count === 0 ? 'too few readings to compare anything' : `${count} comparisons, none worse`;
}

/** Whether the statements it was for were seen often enough and none of them gained: then the change is not worth keeping. */
export function isWithoutGain({ comparisons }: Verification, { kind }: Expectation): boolean {
  const seen = comparisons.filter(({ role, verdict }) => role === 'indicator' && verdict !== 'unknown');
  return kind === 'faster' && seen.length > 0 && seen.every(({ verdict }) => verdict !== 'better');
}

function inconclusive(comparisons: readonly Comparison[], text: string): Verification {
  return { verdict: 'inconclusive', comparisons, text };
}

function unknown(what: string, role: Comparison['role'], text: string): Comparison {
  return { what, role, verdict: 'unknown', before: null, after: null, text };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

function show(value: number): string {
  return String(Number(value.toPrecision(3)));
}
