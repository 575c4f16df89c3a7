import type { Sample } from '../core/sample.ts';

/** Samples within a target's series budget, in their order, and how many were left out. */
export interface BudgetedSamples {
  readonly samples: readonly Sample[];
  readonly dropped: number;
}

/**
 * Keeps the first `limit` distinct series. A series that came twice is kept once: two values for one series make a whole exposition
 * invalid, and the first is no worse than the second.
 */
export function withinBudget(samples: Iterable<Sample>, limit: number): BudgetedSamples {
  const seen = new Set<string>();
  const kept: Sample[] = [];
  let dropped = 0;
  for (const sample of samples) {
    const series = `${sample.metric.name}\u0000${sample.labels.join('\u0000')}`;
    if (seen.has(series) || kept.length >= limit) {
      dropped += 1;
      continue;
    }
    seen.add(series);
    kept.push(sample);
  }
  return { samples: kept, dropped };
}
