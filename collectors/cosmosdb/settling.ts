import type { MetricSeries } from './metric-query.ts';

/** What became of minutes that were read again. */
export interface SettlingEvidence {
  /** Minutes that were read more than once. */
  readonly minutes: number;
  /** The largest change of one of them, as a part of its first value. */
  readonly worstChange: number;
}

/** More minutes than one answer holds. */
const mostMinutes = 60;

/** Watches whether minutes that were taken for settled change later: adds up the request units of each, and compares. */
export class Settling {
  readonly #first = new Map<number, number>();
  readonly #changes = new Map<number, number>();

  add(series: readonly MetricSeries[]): void {
    const sums = new Map<number, number>();
    for (const { points } of series) {
      for (const { atMs, value } of points) sums.set(atMs, (sums.get(atMs) ?? 0) + value);
    }
    for (const [atMs, sum] of sums) {
      const first = this.#first.get(atMs);
      if (first === undefined) this.#first.set(atMs, sum);
      else if (first > 0) this.#changes.set(atMs, Math.abs(sum - first) / first);
    }
    for (const kept of [this.#first, this.#changes]) forgetOldest(kept);
  }

  evidence(): SettlingEvidence {
    return { minutes: this.#changes.size, worstChange: Math.max(0, ...this.#changes.values()) };
  }
}

function forgetOldest(kept: Map<number, number>): void {
  const oldest = [...kept.keys()].sort((a, b) => a - b).slice(0, Math.max(0, kept.size - mostMinutes));
  for (const atMs of oldest) kept.delete(atMs);
}
