import type { ForecastGrowth, GrowthForecast } from '../core/forecast.ts';
import type { ForecastReport } from '../core/judgement.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import type { DailySeries, ObjectiveRecords } from '../core/ports/objective-records.ts';

/** Where a remembered value will be. */
export interface Growth {
  readonly median: number;
  readonly report: ForecastReport;
}

/** Nothing can be said yet. */
export interface TooLittleHistory {
  readonly days: number;
}

const hour = 3_600_000;
const day = 24 * hour;
/** Where no date is given, this far ahead. */
const aheadMs = 90 * day;
/** A disk that is full so soon is urgent. */
export const fullSoonMs = 14 * day;
const keptMs = 400 * day;
const defaultHistoryMs = 30 * day;
/** What a few more minutes of a day change about a forecast is not worth its computation. */
const freshMs = hour;

export interface GrowthForecastsInput {
  readonly records: Pick<ObjectiveRecords, 'addDaily' | 'daily'>;
  readonly forecast: ForecastGrowth;
}

interface Kept {
  readonly question: string;
  readonly atMs: number;
  readonly answer: Growth | TooLittleHistory;
}

/** Forecasts of values that are remembered by the day; each is computed at most once an hour. */
export class GrowthForecasts {
  readonly #input: GrowthForecastsInput;
  /** By target and subject. */
  readonly #kept = new Map<string, Map<string, Kept>>();

  constructor(input: GrowthForecastsInput) {
    this.#input = input;
  }

  remember(series: DailySeries, at: number, value: number): void {
    this.#input.records.addDaily(series, at, value);
  }

  /**
   * @param capacity the level whose crossing is asked for.
   * @param dueAt the day that the forecast is for.
   */
  forecast(
    series: DailySeries,
    { now, monotonicMs }: { readonly now: number; readonly monotonicMs: number },
    { windowMs = defaultHistoryMs }: Pick<ObjectiveInForce, 'windowMs'>,
    ask: { readonly dueAt: number; readonly name: string; readonly capacity?: number | undefined },
  ): Growth | TooLittleHistory {
    const ofTarget = this.#kept.get(series.target) ?? new Map<string, Kept>();
    this.#kept.set(series.target, ofTarget);
    const question = JSON.stringify([series.metric, ask.name, ask.capacity, windowMs]);
    const kept = ofTarget.get(series.subject);
    if (kept?.question === question && monotonicMs - kept.atMs < freshMs) return kept.answer;
    // Days that a clock gave which was ahead are none yet.
    const days = this.#input.records.daily(series, now - keptMs).filter(({ day }) => day <= now);
    const growth = this.#input.forecast(days, ask.dueAt, { historyMs: windowMs });
    const answer = growth === undefined ? { days: days.length } : describe(growth, ask.dueAt, ask.capacity);
    ofTarget.set(series.subject, { question, atMs: monotonicMs, answer });
    return answer;
  }

  /** @param subject all of the target's unless given. */
  forget(target: string, subject?: string): void {
    if (subject === undefined) this.#kept.delete(target);
    else this.#kept.get(target)?.delete(subject);
  }
}

/** The end of the projection's day, or 90 days ahead; not before now. */
export function projectionDate(by: string | undefined, now: number): number {
  const begin = by === undefined ? Number.NaN : Date.parse(by);
  return Number.isNaN(begin) ? now + aheadMs : Math.max(now, begin + day);
}

function describe(growth: GrowthForecast, dueAt: number, capacity: number | undefined): Growth {
  const { median, lower, upper } = growth;
  const fullAt = capacity === undefined ? undefined : growth.crossing(capacity, 'median');
  const fullAtEarliest = capacity === undefined ? undefined : growth.crossing(capacity, 'upper');
  return { median, report: { lower, upper, for: dueAt, fullAt, fullAtEarliest } };
}
