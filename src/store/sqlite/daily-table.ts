import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DailySeries, DailyValue } from '../../core/ports/objective-records.ts';
import { keptMs, mostKept } from '../objective-limits.ts';
import { readNumber } from './row.ts';

/** The statements on `daily_series` and `daily_value`, prepared once. */
export class DailyTable {
  readonly #series: StatementSync;
  readonly #count: StatementSync;
  readonly #stalest: StatementSync;
  readonly #addSeries: StatementSync;
  readonly #touch: StatementSync;
  readonly #put: StatementSync;
  readonly #days: StatementSync;
  readonly #dropOldDays: StatementSync;
  readonly #dropDays: StatementSync;
  readonly #dropSeries: StatementSync;

  constructor(database: DatabaseSync) {
    const prepare = (sql: string): StatementSync => database.prepare(sql);
    this.#series = prepare(
      'SELECT id, last_day FROM daily_series WHERE target = ? AND metric = ? AND subject = ?',
    );
    this.#count = prepare('SELECT count(*) AS count FROM daily_series WHERE target = ?');
    this.#stalest = prepare(
      'SELECT id, last_day FROM daily_series WHERE target = ? ORDER BY last_day LIMIT 1',
    );
    this.#addSeries = prepare(
      'INSERT INTO daily_series (target, metric, subject, last_day) VALUES (?, ?, ?, ?)',
    );
    this.#touch = prepare('UPDATE daily_series SET last_day = max(last_day, ?) WHERE id = ?');
    this.#put = prepare(
      `INSERT INTO daily_value (series_id, day, value) VALUES (?, ?, ?)
       ON CONFLICT (series_id, day) DO UPDATE SET value = excluded.value`,
    );
    this.#days = prepare('SELECT day, value FROM daily_value WHERE series_id = ? AND day >= ? ORDER BY day');
    this.#dropOldDays = prepare('DELETE FROM daily_value WHERE series_id = ? AND day < ?');
    this.#dropDays = prepare('DELETE FROM daily_value WHERE series_id = ?');
    this.#dropSeries = prepare('DELETE FROM daily_series WHERE id = ?');
  }

  /**
   * Writes one day, in the transaction of the caller, and deletes days that became too old. Where the target has too many series, the one
   * without values for the longest time makes room; when all of them are alive, a new one is not begun.
   */
  put(series: DailySeries, { day, value }: DailyValue): void {
    const known = this.#find(series);
    if (known === undefined && !this.#makeRoom(series.target, day)) return;
    const id = known?.id ?? this.#begin(series, day);
    this.#put.run(id, day, value);
    if (known !== undefined && day > known.lastDay) {
      this.#touch.run(day, id);
      this.#dropOldDays.run(id, day - keptMs.daily);
    }
  }

  days(series: DailySeries, since: number): DailyValue[] {
    const known = this.#find(series);
    if (known === undefined) return [];
    return this.#days
      .all(known.id, since)
      .map((row) => ({ day: readNumber(row, 'day'), value: readNumber(row, 'value') }));
  }

  /** In the transaction of the caller. */
  drop(id: number): void {
    this.#dropDays.run(id);
    this.#dropSeries.run(id);
  }

  #begin({ target, metric, subject }: DailySeries, day: number): number {
    return Number(this.#addSeries.run(target, metric, subject, day).lastInsertRowid);
  }

  #find({ target, metric, subject }: DailySeries): { id: number; lastDay: number } | undefined {
    const row = this.#series.get(target, metric, subject);
    return row === undefined
      ? undefined
      : { id: readNumber(row, 'id'), lastDay: readNumber(row, 'last_day') };
  }

  #makeRoom(target: string, day: number): boolean {
    if (readNumber(this.#count.get(target), 'count') < mostKept.dailySeriesOfTarget) return true;
    const stalest = this.#stalest.get(target);
    if (readNumber(stalest, 'last_day') >= day) return false;
    this.drop(readNumber(stalest, 'id'));
    return true;
  }
}
