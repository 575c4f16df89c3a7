/** The calendar by which Google bills: days and months begin at midnight in one time zone, whatever the clock does in summer. */
export interface BillingCalendar {
  /** The day that holds an instant, as `2026-11-23`. */
  dayOf(atMs: number): string;
  /** When the day began, Unix time in milliseconds. */
  startOfDay(day: string): number;
}

const dayMs = 86_400_000;

/** @param timeZone an IANA name, such as `America/Los_Angeles`. */
export function createBillingCalendar(timeZone: string): BillingCalendar {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  });
  /** How far local time is ahead of UTC at an instant, in milliseconds. */
  const offsetAt = (atMs: number): number => {
    const part = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]));
    const get = (name: Intl.DateTimeFormatPartTypes): number => part.get(name) ?? 0;
    const local = Date.UTC(
      get('year'),
      get('month') - 1,
      get('day'),
      get('hour'),
      get('minute'),
      get('second'),
    );
    return local - Math.floor(atMs / 1_000) * 1_000;
  };
  const dayOf = (atMs: number): string => new Date(atMs + offsetAt(atMs)).toISOString().slice(0, 10);
  return {
    dayOf,
    startOfDay: (day) => {
      const midnight = Date.parse(`${day}T00:00:00Z`);
      // Where clocks change at midnight, it comes twice, or is left out.
      const starts = [midnight - dayMs, midnight + dayMs].map((near) => midnight - offsetAt(near));
      const [first, second] = [Math.min(...starts), Math.max(...starts)];
      return dayOf(first) === day ? first : second;
    },
  };
}

/** The day after so many days, before for negative ones. */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);
}

/** `2026-11` of `2026-11-23`. */
export function monthOf(day: string): string {
  return day.slice(0, 7);
}

export function firstOfMonth(day: string): string {
  return `${monthOf(day)}-01`;
}

/** The first day of the month before. */
export function firstOfPreviousMonth(day: string): string {
  return firstOfMonth(addDays(firstOfMonth(day), -1));
}

/** The days of a month, in order. */
export function daysOfMonth(day: string): readonly string[] {
  const days: string[] = [];
  for (let each = firstOfMonth(day); monthOf(each) === monthOf(day); each = addDays(each, 1)) days.push(each);
  return days;
}

/** Whether a day is a Saturday or Sunday. */
export function isWeekend(day: string): boolean {
  return [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay());
}
