import type { DailyValue } from './ports/objective-records.ts';

export interface GrowthOptions {
  /** The first and the last day must be this far apart, and two of three days in between be known. */
  readonly historyMs: number;
}

/** Where a growing (or shrinking) value will be at a date; it is between lower and upper in eight of ten cases. */
export interface GrowthForecast {
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
  /** Days behind it. */
  readonly basis: number;
  /**
   * When the median, or the upper end of the interval, reaches a level: Unix time in milliseconds, from the last known day on. Undefined
   * when it does not within ten years.
   */
  crossing(level: number, by: 'median' | 'upper'): number | undefined;
}

/** How a value that is taken once a day goes on: forecast for `at` (Unix time in milliseconds). Undefined with too little history. */
export type ForecastGrowth = (
  days: readonly DailyValue[],
  at: number,
  options: GrowthOptions,
) => GrowthForecast | undefined;
