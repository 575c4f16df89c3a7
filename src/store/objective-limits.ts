const day = 86_400_000;

/** How long evaluation's records are kept, against the latest of their kind. */
export const keptMs = {
  states: 400 * day,
  closedBreaches: 400 * day,
  events: 400 * day,
  deliveries: 30 * day,
  daily: 400 * day,
} as const;

/** How many there may be; the oldest make room. Far beyond what an ordinary target comes to. */
export const mostKept = {
  closedBreachesOfTarget: 5_000,
  eventsOfTarget: 20_000,
  deliveries: 100_000,
  dailySeriesOfTarget: 1_000,
} as const;

/** Begin of the day (UTC), Unix time in milliseconds. */
export function dayOf(at: number): number {
  return Math.floor(at / day) * day;
}
