import { z } from 'zod';
import type { BillingCalendar } from './billing-calendar.ts';

/** Two numbers that add up, such as bytes and slot time. */
export type Amounts = readonly [number, number];

/** What one pool (a reservation, on-demand work) used in a quarter of an hour, or in a day where that is long ago. */
export interface Cell {
  readonly pool: string;
  /** Unix time in milliseconds. */
  readonly start: number;
  readonly amounts: Amounts;
}

const stored = z.object({
  timeZone: z.string(),
  keptAsQuartersMs: z.number(),
  since: z.number(),
  until: z.number(),
  pools: z.record(z.string(), z.array(z.tuple([z.number(), z.number(), z.number()]))),
});

/**
 * What was used over the last weeks, so that each reading asks BigQuery only for the last hours: views of jobs are billed by what is
 * read of them. Whole from `since` to `until`, or empty.
 */
export class QuarterLedger {
  readonly #timeZone: string;
  readonly #calendar: BillingCalendar;
  readonly #keptAsQuartersMs: number;
  #since = 0;
  #until = 0;
  #pools = new Map<string, Map<number, Amounts>>();

  /** @param keptAsQuartersMs cells older than this are folded into days: longer than the longest window that slides */
  constructor(timeZone: string, calendar: BillingCalendar, keptAsQuartersMs: number) {
    this.#keptAsQuartersMs = keptAsQuartersMs;
    this.#timeZone = timeZone;
    this.#calendar = calendar;
  }

  /** Unix time in milliseconds; equal to `until` while nothing is known. */
  get since(): number {
    return this.#since;
  }

  get until(): number {
    return this.#until;
  }

  /** Takes what `serialize` gave. What cannot be read, or was folded into the days of another time zone, is forgotten. */
  restore(text: string): void {
    const parsed = stored.safeParse(parseJson(text));
    if (!parsed.success || parsed.data.timeZone !== this.#timeZone) return;
    if (parsed.data.keptAsQuartersMs !== this.#keptAsQuartersMs) return;
    const { since, until, pools } = parsed.data;
    this.#since = since;
    this.#until = until;
    this.#pools = new Map(
      Object.entries(pools).map(([pool, cells]) => [
        pool,
        new Map(cells.map(([seconds, a, b]) => [seconds * 1_000, [a, b]])),
      ]),
    );
  }

  serialize(): string {
    const pools = Object.fromEntries(
      [...this.#pools].map(([pool, cells]) => [
        pool,
        [...cells].map(([start, [a, b]]) => [start / 1_000, Math.round(a), Math.round(b)]),
      ]),
    );
    return JSON.stringify({
      timeZone: this.#timeZone,
      keptAsQuartersMs: this.#keptAsQuartersMs,
      since: this.#since,
      until: this.#until,
      pools,
    });
  }

  /** Begins anew when the new time is not joined to the old; `from` and `to` are Unix time in milliseconds, `from` on a quarter. */
  replace(from: number, to: number, cells: readonly Cell[]): void {
    const isJoined = this.#since < this.#until && from >= this.#since && from <= this.#until;
    if (!isJoined) {
      this.#pools = new Map();
      this.#since = from;
    }
    for (const known of this.#pools.values()) {
      for (const start of known.keys()) if (start >= from) known.delete(start);
    }
    this.#until = to;
    for (const cell of cells) this.#add(cell.pool, cell.start, cell.amounts);
  }

  /** Lets go of what is older than `oldest` and folds what is long ago into days of the billing calendar. */
  compact(oldest: number): void {
    const quartersFrom = this.#calendar.startOfDay(
      this.#calendar.dayOf(this.#until - this.#keptAsQuartersMs),
    );
    for (const [pool, cells] of this.#pools) {
      // Cells that are folded into a day are added behind, and are days already.
      for (const [start, amounts] of cells) {
        if (start >= quartersFrom) continue;
        const day = Math.max(this.#since, this.#calendar.startOfDay(this.#calendar.dayOf(start)));
        if (day === start && start >= oldest) continue;
        cells.delete(start);
        if (start >= oldest) this.#add(pool, day, amounts);
      }
      if (cells.size === 0) this.#pools.delete(pool);
    }
    this.#since = Math.max(this.#since, Math.min(oldest, this.#until));
  }

  /** In order of time. */
  cells(): readonly Cell[] {
    return [...this.#pools]
      .flatMap(([pool, cells]) => [...cells].map(([start, amounts]) => ({ pool, start, amounts })))
      .sort((a, b) => a.start - b.start);
  }

  #add(pool: string, start: number, [a, b]: Amounts): void {
    const cells = this.#pools.get(pool) ?? new Map<number, Amounts>();
    this.#pools.set(pool, cells);
    const [x, y] = cells.get(start) ?? [0, 0];
    cells.set(start, [x + a, y + b]);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What was remembered is only a saving; without it the weeks are read again.
    return undefined;
  }
}
