/** Repeated runs of one statement with one set of values, in milliseconds. */
export interface Runs {
  readonly without: readonly number[];
  readonly with: readonly number[];
}

export interface Gain {
  /** Median time without and with the index, in milliseconds, summed over the sets of values. */
  readonly withoutMs: number;
  readonly withMs: number;
  /** Share of the time that is saved; below 0 it became slower. */
  readonly saved: number;
  /** By how much the difference of two such sums may be chance, as a share of the time without: three robust standard deviations. */
  readonly noise: number;
}

/** What an index saved, by medians, because single runs are disturbed by whatever else the machine does. */
export function gainOf(sets: readonly Runs[]): Gain {
  const withoutMs = sum(sets.map((runs) => median(runs.without)));
  const withMs = sum(sets.map((runs) => median(runs.with)));
  const variance = sum(
    sets.map((runs) => deviationOfMedian(runs.without) ** 2 + deviationOfMedian(runs.with) ** 2),
  );
  if (withoutMs <= 0) return { withoutMs, withMs, saved: 0, noise: 1 };
  return {
    withoutMs,
    withMs,
    saved: (withoutMs - withMs) / withoutMs,
    noise: (3 * Math.sqrt(variance)) / withoutMs,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** Standard deviation of the median of normally spread values, from their median absolute deviation. */
function deviationOfMedian(values: readonly number[]): number {
  const centre = median(values);
  const spread = 1.4826 * median(values.map((value) => Math.abs(value - centre)));
  return values.length === 0 ? 0 : (1.2533 * spread) / Math.sqrt(values.length);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
