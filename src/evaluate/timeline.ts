import type { BudgetReport } from '../core/judgement.ts';

/** `m`et, `b`reached or `u`nknown. */
export type Mark = 'm' | 'b' | 'u';

/** How long a subject was in which state, the latest last. Counted in time that passed, so that no jump of a clock is in it. */
export interface Timeline {
  readonly past: readonly Run[];
  readonly mark: Mark;
  /** How long the last one has lasted, in milliseconds. */
  readonly ms: number;
}

export interface Run {
  readonly mark: Mark;
  readonly ms: number;
}

const minute = 60_000;
const day = 24 * 60 * minute;
const budgetWindowMs = 30 * day;
const mostRuns = 500;
/** A budget of less than a minute in 30 days is counted as a minute. */
const leastAllowed = minute / budgetWindowMs;
/** Of a window of which less is known, such as a day right after the start, no rate is told. */
const leastKnown = 0.5;

/** The windows over which the budget is said to burn. */
const burnWindows = [
  ['5m', 5 * minute],
  ['30m', 30 * minute],
  ['1h', 60 * minute],
  ['2h', 120 * minute],
  ['6h', 360 * minute],
  ['1d', day],
  ['3d', 3 * day],
  ['30d', budgetWindowMs],
] as const;

export const emptyTimeline: Timeline = { past: [], mark: 'u', ms: 0 };

/** The timeline after some more time in a state. */
export function lengthen(timeline: Timeline, mark: Mark, ms: number): Timeline {
  if (ms <= 0) return timeline;
  if (mark === timeline.mark) return { ...timeline, ms: timeline.ms + ms };
  if (timeline.ms === 0) return { past: timeline.past, mark, ms };
  return { past: bounded([...timeline.past, { mark: timeline.mark, ms: timeline.ms }]), mark, ms };
}

/** Time in breach and time that is known, within the last `windowMs`. */
export function timeWithin(
  timeline: Timeline,
  windowMs: number,
): { readonly breachedMs: number; readonly knownMs: number } {
  let leftMs = windowMs;
  const spent = { m: 0, b: 0, u: 0 };
  for (let index = timeline.past.length; index >= 0 && leftMs > 0; index -= 1) {
    const run = timeline.past[index] ?? timeline;
    const ms = Math.min(run.ms, leftMs);
    spent[run.mark] += ms;
    leftMs -= ms;
  }
  return { breachedMs: spent.b, knownMs: spent.b + spent.m };
}

/** What is left of the allowed time in breach: undefined while nothing is known. */
export function budgetRemaining(timeline: Timeline, allowed: number): number | undefined {
  const { breachedMs, knownMs } = timeWithin(timeline, budgetWindowMs);
  return knownMs === 0 ? undefined : 1 - breachedMs / (Math.max(allowed, leastAllowed) * budgetWindowMs);
}

export function budgetReport(timeline: Timeline, allowed: number): BudgetReport {
  const burnRates = Object.fromEntries(
    burnWindows.map(([name, windowMs]) => {
      const { breachedMs, knownMs } = timeWithin(timeline, windowMs);
      const isTold = knownMs >= leastKnown * windowMs;
      return [name, isTold ? breachedMs / knownMs / Math.max(allowed, leastAllowed) : undefined];
    }),
  );
  return { allowed, remaining: budgetRemaining(timeline, allowed), burnRates };
}

/** Without what is older than the budget's window; where there are too many, the oldest two become one, in the state of the longer. */
function bounded(runs: readonly Run[]): readonly Run[] {
  let newerMs = 0;
  const recent = runs
    .toReversed()
    .filter(({ ms }) => {
      const isWithin = newerMs < budgetWindowMs;
      newerMs += ms;
      return isWithin;
    })
    .toReversed();
  const [first, second] = recent;
  if (recent.length <= mostRuns || first === undefined || second === undefined) return recent;
  const mark = first.ms >= second.ms ? first.mark : second.mark;
  return bounded([{ mark, ms: first.ms + second.ms }, ...recent.slice(2)]);
}
