import { z } from 'zod';
import type { DailySeries, DailyValue } from '../../core/ports/objective-records.ts';
import { dayOf, keptMs, mostKept } from '../objective-limits.ts';
import { checkTimes } from '../objective-values.ts';
import type { StoreClient, StoreSession } from './client.ts';
import { PendingRows } from './pending-rows.ts';
import { sendRows } from './row-sets.ts';
import { type LoadScope, type SharedRows, writtenByAnyone } from './shared-rows.ts';
import { fromStored, toStored } from './stored-text.ts';
import type { WriteBehind } from './write-behind.ts';

interface PendingDay extends DailyValue {
  readonly series: DailySeries;
}

/** The days of one series, oldest first; two plain lists, because there are many of them. */
interface Days {
  readonly days: number[];
  readonly values: number[];
}

const dayRow = z.object({
  target: z.string().transform(fromStored),
  metric: z.string(),
  subject: z.string().transform(fromStored),
  day: z.number(),
  value: z.number(),
});

/** Of series that another agent writes, only the last days change. */
const takenOverMs = 3 * 86_400_000;

/** One value a day of what is forecast, in memory. */
export class DailyRecords implements SharedRows {
  readonly #client: StoreClient;
  readonly #pending: PendingRows<PendingDay>;
  readonly #targets = new Map<string, Map<string, Days>>();

  constructor(client: StoreClient, writes: WriteBehind, agent: string) {
    this.#client = client;
    this.#pending = new PendingRows(writes, { put: (session, rows) => put(session, rows, agent) });
  }

  /** Where the target has too many series, the one without values for the longest time makes room; when all are alive, a new one is not begun. */
  add(series: DailySeries, at: number, value: number): void {
    checkTimes('daily value', at, value);
    const day = dayOf(at);
    if (!this.#set(series, day, value)) return;
    this.#pending.add(JSON.stringify([nameOf(series), day]), { series, day, value });
  }

  days(series: DailySeries, since: number): readonly DailyValue[] {
    const known = this.#targets.get(series.target)?.get(nameOf(series));
    if (known === undefined) return [];
    return known.days
      .map((day, index) => ({ day, value: known.values[index] ?? 0 }))
      .filter(({ day }) => day >= since);
  }

  async load({ where, values }: LoadScope): Promise<void> {
    const isAll = where === writtenByAnyone;
    const sql = `SELECT target, metric, subject, day, value FROM reeve.daily_series
      JOIN reeve.daily_value ON series_id = id AND day >= last_day - ${isAll ? keptMs.daily : takenOverMs}
      WHERE ${where} ORDER BY id, day`;
    for (const row of await this.#client.rows(dayRow, sql, values)) {
      const { day, value, ...series } = row;
      if (!this.#pending.has(JSON.stringify([nameOf(series), day]))) this.#set(series, day, value);
    }
  }

  #set(series: DailySeries, day: number, value: number): boolean {
    const ofTarget = this.#targets.get(series.target) ?? new Map<string, Days>();
    this.#targets.set(series.target, ofTarget);
    const name = nameOf(series);
    let known = ofTarget.get(name);
    if (known === undefined) {
      if (!makeRoom(ofTarget, day)) return false;
      known = { days: [], values: [] };
      ofTarget.set(name, known);
    }
    setDay(known, day, value);
    return true;
  }
}

function nameOf({ target, metric, subject }: DailySeries): string {
  return JSON.stringify([target, metric, subject]);
}

function makeRoom(series: Map<string, Days>, day: number): boolean {
  if (series.size < mostKept.dailySeriesOfTarget) return true;
  const lastDay = ([, { days }]: readonly [string, Days]): number => days.at(-1) ?? 0;
  const [stalest] = [...series].sort((one, other) => lastDay(one) - lastDay(other));
  if (stalest === undefined || lastDay(stalest) >= day) return false;
  return series.delete(stalest[0]);
}

function setDay({ days, values }: Days, day: number, value: number): void {
  let at = days.length;
  while (at > 0 && (days[at - 1] ?? 0) >= day) at -= 1;
  const isKnown = days[at] === day;
  days.splice(at, isKnown ? 1 : 0, day);
  values.splice(at, isKnown ? 1 : 0, value);
  const newest = days.at(-1) ?? day;
  const old = days.findIndex((one) => one >= newest - keptMs.daily);
  if (old <= 0) return;
  days.splice(0, old);
  values.splice(0, old);
}

async function put(session: StoreSession, days: readonly PendingDay[], agent: string): Promise<void> {
  const rows = days.map(({ series: { target, metric, subject }, day, value }) => ({
    target: toStored(target),
    metric,
    subject: toStored(subject),
    day,
    value,
  }));
  const fields = '(target text, metric text, subject text, day float8, value float8)';
  await sendRows(
    session,
    `INSERT INTO reeve.daily_series AS series (target, metric, subject, last_day, agent)
     SELECT target, metric, subject, max(day), $2 FROM json_to_recordset($1::text::json) AS row ${fields}
     GROUP BY target, metric, subject
     ON CONFLICT (target, metric, subject) DO UPDATE SET last_day = greatest(series.last_day, excluded.last_day), agent = excluded.agent,
       written_at = now()`,
    rows,
    [agent],
  );
  await sendRows(
    session,
    `INSERT INTO reeve.daily_value (series_id, day, value)
     SELECT id, row.day, row.value FROM json_to_recordset($1::text::json) AS row ${fields} JOIN reeve.daily_series USING (target, metric, subject)
     ON CONFLICT (series_id, day) DO UPDATE SET value = excluded.value`,
    rows,
  );
}
