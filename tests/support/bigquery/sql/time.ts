import { EvaluationError, UnsupportedByDoubleError } from './sql-error.ts';

/** TIMESTAMP: microseconds since the epoch. DATETIME: the same, as if the wall clock showed UTC. DATE: days since the epoch. */
export const MICROS_PER_DAY = 86_400_000_000;

const unitMicros: Readonly<Record<string, number>> = {
  MICROSECOND: 1,
  MILLISECOND: 1_000,
  SECOND: 1_000_000,
  MINUTE: 60_000_000,
  HOUR: 3_600_000_000,
  DAY: MICROS_PER_DAY,
};

/** Knows the offset of time zones; keeps what it worked out, since Intl is slow. */
export class Zones {
  readonly #formats = new Map<string, Intl.DateTimeFormat>();
  readonly #offsets = new Map<string, number>();

  /** Wall-clock microseconds of an instant. */
  toLocal(timestamp: number, zone: string): number {
    return timestamp + this.#offsetMicros(timestamp, zone);
  }

  /** The instant of a wall-clock time; in a gap or overlap the one by the offset before the change. */
  fromLocal(local: number, zone: string): number {
    const guess = local - this.#offsetMicros(local, zone);
    const refined = local - this.#offsetMicros(guess, zone);
    return local - this.#offsetMicros(Math.min(guess, refined), zone) === guess ? guess : refined;
  }

  #offsetMicros(timestamp: number, zone: string): number {
    const fixed = /^(?:UTC)?([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(zone);
    if (fixed !== null) {
      const minutes = Number(fixed[2]) * 60 + Number(fixed[3] ?? 0);
      return (fixed[1] === '-' ? -1 : 1) * minutes * 60_000_000;
    }
    if (zone === 'UTC') return 0;
    const quarter = Math.floor(timestamp / 900_000_000); // offsets change on quarters of an hour only
    const key = `${zone} ${quarter}`;
    const known = this.#offsets.get(key);
    if (known !== undefined) return known;
    const instantMs = quarter * 900_000;
    const parts = Object.fromEntries(
      this.#format(zone)
        .formatToParts(instantMs)
        .map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    const offset = (Date.UTC(year, month - 1, day, hour, minute, second) - instantMs) * 1_000;
    this.#offsets.set(key, offset);
    return offset;
  }

  #format(zone: string): Intl.DateTimeFormat {
    const known = this.#formats.get(zone);
    if (known !== undefined) return known;
    try {
      const number = 'numeric';
      const format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        year: number,
        month: number,
        day: number,
        hour: number,
        minute: number,
        second: number,
      });
      this.#formats.set(zone, format);
      return format;
    } catch (cause) {
      if (cause instanceof RangeError) throw new EvaluationError(`Invalid time zone: ${zone}`);
      throw cause;
    }
  }
}

export function microsOf(amount: number, part: string): number {
  const unit = unitMicros[part];
  if (unit === undefined) throw new EvaluationError(`A valid date part name is required but found ${part}`);
  return amount * unit;
}

/** Adds whole months, clamping the day, to a wall-clock time. */
function addMonths(local: number, months: number): number {
  const at = new Date(Math.floor(local / 1_000));
  const first = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + months, 1);
  const target = new Date(first);
  const lastDay = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  const day = Math.min(at.getUTCDate(), lastDay);
  return (first + (day - 1) * 86_400_000) * 1_000 + modulo(local, MICROS_PER_DAY);
}

const monthsOf: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 };

/** Adds an amount of any part to a wall-clock time. */
export function addPart(local: number, amount: number, part: string): number {
  const months = monthsOf[part];
  if (months !== undefined) return addMonths(local, amount * months);
  if (part === 'WEEK') return local + amount * 7 * MICROS_PER_DAY;
  return local + microsOf(amount, part);
}

const weekStarts = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'];

export function truncate(local: number, part: string): number {
  const at = new Date(Math.floor(local / 1_000));
  const month = at.getUTCMonth();
  const year = at.getUTCFullYear();
  if (part === 'MONTH') return Date.UTC(year, month, 1) * 1_000;
  if (part === 'QUARTER') return Date.UTC(year, month - (month % 3), 1) * 1_000;
  if (part === 'YEAR') return Date.UTC(year, 0, 1) * 1_000;
  const week = /^(?:(ISO)WEEK|WEEK(?:\((\w+)\))?)$/.exec(part);
  if (week !== null) {
    const start = week[1] === undefined ? weekStarts.indexOf(week[2] ?? 'SUNDAY') : 1;
    const day = local - modulo(local, MICROS_PER_DAY);
    return day - modulo(at.getUTCDay() - start, 7) * MICROS_PER_DAY;
  }
  return local - modulo(local, microsOf(1, part));
}

