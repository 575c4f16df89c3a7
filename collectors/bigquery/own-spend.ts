import { z } from 'zod';
import type { Memory } from '../../src/sdk.ts';
import { type BillingCalendar, monthOf } from './billing-calendar.ts';

const key = 'own-spend';
const stored = z.object({ days: z.record(z.string(), z.number()) });

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
    const days = { ...this.#ofMonth(today), [today]: (this.#ofMonth(today)[today] ?? 0) + usd };
    this.#memory.write(key, JSON.stringify({ days }));
  }

  /** In US dollars. */
  totals(now: number): { readonly today: number; readonly month: number } {
    const today = this.#calendar.dayOf(now);
    const days = this.#ofMonth(today);
    return {
      today: days[today] ?? 0,
      month: Object.values(days).reduce((sum, usd) => sum + usd, 0),
    };
  }

  #ofMonth(today: string): Readonly<Record<string, number>> {
    const text = this.#memory.read(key);
    if (text === undefined) return {};
    const { days } = stored.catch({ days: {} }).parse(parse(text));
    return Object.fromEntries(Object.entries(days).filter(([day]) => monthOf(day) === monthOf(today)));
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
