import type { Sample } from '../core/sample.ts';

/** Samples within a target's series budget, in their order, and how many series were left out. */
export interface BudgetedSamples {
  readonly samples: readonly Sample[];
  readonly dropped: number;
  /** Names of metrics that gave one series twice: a fault of the collector. */
  readonly repeated: ReadonlySet<string>;
}

/**
 * Keeps the first `limit` distinct series. A series that came twice is kept once: two values for one series make a whole exposition
 * invalid, and the first is no worse than the second.
 */
export function withinBudget(samples: Iterable<Sample>, limit: number): BudgetedSamples {
  const seen = new Map<string, SeriesOfMetric>();
  const kept: Sample[] = [];
  const repeated = new Set<string>();
  let dropped = 0;
  for (const sample of samples) {
    const { name } = sample.metric;
    const known = seen.get(name);
    if (known === undefined) seen.set(name, { first: sample.labels, keys: undefined });
    else if (!isNew(known, sample.labels)) {
      repeated.add(name);
      continue;
    }
    if (kept.length < limit) kept.push(sample);
    else dropped += 1;
  }
  return { samples: kept, dropped, repeated };
}

/** Most metrics have one series in a snapshot, and need no keys. */
interface SeriesOfMetric {
  readonly first: readonly string[];
  keys: Set<string> | undefined;
}

function isNew(series: SeriesOfMetric, labels: readonly string[]): boolean {
  series.keys ??= new Set([keyOf(series.first)]);
  const { size } = series.keys;
  return series.keys.add(keyOf(labels)).size > size;
}

function keyOf(labels: readonly string[]): string {
  return labels.length === 1 ? (labels[0] ?? '') : labels.join('\u0000');
}