/** Boundaries of the part crossed between two wall-clock times. */
export function difference(later: number, earlier: number, part: string): number {
  const months = monthsOf[part];
  if (months !== undefined)
    return Math.floor(monthNumber(later) / months) - Math.floor(monthNumber(earlier) / months);
  const unit = /WEEK/.test(part) ? 7 * MICROS_PER_DAY : microsOf(1, part);
  return Math.round((truncate(later, part) - truncate(earlier, part)) / unit);
}

function monthNumber(local: number): number {
  const at = new Date(Math.floor(local / 1_000));
  return at.getUTCFullYear() * 12 + at.getUTCMonth();
}

const extractors: Readonly<Record<string, (at: Date, local: number) => number>> = {
  MICROSECOND: (_at, local) => modulo(local, 1_000_000),
  MILLISECOND: (_at, local) => Math.floor(modulo(local, 1_000_000) / 1_000),
  SECOND: (at) => at.getUTCSeconds(),
  MINUTE: (at) => at.getUTCMinutes(),
  HOUR: (at) => at.getUTCHours(),
  DAY: (at) => at.getUTCDate(),
  DAYOFWEEK: (at) => at.getUTCDay() + 1,
  DAYOFYEAR: (at) =>
    (Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()) - Date.UTC(at.getUTCFullYear(), 0, 0)) /
    86_400_000,
  MONTH: (at) => at.getUTCMonth() + 1,
  QUARTER: (at) => Math.floor(at.getUTCMonth() / 3) + 1,
  YEAR: (at) => at.getUTCFullYear(),
};

export function extractPart(local: number, part: string): number {
  const extract = extractors[part];
  if (extract === undefined) throw new UnsupportedByDoubleError(`EXTRACT(${part} …)`);
  return extract(new Date(Math.floor(local / 1_000)), local);
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const twoDigits = (value: number): string => String(value).padStart(2, '0');

const formatters: Readonly<Record<string, (local: number, at: Date) => string>> = {
  Y: (_local, at) => String(at.getUTCFullYear()),
  m: (_local, at) => twoDigits(at.getUTCMonth() + 1),
  d: (_local, at) => twoDigits(at.getUTCDate()),
  H: (_local, at) => twoDigits(at.getUTCHours()),
  M: (_local, at) => twoDigits(at.getUTCMinutes()),
  S: (_local, at) => twoDigits(at.getUTCSeconds()),
  F: (local) => dateText(Math.floor(local / MICROS_PER_DAY)),
  T: (_local, at) => at.toISOString().slice(11, 19),
  A: (_local, at) => days[at.getUTCDay()] ?? '',
  u: (_local, at) => String(at.getUTCDay() === 0 ? 7 : at.getUTCDay()),
  w: (_local, at) => String(at.getUTCDay()),
  j: (local) => String(extractPart(local, 'DAYOFYEAR')).padStart(3, '0'),
  Z: () => 'UTC',
  '%': () => '%',
};

/** strftime, as far as it goes. */
export function formatLocal(format: string, local: number): string {
  const at = new Date(Math.floor(local / 1_000));
  return format.replace(/%(E\dS|.)/g, (_whole, letter: string) => {
    const formatter = formatters[letter];
    if (formatter === undefined) throw new UnsupportedByDoubleError(`the format element %${letter}`);
    return formatter(local, at);
  });
}

export function dateText(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}

/** `2026-11-23T15:04:05.123456`. */
export function dateTimeText(local: number): string {
  const seconds = new Date(Math.floor(local / 1_000_000) * 1_000).toISOString().slice(0, 19);
  const micros = modulo(local, 1_000_000);
  return micros === 0 ? seconds : `${seconds}.${String(micros).padStart(6, '0')}`;
}

/** Wall-clock microseconds and, when the text names one, the zone. */
export function parseDateTime(text: string): { readonly local: number; readonly zone: string | undefined } {
  const pattern =
    /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?\s*(Z|[+-]\d{1,2}(?::?\d{2})?|UTC|[A-Za-z]+\/[A-Za-z_]+)?\s*$/i;
  const match = pattern.exec(text);
  if (match === null) throw new EvaluationError(`Invalid timestamp: '${text}'`);
  const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = ''] = match;
  const ms = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  const zone = match[8]?.toUpperCase() === 'Z' ? 'UTC' : match[8];
  return { local: ms * 1_000 + Number(fraction.slice(0, 6).padEnd(6, '0')), zone };
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
