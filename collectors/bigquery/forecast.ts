import type { Random } from '../../src/sdk.ts';
import { isWeekend } from './billing-calendar.ts';
import { monthUsd, type Pricing } from './pricing.ts';

/** What one day used: bytes billed on demand, and dollars for capacity. */
export interface DayUse {
  /** `2026-11-23` in the billing time zone. */
  readonly day: string;
  readonly bytes: number;
  readonly capacityUsd: number;
}

export interface MonthSoFar {
  readonly bytes: number;
  readonly capacityUsd: number;
}

export interface ForecastInput {
  /** Whole days that are over, in order. */
  readonly history: readonly DayUse[];
  readonly soFar: MonthSoFar;
  /** Days of the month that are not over, with the part of each that is still to come, 0 to 1. */
  readonly toCome: readonly { readonly day: string; readonly part: number }[];
  readonly pricing: Pick<Pricing, 'onDemandUsdPerTiB' | 'freeTiBPerMonth'>;
  readonly random: Random;
}

/** In US dollars; the month ends between lower and upper in eight of ten cases. */
export interface Forecast {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
  /** Days behind it. */
  readonly basis: number;
}

interface PastDay extends DayUse {
  readonly weekend: boolean;
  /** Days between it and the last that is over. */
  readonly age: number;
}

/** Fewer days than this say nothing about a month. */
const fewestDays = 3;
const mostDays = 42;
const simulations = 1_000;
/** A day so much older than another is half as likely to be drawn: levels change. */
const halfLifeDays = 14;
/** A kind of day (working day, weekend) is told apart when it was seen so often. */
const fewestOfKind = 2;

/**
 * What the month will have cost at its end, by simulation. Days to come are drawn from days that were, recent ones more often, working
 * days and weekends apart. Each simulated month draws from its own sample of history, so that few days make a wide interval, and its
 * level wanders as the weeks of history have.
 *
 * @returns undefined with fewer than three days of history.
 */
export function forecastMonth(input: ForecastInput): Forecast | undefined {
  const { pricing, soFar, random } = input;
  const used = trimmed(input.history).slice(-mostDays);
  if (used.length < fewestDays) return undefined;
  const history = used.map(
    (use, index): PastDay => ({ ...use, weekend: isWeekend(use.day), age: used.length - 1 - index }),
  );
  const days = input.toCome.map(({ day, part }) => ({ part, weekend: isWeekend(day) }));
  const wander = wanderOf(history);
  const drawDay = weighted(history);
  const totals: number[] = [];
  for (let each = 0; each < simulations; each += 1) {
    const drawFuture = futureOf(
      Array.from(history, () => drawDay(random)),
      random,
    );
    let level = wander.start * normal(random);
    const growth = wander.growth + wander.growthSpread * normal(random);
    let bytes = soFar.bytes;
    let capacityUsd = soFar.capacityUsd;
    for (const { weekend, part } of days) {
      const drawn = drawFuture(weekend);
      level += growth + wander.step * normal(random);
      bytes += drawn.bytes * part * Math.exp(level + growth * drawn.age);
      capacityUsd += drawn.capacityUsd * part;
    }
    totals.push(monthUsd(bytes, pricing) + capacityUsd);
  }
  totals.sort((a, b) => a - b);
  const at = (part: number): number => totals[Math.round(part * (totals.length - 1))] ?? 0;
  return { lower: at(0.1), median: at(0.5), upper: at(0.9), basis: history.length };
}

/** A generator that gives the same numbers for the same seed, so that a forecast changes only when what it knows changes. */
export function seededRandom(seed: string): Random {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Without the days before the first that used anything: the project was not in use yet. */
function trimmed(history: readonly DayUse[]): readonly DayUse[] {
  const first = history.findIndex(({ bytes, capacityUsd }) => bytes > 0 || capacityUsd > 0);
  return first === -1 ? history : history.slice(first);
}

/** How the level of a day moves, in logarithms: at the start, and by each day. */
interface Wander {
  readonly start: number;
  readonly step: number;
  readonly growth: number;
  readonly growthSpread: number;
}

/** What levels do where history is too short to show it, and at least: nobody spends exactly as the week before. */
const usualStep = 0.02;
const unknownStart = 0.4;
const weekDays = 7;
/** How old the days are that are drawn, about. */
const drawnAgeDays = 12;

/** Estimates from whole weeks, less what the chance of single days explains. */
function wanderOf(history: readonly PastDay[]): Wander {
  const values = history.map(({ bytes }) => bytes);
  const start = unknownStart / Math.sqrt(history.length);
  const weeks: number[] = [];
  for (let end = values.length; end >= weekDays; end -= weekDays)
    weeks.unshift(mean(values.slice(end - weekDays, end)));
  const startAt = (part: number, step: number): number =>
    Math.hypot(start * part, step * Math.sqrt(drawnAgeDays));
  const short: Wander = { start: startAt(1, 0), step: usualStep, growth: 0, growthSpread: 0 };
  if (weeks.length < 3 || weeks.some((week) => week <= 0)) return short;
  const steps = weeks.slice(1).map((week, index) => Math.log(week / (weeks[index] ?? week)));
  const chance = (2 * withinKinds(history)) / mean(values) ** 2 / weekDays;
  const ofSteps = Math.max(0, variance(steps) - chance);
  const average = mean(steps);
  // Growth counts as far as it stands out from chance, which only the first and the last week bring into the average.
  const ofAverage = chance / steps.length ** 2 + ofSteps / steps.length;
  const trust = Math.max(0, 1 - (1.5 * ofAverage) / Math.max(average ** 2, Number.MIN_VALUE));
  const measured = Math.sqrt(ofSteps / weekDays) * 1.3;
  return {
    start: startAt(0.3, measured),
    step: Math.max(usualStep / 2, measured),
    growth: (average * trust) / weekDays,
    growthSpread: (Math.sqrt(ofAverage) * trust) / weekDays,
  };
}

/** Variance of the bytes of a day among days of its kind. */
function withinKinds(history: readonly PastDay[]): number {
  const kinds = [true, false].map((weekend) =>
    history.filter((each) => each.weekend === weekend).map(({ bytes }) => bytes),
  );
  return kinds.reduce((sum, days) => sum + variance(days) * days.length, 0) / history.length;
}

/** Draws a day for a day to come. A weekend that was never seen may be anything between nothing and a working day. */
function futureOf(sample: readonly PastDay[], random: Random): (weekend: boolean) => PastDay {
  const working = sample.filter(({ weekend }) => !weekend);
  const weekends = sample.filter(({ weekend }) => weekend);
  const unseen = random();
  return (weekend) => {
    if (!weekend) return pick(working.length >= fewestOfKind ? working : sample, random);
    if (weekends.length >= fewestOfKind) return pick(weekends, random);
    const drawn = pick(sample, random);
    return { ...drawn, bytes: drawn.bytes * unseen };
  };
}

/** Draws from days in order, the last ones most often. */
function weighted(days: readonly PastDay[]): (random: Random) => PastDay {
  const sums: number[] = [];
  let sum = 0;
  for (let index = 0; index < days.length; index += 1) {
    sum += 2 ** ((index - days.length) / halfLifeDays);
    sums.push(sum);
  }
  return (random) => {
    const at = random() * sum;
    const index = sums.findIndex((each) => each > at);
    return days[index] ?? pick(days, random);
  };
}

function pick<T>(from: readonly T[], random: Random): T {
  const [first] = from;
  const chosen = from[Math.floor(random() * from.length)] ?? first;
  if (chosen === undefined) throw new RangeError('nothing to draw from');
  return chosen;
}

/** By Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}
