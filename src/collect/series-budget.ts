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
  const seen = new Set<string>();
  const kept: Sample[] = [];
  const repeated = new Set<string>();
  let dropped = 0;
  for (const sample of samples) {
    const series = `${sample.metric.name}\u0000${sample.labels.join('\u0000')}`;
    if (seen.has(series)) {
      repeated.add(sample.metric.name);
      continue;
    }
    seen.add(series);
    if (kept.length < limit) kept.push(sample);
    else dropped += 1;
  }
  return { samples: kept, dropped, repeated };
}
