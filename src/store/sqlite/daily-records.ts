import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../../core/ports/clock.ts';
import type { DailySeries, DailyValue } from '../../core/ports/objective-records.ts';
import { dayOf, keptMs } from '../objective-limits.ts';
import { checkTimes } from '../objective-values.ts';
import { DailyTable } from './daily-table.ts';
import type { Sweep } from './housekeeping.ts';
import { PendingRows } from './pending-rows.ts';
import { readNumber, readOptionalNumber } from './row.ts';
import type { WriteBehind } from './write-behind.ts';

/** Days of one series that wait to be written. */
interface PendingDays {
  readonly series: DailySeries;
  readonly values: ReadonlyMap<number, number>;
}

/** One value a day of what is forecast. */
export class DailyRecords implements Sweep {
  readonly #clock: Clock;
  readonly #table: DailyTable;
  readonly #pending: PendingRows<PendingDays>;
  readonly #newest: StatementSync;
  readonly #gone: StatementSync;

  constructor(database: DatabaseSync, writes: WriteBehind, clock: Clock) {
    this.#clock = clock;
    const table = new DailyTable(database);
    this.#table = table;
    this.#newest = database.prepare('SELECT max(last_day) AS day FROM daily_series');
    this.#gone = database.prepare('SELECT id FROM daily_series WHERE last_day <= ? LIMIT 1');
    this.#pending = new PendingRows(writes, {
      put({ series, values }) {
        for (const [day, value] of values) table.put(series, { day, value });
      },
    });
  }

  add(series: DailySeries, at: number, value: number): void {
    checkTimes('daily value', at, value);
    const name = nameOf(series);
    const values = new Map(this.#pending.get(name)?.values).set(dayOf(at), value);
    this.#pending.add(name, { series, values });
  }

  days(series: DailySeries, since: number): readonly DailyValue[] {
    const values = new Map(this.#table.days(series, since).map(({ day, value }) => [day, value]));
    for (const [day, value] of this.#pending.get(nameOf(series))?.values ?? [])
      if (day >= since) values.set(day, value);
    return [...values].map(([day, value]) => ({ day, value })).sort((one, other) => one.day - other.day);
  }

  /** Deletes a series that had no value for long before the latest one. */
  step(): boolean {
    const newest = Math.min(readOptionalNumber(this.#newest.get(), 'day') ?? 0, this.#clock.now());
    const gone = this.#gone.get(newest - keptMs.daily);
    if (gone === undefined) return false;
    this.#table.drop(readNumber(gone, 'id'));
    return true;
  }
}

function nameOf({ target, metric, subject }: DailySeries): string {
  return JSON.stringify([target, metric, subject]);
}
