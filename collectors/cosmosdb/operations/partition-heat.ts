import type { Place } from '../place.ts';
import { percentileOf } from './percentile.ts';

/** How one partition stands out among those of its container in one region. */
export interface PartitionHeat {
  readonly place: Place;
  readonly partition: string;
  readonly partitions: number;
  /** 95th percentile of its normalised consumption, 0 to 1. */
  readonly hottest: number;
  /** The same of the median partition. */
  readonly median: number;
  /** `hottest / median`; infinite where the median one is idle, 1 for a single partition. */
  readonly skew: number;
}

/** Percentiles, so that one burst makes no partition hot. */
export function hottestOf(
  uses: readonly { readonly partition: string; readonly shares: readonly number[] }[],
  place: Place,
): PartitionHeat {
  const ranked = uses
    .map(({ partition, shares }) => ({ partition, use: percentileOf(shares, 0.95) ?? 0 }))
    .toSorted((one, other) => other.use - one.use);
  const hottest = ranked[0]?.use ?? 0;
  const median =
    percentileOf(
      ranked.map(({ use }) => use),
      0.5,
    ) ?? 0;
  const isAlone = ranked.length < 2 || hottest === 0;
  return {
    place,
    partition: ranked[0]?.partition ?? '',
    partitions: ranked.length,
    hottest,
    median,
    skew: isAlone ? 1 : median === 0 ? Number.POSITIVE_INFINITY : hottest / median,
  };
}
