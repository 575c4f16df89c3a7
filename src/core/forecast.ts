import { clean, seasonBetween } from './forecast-cleaning.ts';
import { trendOf } from './forecast-trend.ts';
import type { DailyValue } from './ports/objective-records.ts';

export interface GrowthOptions {
  /** The first and the last day must be this far apart (and a week at least), and two of three days of the latest such time be known. */
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
   * When the median, or the upper end of the interval, reaches a level: begin of the day, Unix time in milliseconds, from the last known
   * day on. Undefined when it does not within ten years.
   */
  crossing(level: number, by: 'median' | 'upper'): number | undefined;
}

/** How a value that is taken once a day goes on: forecast for `at` (Unix time in milliseconds). Undefined with too little history. */
export type ForecastGrowth = (
  days: readonly DailyValue[],
  at: number,
  options: GrowthOptions,
) => GrowthForecast | undefined;

const dayMs = 86_400_000;
const leastHistoryMs = 7 * dayMs;
/** Older days say little about how it grows now. */
const mostDays = 120;
const tenYears = 3_652;
/** Of a normal distribution, between which and its opposite eight of ten values are. */
const tenth = 1.2816;

/**
 * A line through what is left without spikes, steps and the pattern of the week, by medians of slopes (Theil and Sen), and an interval
 * from what was seen of noise, of wandering, of bends and of steps. Growth is taken to stay as it is; it never becomes less than 0.
 * Days have to be in order. The same days give the same forecast.
 */
export const forecastGrowth: ForecastGrowth = (days, at, { historyMs }) => {
  const last = days.at(-1);
  if (last === undefined || !isEnough(days, last.day, historyMs)) return undefined;
  const used = days.filter(({ day }) => day > last.day - mostDays * dayMs);
  const series = used.map(({ day, value }) => ({ x: Math.round(day / dayMs), y: value }));
  const { points, season, stepsUp, stepsDown } = clean(series);
  const trend = trendOf(points);
  const lastDay = Math.round(last.day / dayMs);
  const historyDays = lastDay - (series[0]?.x ?? lastDay);
  const margin = (ahead: number, steps: number): number => {
    const ofSteps = (steps * ahead) / historyDays;
    return tenth * Math.sqrt(trend.noise + trend.variance(ahead) + ofSteps);
  };
  const middle = (ahead: number): number =>
    trend.level + trend.slope * ahead + seasonBetween(season, lastDay, lastDay + Math.round(ahead));
  const upper = (ahead: number): number => middle(ahead) + margin(ahead, stepsUp);
  const ahead = Math.max(0, at / dayMs - lastDay);
  return {
    median: Math.max(0, middle(ahead)),
    lower: Math.max(0, middle(ahead) - margin(ahead, stepsDown)),
    upper: Math.max(0, upper(ahead)),
    basis: used.length,
    crossing(level, by) {
      const read = by === 'median' ? middle : upper;
      for (let day = 0; day <= tenYears; day += 1) if (read(day) >= level) return (lastDay + day) * dayMs;
      return undefined;
    },
  };
};

function isEnough(days: readonly DailyValue[], last: number, asked: number): boolean {
  const historyMs = Math.max(asked, leastHistoryMs);
  const from = last - historyMs;
  const recent = days.filter(({ day }) => day >= from).length;
  return (days[0]?.day ?? last) <= from && recent >= ((historyMs / dayMs + 1) * 2) / 3;
}
