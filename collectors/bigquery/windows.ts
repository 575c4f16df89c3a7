import { type BillingCalendar, firstOfMonth } from './billing-calendar.ts';

const hour = 3_600_000;
const quarter = 900_000;

export interface Window {
  readonly name: 'today' | 'last_24h' | 'last_7d' | 'month';
  /** Unix time in milliseconds. */
  readonly from: number;
}

/** Windows that end now. Those that slide begin on a quarter of an hour, for usage is known by quarters. */
export function spendWindows(now: number, calendar: BillingCalendar): readonly Window[] {
  const today = calendar.dayOf(now);
  return [
    { name: 'today', from: calendar.startOfDay(today) },
    { name: 'last_24h', from: onQuarter(now - 24 * hour) },
    { name: 'last_7d', from: onQuarter(now - 7 * 24 * hour) },
    { name: 'month', from: calendar.startOfDay(firstOfMonth(today)) },
  ];
}

function onQuarter(atMs: number): number {
  return Math.floor(atMs / quarter) * quarter;
}
