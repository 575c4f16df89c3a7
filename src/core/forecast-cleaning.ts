import { median, type Point, spread } from './forecast-robust.ts';

/** A series without what is not growth. */
export interface Cleaned {
  /** The last point is the last of the series. */
  readonly points: readonly Point[];
  /** How much the level moves at each step of the week beside growth, by day of the week of the later day; sums up to 0. */
  readonly season: readonly number[];
  /** Sums of squares of the steps up and down that were taken out. */
  readonly stepsUp: number;
  readonly stepsDown: number;
}

/** From one known day to the next. */
interface Move {
  readonly from: number;
  readonly to: number;
  /** By how much the level moved. */
  readonly by: number;
}

const weekDays = 7;
/** Fewer days show no week. */
const seasonDays = 21;
/** A move so many times the usual spread beyond the usual one is a step. */
const stepSpreads = 6;
/** And at least this part of the level: less does not matter. */
const leastStep = 0.002;
/** More steps in one direction than this are how the series grows. */
const mostSteps = 2;
/** More spikes than this part of all days are how the series is. */
const mostSpikes = 0.1;

/**
 * Takes out days that stand alone (spikes), the pattern of the week, and steps that happened once or twice, such as a bulk load or a
 * cleanup: the level after them stays, the slope does not see them.
 */
export function clean(series: readonly Point[]): Cleaned {
  const points = withoutSpikes(series);
  const moves = movesOf(points);
  const season = seasonOf(moves);
  const calm = moves.map((move) => ({ ...move, by: move.by - seasonBetween(season, move.from, move.to) }));
  const level = median(points.map(({ y }) => Math.abs(y)));
  const steps = stepsOf(calm, level);
  const sizes = [...steps.values()];
  return {
    points: rebuild(points, calm, steps),
    season,
    stepsUp: squares(sizes.filter((size) => size > 0)),
    stepsDown: squares(sizes.filter((size) => size < 0)),
  };
}

/** By how much the season moves the level from one day to a later one. */
export function seasonBetween(season: readonly number[], from: number, to: number): number {
  let sum = 0;
  // Whole weeks sum up to 0.
  for (let day = from + 1; day <= from + ((to - from) % weekDays); day += 1) sum += season[weekDay(day)] ?? 0;
  return sum;
}

/** Without days on which the level was elsewhere than before and after. */
function withoutSpikes(points: readonly Point[]): readonly Point[] {
  const usual = spread(movesOf(points).map(({ from, to, by }) => by / (to - from)));
  const isSpike = (index: number): boolean => {
    const [before, at, after] = [points[index - 1], points[index], points[index + 1]];
    if (before === undefined || at === undefined || after === undefined) return false;
    const expected = before.y + ((after.y - before.y) * (at.x - before.x)) / (after.x - before.x);
    const off = Math.abs(at.y - expected);
    const least = Math.max(stepSpreads * usual, leastStep * Math.abs(before.y));
    return off > least && off > 2 * Math.abs(after.y - before.y);
  };
  const kept = points.filter((_point, index) => !isSpike(index));
  return points.length - kept.length > mostSpikes * points.length ? points : kept;
}

function movesOf(points: readonly Point[]): Move[] {
  return points.slice(1).flatMap((to, index) => {
    const from = points[index];
    return from === undefined ? [] : [{ from: from.x, to: to.x, by: to.y - from.y }];
  });
}

/** The usual move of each day of the week less the usual move of a day; nothing where the week explains little. */
function seasonOf(moves: readonly Move[]): number[] {
  const none = Array.from({ length: weekDays }, () => 0);
  const daily = moves.filter(({ from, to }) => to - from === 1);
  const first = moves[0]?.from ?? 0;
  if ((moves.at(-1)?.to ?? 0) - first < seasonDays) return none;
  const byDay = none.map((_zero, day) => daily.filter(({ to }) => weekDay(to) === day).map(({ by }) => by));
  if (byDay.some((ofDay) => ofDay.length < 2)) return none;
  const medians = byDay.map((ofDay) => median(ofDay));
  const mean = medians.reduce((sum, each) => sum + each, 0) / weekDays;
  const season = medians.map((each) => each - mean);
  const before = meanDistance(daily.map(({ by }) => by));
  const after = meanDistance(daily.map(({ to, by }) => by - (season[weekDay(to)] ?? 0)));
  return after < 0.6 * before ? season : none;
}

function meanDistance(values: readonly number[]): number {
  const middle = median(values);
  // Without the largest, which may be a step.
  const distances = values.map((value) => Math.abs(value - middle)).toSorted((one, other) => one - other);
  return distances.slice(0, Math.ceil(distances.length * 0.95)).reduce((sum, distance) => sum + distance, 0);
}

/** What is to be taken out of each move that is a step. */
function stepsOf(moves: readonly Move[], level: number): Map<Move, number> {
  const rates = moves.map(({ from, to, by }) => by / (to - from));
  const usual = median(rates);
  const wide = spread(rates, usual);
  const off = (move: Move): number => move.by - usual * (move.to - move.from);
  const steps = moves.filter((move) => {
    const least = Math.max(stepSpreads * wide * Math.sqrt(move.to - move.from), leastStep * level);
    return Math.abs(off(move)) > least;
  });
  const rare = [1, -1].flatMap((sign) => {
    const same = steps.filter((move) => Math.sign(off(move)) === sign);
    return same.length <= mostSteps ? same : [];
  });
  return new Map(rare.map((move) => [move, off(move)]));
}

/** From the last point back. */
function rebuild(
  points: readonly Point[],
  moves: readonly Move[],
  steps: ReadonlyMap<Move, number>,
): Point[] {
  let y = points.at(-1)?.y ?? 0;
  const rebuilt: Point[] = [{ x: points.at(-1)?.x ?? 0, y }];
  for (const move of moves.toReversed()) {
    y -= move.by - (steps.get(move) ?? 0);
    rebuilt.push({ x: move.from, y });
  }
  return rebuilt.toReversed();
}

function squares(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size ** 2, 0);
}

/** 0 is the day of the week of the beginning of Unix time, a Thursday. */
function weekDay(day: number): number {
  return ((day % weekDays) + weekDays) % weekDays;
}
