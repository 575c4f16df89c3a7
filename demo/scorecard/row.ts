import type { Combination, Scrape, Where } from '../exposition.ts';

/** One measured value that is no objective, and stands beside them. */
export interface Row {
  readonly target: string;
  readonly label: string;
  readonly metric: string;
  readonly where?: Where;
  /** How several series become one value. Default sum. */
  readonly how?: Combination;
  readonly unit: RowUnit;
  /** The reading group that brings it: why it is missing is asked there. */
  readonly group: string;
  /** What the value rests on, or what stands beside it; counters are those since the servers' start and say so. */
  readonly basis: (scrape: Scrape) => string;
  /** Why the value is missing although its group was read. */
  readonly absent: string;
}

export type RowUnit =
  | 'seconds'
  | 'ratio'
  | 'bytes'
  | 'count'
  | 'times'
  | 'usd'
  | 'request units'
  | 'off when 0';

/** What a counter of the servers' own says, which is more than the window of the value beside it. */
export const sinceStart = 'since the start';

export const twoReadings = 'needs two readings';
