import type { MetricAnswer } from './metric-query.ts';
import { type PlacedValue, placeKey, type Spelling, sumByPlace } from './place.ts';

/** What one query says of one minute. */
export interface Minute {
  /** When it began, Unix time in milliseconds; undefined when no minute has a value. */
  readonly atMs: number | undefined;
  readonly values: readonly PlacedValue[];
  /** Nothing was cut off. */
  readonly isWhole: boolean;
}

const consumption = 'TotalRequestUnits';
const business = 'NormalizedRUConsumption';

/** Request units by minute, and how busy the partitions were. */
export interface ConsumptionAnswers {
  readonly units: MetricAnswer;
  readonly normalized: MetricAnswer;
}

/** The newest minute in which any series has a value, and what each place had in it. */
export function newestMinute(
  answer: MetricAnswer,
  metric: string,
  spelling: Spelling,
  merge?: (a: number, b: number) => number,
): Minute {
  return minuteAt(answer, metric, spelling, minutesOf(answer, metric).at(-1), merge);
}

/** The minutes in which any series has a value, oldest first. */
function minutesOf(answer: MetricAnswer, metric: string): readonly number[] {
  const times = (answer.series.get(metric) ?? []).flatMap(({ points }) => points.map(({ atMs }) => atMs));
  return [...new Set(times)].sort((a, b) => a - b);
}

export function minuteAt(
  answer: MetricAnswer,
  metric: string,
  spelling: Spelling,
  atMs: number | undefined,
  merge?: (a: number, b: number) => number,
): Minute {
  const isWhole = answer.series.has(metric) && !answer.cut.has(metric) && !answer.unsplit.has(metric);
  const placed = (answer.series.get(metric) ?? []).flatMap(({ dimensions, points }) => {
    const value = points.find((point) => point.atMs === atMs)?.value;
    return value === undefined ? [] : [{ ...spelling.place(dimensions), value }];
  });
  return { atMs, values: merge === undefined ? sumByPlace(placed) : mergeByPlace(placed, merge), isWhole };
}

/**
 * Azure counts request units only where there are some. A place without any consumed nothing if Azure says too that its partitions were
 * idle in that minute; without that witness it is unknown.
 */
export function withIdle(consumed: Minute, busiest: Minute): Minute {
  const atMs = consumed.atMs ?? busiest.atMs;
  if (!consumed.isWhole || atMs !== busiest.atMs) return consumed;
  const seen = new Set(consumed.values.map(placeKey));
  const idle = busiest.values.filter((placed) => placed.value === 0 && !seen.has(placeKey(placed)));
  return { ...consumed, atMs, values: [...consumed.values, ...idle] };
}

/**
 * Every minute that is told of, oldest first. One in which partitions were busy and no request units were counted is left out: those are
 * late.
 */
export function consumedMinutes(
  { units, normalized }: ConsumptionAnswers,
  spelling: Spelling,
): readonly Minute[] {
  const known = new Set(minutesOf(units, consumption));
  const times = [...new Set([...known, ...minutesOf(normalized, business)])].sort((a, b) => a - b);
  return times.flatMap((atMs) => {
    const busiest = minuteAt(normalized, business, spelling, atMs, Math.max);
    if (!known.has(atMs) && busiest.values.some(({ value }) => value > 0)) return [];
    return [withIdle(minuteAt(units, consumption, spelling, atMs), busiest)];
  });
}

function mergeByPlace(
  values: readonly PlacedValue[],
  merge: (a: number, b: number) => number,
): readonly PlacedValue[] {
  const merged = new Map<string, PlacedValue>();
  for (const placed of values) {
    const before = merged.get(placeKey(placed));
    merged.set(
      placeKey(placed),
      before === undefined ? placed : { ...before, value: merge(before.value, placed.value) },
    );
  }
  return [...merged.values()];
}
