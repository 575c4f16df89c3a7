import { z } from 'zod';
import type { Memory } from '../../src/sdk.ts';
import { type BillingCalendar, firstOfMonth, monthOf } from './billing-calendar.ts';

const key = 'own-spend';
const stored = z.object({
  days: z.record(z.iso.date(), z.number().nonnegative()),
  /** From when on it is complete, Unix time in milliseconds; of older versions, the first day. */
  sinceMs: z.number().nonnegative().optional(),
  /** What was spent in it was known once and cannot be read any more. */
  lostMonth: z.string().optional(),
});
/** Also those of other months, so that a clock that jumps and comes back loses nothing. */
const daysKept = 100;

interface Ledger {
  readonly days: Readonly<Record<string, number>>;
  readonly sinceMs: number;
  readonly lostMonth?: string | undefined;
}

/** An amount, and from when on it counts. */
export interface SpentSince {
  readonly usd: number;
  /** Unix time in milliseconds. */
  readonly sinceMs: number;
}

/** `none`: nothing was begun yet. `lost`: a part of the month was forgotten. */
export type OwnTotals =
  | { readonly kind: 'known'; readonly today: SpentSince; readonly month: SpentSince }
  | { readonly kind: 'none' | 'lost' };

/** What our own queries have cost, by day of the billing calendar; kept over restarts. */
export class OwnSpend {
  readonly #memory: Memory;
  readonly #calendar: BillingCalendar;
  /** Of queries that are under way, in US dollars. */
  #pendingUsd = 0;

  constructor(memory: Memory, calendar: BillingCalendar) {
    this.#memory = memory;
    this.#calendar = calendar;
  }

  get isBegun(): boolean {
    return typeof this.#read() === 'object';
  }

  /** Begins the account with what is known of today; nothing happens when it has begun. */
  begin({ usd, sinceMs }: SpentSince, now: number): void {
    const ledger = this.#read();
    if (typeof ledger === 'object') return;
    const today = this.#calendar.dayOf(now);
    const days = { [today]: usd };
    this.#write(ledger === 'lost' ? { days, sinceMs, lostMonth: monthOf(today) } : { days, sinceMs });
  }

  /**
   * Sets aside what a query will cost; undefined when the day would cost more than its limit then.
   *
   * @returns gives back what was set aside, once it was charged
   */
  reserve(usd: number, limitUsd: number, now: number): (() => void) | undefined {
    const ledger = this.#read();
    const spent = typeof ledger === 'object' ? (ledger.days[this.#calendar.dayOf(now)] ?? 0) : 0;
    if (spent + this.#pendingUsd + usd > limitUsd) return undefined;
    this.#pendingUsd += usd;
    return () => {
      this.#pendingUsd -= usd;
    };
  }

  /** @param usd at the list price */
  add(usd: number, now: number): void {
    this.begin({ usd: 0, sinceMs: now }, now);
    const ledger = this.#read();
    if (typeof ledger !== 'object') return;
    const today = this.#calendar.dayOf(now);
    const days = { ...ledger.days, [today]: (ledger.days[today] ?? 0) + usd };
    const latest = Object.entries(days).sort(([a], [b]) => a.localeCompare(b));
    this.#write({
      ...ledger,
      days: Object.fromEntries(latest.slice(-daysKept)),
      sinceMs: Math.min(ledger.sinceMs, now),
    });
  }

  /** In US dollars. */
  totals(now: number): OwnTotals {
    const ledger = this.#read();
    if (typeof ledger !== 'object') return { kind: ledger };
    const { days, sinceMs, lostMonth } = ledger;
    const today = this.#calendar.dayOf(now);
    if (lostMonth === monthOf(today)) return { kind: 'lost' };
    const ofMonth = Object.entries(days).filter(([day]) => monthOf(day) === monthOf(today));
    const since = (day: string): number => Math.max(this.#calendar.startOfDay(day), Math.min(sinceMs, now));
    return {
      kind: 'known',
      today: { usd: days[today] ?? 0, sinceMs: since(today) },
      month: { usd: ofMonth.reduce((sum, [, usd]) => sum + usd, 0), sinceMs: since(firstOfMonth(today)) },
    };
  }

  /** At once on disk: what a killed process forgets would be spent again by the next. */
  #write(ledger: Ledger): void {
    this.#memory.write(key, JSON.stringify(ledger), 'now');
  }

  #read(): Ledger | 'none' | 'lost' {
    const text = this.#memory.read(key);
    if (text === undefined) return 'none';
    const ledger = stored.safeParse(parse(text)).data;
    if (ledger === undefined) return 'lost';
    const [firstDay] = Object.keys(ledger.days).sort();
    const sinceMs =
      ledger.sinceMs ?? (firstDay === undefined ? undefined : this.#calendar.startOfDay(firstDay));
    return sinceMs === undefined ? 'none' : { ...ledger, sinceMs };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Only we write it; what is no JSON is no ledger, and the caller says that it was lost.
    return undefined;
  }
}
