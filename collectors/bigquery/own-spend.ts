import { z } from 'zod';
import type { Memory } from '../../src/sdk.ts';
import { type BillingCalendar, monthOf } from './billing-calendar.ts';

const key = 'own-spend';
const stored = z.object({ days: z.record(z.string(), z.number().nonnegative()) });
/** Also those of other months, so that a clock that jumps and comes back loses nothing. */
const daysKept = 100;

/** What our own queries have cost, by day of the billing calendar; kept over restarts. */
export class OwnSpend {
  readonly #memory: Memory;
  readonly #calendar: BillingCalendar;

  constructor(memory: Memory, calendar: BillingCalendar) {
    this.#memory = memory;
    this.#calendar = calendar;
  }

  /** @param usd at the list price */
  add(usd: number, now: number): void {
    const today = this.#calendar.dayOf(now);
    const known = this.#days();
    const days = { ...known, [today]: (known[today] ?? 0) + usd };
    const latest = Object.entries(days).sort(([a], [b]) => a.localeCompare(b));
    this.#memory.write(key, JSON.stringify({ days: Object.fromEntries(latest.slice(-daysKept)) }));
  }

  /** In US dollars. */
  totals(now: number): { readonly today: number; readonly month: number } {
    const today = this.#calendar.dayOf(now);
    const days = this.#days();
    const ofMonth = Object.entries(days).filter(([day]) => monthOf(day) === monthOf(today));
    return { today: days[today] ?? 0, month: ofMonth.reduce((sum, [, usd]) => sum + usd, 0) };
  }

  #days(): Readonly<Record<string, number>> {
    const text = this.#memory.read(key);
    if (text === undefined) return {};
    return stored.catch({ days: {} }).parse(parse(text)).days;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Only we write it; what cannot be read is as if it had never been.
    return undefined;
  }
}
