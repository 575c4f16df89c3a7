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

/** Fewer days than this say nothing about a month: there may be kinds of days that were not seen yet. */
const fewestDays = 7;
const mostDays = 42;
const simulations = 1_000;
/** A day so much older than another is half as likely to be drawn: levels change. */
const halfLifeDays = 14;
/** A kind of day (working day, weekend) is told apart when it was seen so often. */
const fewestOfKind = 2;
/** Of so many days the least capacity is taken to stay, when some of them had just that: commitments, baselines. */
const steadyDays = 14;
const fewestSteady = 3;

/**
 * What the month will have cost at its end, by simulation. Days to come are drawn from days that were, recent ones more often, working
 * days and weekends apart. Each simulated month draws from its own sample of history, so that few days make a wide interval, and its
 * level wanders as the weeks of history have. Capacity wanders too, beyond what is the same every day.
 *
 * @returns undefined with fewer than seven days of history.
 */
export function forecastMonth(input: ForecastInput): Forecast | undefined {
  const { pricing, soFar, random } = input;
  const used = trimmed(input.history).slice(-mostDays);
  if (used.length < fewestDays) return undefined;
  const steadyUsd = steadyCapacityUsd(used.slice(-steadyDays));
  const history = used.map(
    (use, index): PastDay => ({ ...use, weekend: isWeekend(use.day), age: used.length - 1 - index }),
  );
  const days = input.toCome.map(({ day, part }) => ({ part, weekend: isWeekend(day) }));
  const ofBytes = wanderOf(history, ({ bytes }) => bytes);
  const ofCapacity = wanderOf(history, ({ capacityUsd }) => Math.max(0, capacityUsd - steadyUsd));
  const drawDay = weighted(history);
  const totals: number[] = [];
  for (let each = 0; each < simulations; each += 1) {
    const drawFuture = futureOf(
      Array.from(history, () => drawDay(random)),
      random,
    );
    const bytesLevel = levelOf(ofBytes, random);
    const capacityLevel = levelOf(ofCapacity, random);
    let bytes = soFar.bytes;
    let capacityUsd = soFar.capacityUsd;
    for (const { weekend, part } of days) {
      const { day, times } = drawFuture(weekend);
      bytes += day.bytes * times * part * bytesLevel(day.age);
      const beyond = (day.capacityUsd - steadyUsd) * times * capacityLevel(day.age);
      capacityUsd += (steadyUsd + beyond) * part;
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

/** In US dollars a day. */
function steadyCapacityUsd(days: readonly DayUse[]): number {
  const least = Math.min(...days.map(({ capacityUsd }) => capacityUsd));
  const same = days.filter(({ capacityUsd }) => capacityUsd <= least * 1.01);
  return same.length >= fewestSteady ? least : 0;
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

type Read = (day: DayUse) => number;

/** What levels do where history is too short to show it, and at least: nobody spends exactly as the week before. */
const usualStep = 0.02;
const unknownStart = 0.4;
/** Growth of a day that is usual, up or down: a third in a month. */
const usualGrowth = 0.012;
const weekDays = 7;
/** How old the days are that are drawn, about. */
const drawnAgeDays = 12;

/** Estimates from whole weeks, less what the chance of single days explains. */
function wanderOf(history: readonly PastDay[], read: Read): Wander {
  const values = history.map(read);
  const start = unknownStart / Math.sqrt(history.length);
  const weeks: number[] = [];
  for (let end = values.length; end >= weekDays; end -= weekDays)
    weeks.unshift(mean(values.slice(end - weekDays, end)));
  const startAt = (part: number, step: number): number =>
    Math.hypot(start * part, step * Math.sqrt(drawnAgeDays));
  const short: Wander = { start: startAt(1, 0), step: usualStep, growth: 0, growthSpread: usualGrowth };
  if (weeks.length < 2 || weeks.some((week) => week <= 0)) return short;
  const steps = weeks.slice(1).map((week, index) => Math.log(week / (weeks[index] ?? week)));
  const chance = (2 * withinKinds(history, read)) / mean(values) ** 2 / weekDays;
  const ofSteps = steps.length === 1 ? weekDays * usualStep ** 2 : Math.max(0, variance(steps) - chance);
  // What is usual and what was seen, each by its weight. Chance brings only the first and the last week into the average.
  const ofAverage = chance / steps.length ** 2 + ofSteps / steps.length;
  const usual = (weekDays * usualGrowth) ** 2;
  const trust = usual / (usual + ofAverage);
  const measured = Math.sqrt(ofSteps / weekDays) * 1.3;
  return {
    start: startAt(steps.length === 1 ? 1 : 0.3, measured),
    step: Math.max(usualStep / 2, measured),
    growth: (mean(steps) * trust) / weekDays,
    growthSpread: Math.sqrt(usual * (1 - trust)) / weekDays,
  };
}

/** The level of a simulated month: by how much a day that was drawn is to be multiplied on the next day to come. */
function levelOf(wander: Wander, random: Random): (drawnAge: number) => number {
  let level = wander.start * normal(random);
  const growth = wander.growth + wander.growthSpread * normal(random);
  return (drawnAge) => {
    level += growth + wander.step * normal(random);
    return Math.exp(level + growth * drawnAge);
  };
}

/** Variance of a day among days of its kind. */
function withinKinds(history: readonly PastDay[], read: Read): number {
  const kinds = [true, false].map((weekend) => history.filter((each) => each.weekend === weekend).map(read));
  return kinds.reduce((sum, days) => sum + variance(days) * days.length, 0) / history.length;
}

interface Drawn {
  readonly day: PastDay;
  /** How often over it counts. */
  readonly times: number;
}

/** In how many simulated months of seven days of history there are days such as were not seen. */
const unseenOf = 3;
const mostUnseenMonths = 0.4;

/**
 * Draws a day for a day to come. A weekend that was never seen may be anything between nothing and a working day; and the shorter history
 * is, the more months have some days that are dearer than the dearest.
 */
function futureOf(sample: readonly PastDay[], random: Random): (weekend: boolean) => Drawn {
  const working = sample.filter(({ weekend }) => !weekend);
  const weekends = sample.filter(({ weekend }) => weekend);
  const unseenWeekend = random();
  const hasUnseen = random() < Math.min(mostUnseenMonths, unseenOf / sample.length);
  const unseenPart = hasUnseen ? (-2 * Math.log(1 - random())) / sample.length : 0;
  const times = (): number => (random() < unseenPart ? 2 + 8 * random() : 1);
  return (weekend) => {
    if (!weekend)
      return { day: pick(working.length >= fewestOfKind ? working : sample, random), times: times() };
    if (weekends.length >= fewestOfKind) return { day: pick(weekends, random), times: times() };
    return { day: pick(sample, random), times: unseenWeekend };
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
