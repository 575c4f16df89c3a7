import { median, type Point, slopeOf, spread } from './forecast-robust.ts';

/** A line that wanders and bends: where it is, how steep it is, and how sure that is. In days. */
export interface Trend {
  /** At the last point. */
  readonly level: number;
  readonly slope: number;
  /** Variance of a value around the line, which passes. */
  readonly noise: number;
  /** Variance of where the line will be, a value's own noise left out. */
  variance(ahead: number): number;
}

/** A line and how it bends: the slope changes evenly. */
interface Curve {
  /** Where it is as steep as on the whole. */
  readonly centre: number;
  readonly slope: number;
  /** Change of the slope in a day. */
  readonly bend: number;
}

/** Growth that did not change while it was watched may change within 90 days: by this part of it, one standard deviation. */
const usualChange = 0.2;
const changeDays = 90;
/** Days over which differences show what stays, beside those of one day, which show what passes as well; none longer than a part of all. */
const longLags = [7, 14, 28] as const;
const lagPart = 4;
/** What few weeks show of wandering is less than there is. */
const unseenWander = 1.4;
/** A bend less than this many standard deviations may be chance. */
const chanceSpreads = 2.5;

/** At least two points, in order. */
export function trendOf(points: readonly Point[]): Trend {
  const first = points[0]?.x ?? 0;
  const last = points.at(-1)?.x ?? first;
  const days = Math.max(1, last - first);
  const seen = curveOf(points, (first + last) / 2);
  const { noise, wander } = noiseOf(points, seen);
  // Of a slope through noise, and through what wanders.
  const slopeVariance = (12 * noise) / days ** 2 / points.length + (1.2 * wander) / days;
  const curve = { ...seen, bend: withoutChance(seen.bend, slopeVariance, days) };
  const slope = slopeAt(curve, last);
  const gain = gainOf(noise, wander);
  return {
    level: levelOf(points, curve, gain),
    slope,
    noise,
    variance(ahead) {
      // Also in the days that the slope is of.
      const change = (usualChange * slope) ** 2 * ((ahead + days / 3) / changeDays);
      // That it goes on to bend is one standard deviation.
      const bending = ((curve.bend * ahead) / 2) ** 2;
      const ofLevel = noise * Math.max(gain, 4 / points.length);
      return ofLevel + wander * ahead + ahead ** 2 * (slopeVariance + change + bending);
    },
  };
}

/** From the slopes of the halves, whose centres are half of the days apart. */
function curveOf(points: readonly Point[], centre: number): Curve {
  const half = points.length >> 1;
  const apart = ((points.at(-1)?.x ?? centre) - (points[0]?.x ?? centre)) / 2;
  const change = slopeOf(points.slice(half)) - slopeOf(points.slice(0, half));
  return { centre, slope: slopeOf(points), bend: apart > 0 ? change / apart : 0 };
}

function slopeAt({ centre, slope, bend }: Curve, x: number): number {
  return slope + bend * (x - centre);
}

/** How much of a bend is beyond what chance makes: the slope of half of the days is less sure, by 8 where there is noise, by 2 where it wanders. */
function withoutChance(bend: number, slopeVariance: number, days: number): number {
  const chance = (chanceSpreads ** 2 * 6 * slopeVariance) / (days / 2) ** 2;
  const square = bend ** 2;
  return square === 0 ? 0 : bend * Math.max(0, 1 - chance / square);
}

/** Variance of differences over k days is twice the noise and k times the wandering; of several k the one that shows most. */
function noiseOf(points: readonly Point[], curve: Curve): { noise: number; wander: number } {
  const short = differenceVariance(points, curve, 1);
  const wanders = longLags
    .filter((lag, index) => index === 0 || lag * lagPart <= points.length)
    .map((lag) => (differenceVariance(points, curve, lag) - short) / (lag - 1));
  const wander = Math.max(0, ...wanders) * unseenWander;
  return { noise: Math.max(0, (short - wander) / 2), wander };
}

function differenceVariance(points: readonly Point[], curve: Curve, lag: number): number {
  const byDay = new Map(points.map(({ x, y }) => [x, y]));
  const differences = points.flatMap(({ x, y }) => {
    const before = byDay.get(x - lag);
    return before === undefined ? [] : [y - before - slopeAt(curve, x - lag / 2) * lag];
  });
  if (differences.length === 0) return 0;
  // Robust, and at least what is left without the wildest twentieth: of lumps most differences are the same.
  const squares = differences.map((each) => each ** 2).toSorted((one, other) => one - other);
  const kept = squares.slice(0, Math.ceil(squares.length * 0.95));
  const mean = kept.reduce((sum, each) => sum + each, 0) / kept.length;
  return Math.max(spread(differences) ** 2, mean);
}

/** How much of what a day is off stays: 0 for noise alone, 1 for a line that wanders without noise (Kalman's, in the long run). */
function gainOf(noise: number, wander: number): number {
  if (noise === 0) return 1;
  // Written so that nothing cancels out where one of them is far larger.
  return 2 / (1 + Math.sqrt(1 + (4 * noise) / wander));
}

function levelOf(points: readonly Point[], curve: Curve, gain: number): number {
  const [first] = points;
  if (first === undefined) return 0;
  const grown = (x: number): number => slopeAt(curve, (first.x + x) / 2) * (x - first.x);
  let level = median(points.map(({ x, y }) => y - grown(x)));
  let at = first.x;
  for (const { x, y } of points) {
    level += slopeAt(curve, (at + x) / 2) * (x - at);
    level += gain * (y - level);
    at = x;
  }
  return level;
}
