import type { ObjectiveId } from '../../src/core/objective.ts';
import type { Combination, Scrape, Where } from '../exposition.ts';

/** One measured value. */
export interface Row {
  readonly target: string;
  /** The objective it is the indicator of. */
  readonly objective?: ObjectiveId;
  /** What it is called where it is no objective. */
  readonly label?: string;
  readonly metric: string;
  readonly where?: Where;
  /** How several series become one value. Default sum. */
  readonly how?: Combination;
  readonly unit: 'seconds' | 'ratio' | 'bytes' | 'count' | 'times' | 'usd' | 'request units' | 'off when 0';
  /** The reading group that brings it: why it is missing is asked there. */
  readonly group: string;
  /** What the value rests on, or what stands beside it; counters are those since the servers' start and say so. */
  readonly basis: (scrape: Scrape) => string;
  /** Observations since the servers' start, where the objective demands some. */
  readonly observations?: (scrape: Scrape) => number;
  /** What they are. */
  readonly observed?: string;
  /** Why the value is missing although its group was read. */
  readonly absent: string;
}

/** What a counter of the servers' own says, which is more than the window of the value beside it. */
export const sinceStart = 'since the start';

export const twoReadings = 'needs two readings';
