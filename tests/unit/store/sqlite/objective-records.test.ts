import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectiveRecords } from '../../../../src/core/ports/objective-records.ts';
import type { Store } from '../../../../src/core/ports/store.ts';
import { openStore } from '../../../../src/store/sqlite/open-store.ts';
import { breach, closed, day, event, hour, newYear } from '../../../contract/objective-records.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { createRecordingLog } from '../../../support/recording-log.ts';
import { createTempDir, type TempDir } from '../../../support/temp-dir.ts';
import { takeBackTo } from './older-schema.ts';

const state = { target: 'orders', objective: 'index_hit_ratio', subject: 'shop' } as const;
const series = { target: 'orders', metric: 'reeve_storage_bytes', subject: 'shop' } as const;

describe('what evaluation keeps on SQLite', () => {
  let directory: TempDir;
  let clock: FakeClock;
  let errors: unknown[];
  let store: Store;
  let records: ObjectiveRecords;
  /** Another connection, as the sqlite3 shell has one: it sees what is on disk. */
  let disk: DatabaseSync;

  const open = (): Promise<Store> =>
    openStore({
      path: directory.path,
      clock,
      log: createRecordingLog(),
      onError: (error) => errors.push(error),
    });

  beforeEach(async () => {
    directory = await createTempDir('store');
    clock = new FakeClock(newYear);
    errors = [];
    store = await open();
    records = store.objectives;
    disk = new DatabaseSync(join(directory.path, 'reeve.sqlite'));
  });

  afterEach(async () => {
    disk.close();
    await store.close();
    await directory.remove();
  });

  async function reopen(change: () => void): Promise<void> {
    await store.close();
    change();
    store = await open();
    records = store.objectives;
  }

  const rows = (table: string): number =>
    Number(disk.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']);
  const onDisk = (sql: string): unknown[] => disk.prepare(sql).all().map(Object.values).flat();

  /** Lets some rounds of writes happen; each saves something, so that housekeeping has its turn. */
  async function live(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      records.saveState({ ...state, subject: 'living', at: clock.now(), json: '{}' });
      await clock.advance(1_000);
    }
  }

  describe('at once', () => {
    it('writes a breach that opens, rises or closes; how bad it is within a second', async () => {
      const worst = "SELECT body ->> 'worst' FROM breach";
      records.saveBreach(breach({ worst: 0.8 }));
      expect(onDisk(worst)).toEqual([0.8]);

      records.saveBreach(breach({ worst: 0.7 }));
      expect(onDisk(worst)).toEqual([0.8]);
      await clock.advance(1_000);
      expect(onDisk(worst)).toEqual([0.7]);

      records.saveBreach(breach({ worst: 0.6, severity: 'page' }));
      expect(onDisk(worst)).toEqual([0.6]);
      records.saveBreach(breach({ worst: 0.5, severity: 'page', holders: ['evaluation', 'alert'] }));
      expect(onDisk(worst)).toEqual([0.5]);
      records.saveBreach(closed({ worst: 0.4 }));
      expect(onDisk(worst)).toEqual([0.4]);
    });

    it('does not bring back a breach as it was before, from what waited', async () => {
      records.saveBreach(breach());
      records.saveBreach(breach({ worst: 0.7 }));
      records.saveBreach(closed({ worst: 0.7 }));
      await clock.advance(2_000);

      expect(onDisk('SELECT closed_at FROM breach')).toEqual([newYear + hour]);
    });

    it('writes a state within a second, and once however often it was saved', async () => {
      records.saveState({ ...state, at: newYear, json: '1' });
      records.saveState({ ...state, at: newYear, json: '2' });
      expect(rows('objective_state')).toBe(0);

      await clock.advance(1_000);

      expect(onDisk('SELECT json FROM objective_state')).toEqual(['2']);
    });
  });

  describe('while the disk refuses', () => {
    beforeEach(() => disk.exec('BEGIN IMMEDIATE'));

    it('answers from memory, and writes all in order when it can', async () => {
      records.saveBreach(breach());
      records.addEvent(event({ text: '1' }));
      records.addEvent(event({ text: '2' }));
      records.addDaily(series, newYear, 7);
      expect(records.isNewDelivery('a', newYear)).toBe(true);
      expect(records.isNewDelivery('a', newYear)).toBe(false);
      await clock.advance(1_000);
      expect(errors).toHaveLength(1);

      disk.exec('ROLLBACK');
      records.addEvent(event({ text: '3' }));

      const texts = (): string[] => records.events({}).map(({ text }) => text);
      expect(texts()).toEqual(['3', '2', '1']);
      expect(records.breaches({})).toEqual([breach()]);
      await clock.advance(10_000);
      expect(onDisk(`SELECT body ->> 'text' FROM objective_event ORDER BY id`)).toEqual(['1', '2', '3']);
      expect([rows('breach'), rows('alert_delivery'), rows('daily_value')]).toEqual([1, 1, 1]);
      expect(texts()).toEqual(['3', '2', '1']);
    });

    it('gives up the oldest of very many events, not the memory of the process', () => {
      for (let each = 0; each < 20_010; each += 1) records.addEvent(event({ text: String(each) }));

      const kept = records.events({});

      expect(kept).toHaveLength(20_000);
      expect(kept.at(-1)?.text).toBe('10');
      disk.exec('ROLLBACK');
    });
  });

  describe('housekeeping', () => {
    it('deletes what is older than 400 days, deliveries after 30, and never an open breach', async () => {
      records.saveBreach(breach({ fingerprint: 'open', openedAt: newYear - 500 * day }));
      records.saveBreach(closed({ fingerprint: 'old', closedAt: newYear - 400 * day }));
      records.saveBreach(closed({ fingerprint: 'kept', closedAt: newYear - 399 * day }));
      records.saveBreach(closed({ fingerprint: 'new', closedAt: newYear }));
      for (const age of [400, 399, 0])
        records.addEvent(event({ at: newYear - age * day, text: String(age) }));
      for (const age of [30, 29, 0]) records.isNewDelivery(String(age), newYear - age * day);
      records.saveState({ ...state, at: newYear - 401 * day, json: '{}' });
      for (const age of [400, 0])
        records.addDaily({ ...series, subject: String(age) }, newYear - age * day, 1);

      await live(10);

      expect(onDisk('SELECT fingerprint FROM breach ORDER BY fingerprint')).toEqual(['kept', 'new', 'open']);
      expect(records.events({}).map(({ text }) => text)).toEqual(['0', '399']);
      expect(onDisk('SELECT key FROM alert_delivery ORDER BY key')).toEqual(['0', '29']);
      expect(onDisk('SELECT subject FROM objective_state')).toEqual(['living']);
      expect(onDisk('SELECT subject FROM daily_series')).toEqual(['0']);
      expect(rows('daily_value')).toBe(1);
    });

    it('deletes the days of a living series that are older than 400 days', async () => {
      for (const age of [402, 401, 400, 1]) records.addDaily(series, newYear - age * day, age);
      await clock.advance(1_000);
      records.addDaily(series, newYear, 0);
      await clock.advance(1_000);

      expect(onDisk('SELECT value FROM daily_value ORDER BY day')).toEqual([400, 1, 0]);
    });

    it('loses nothing to a time that is still to come', async () => {
      records.addEvent(event({ at: newYear }));
      records.addEvent(event({ at: newYear + 3_650 * day }));
      records.isNewDelivery('a', newYear);
      records.isNewDelivery('b', newYear + 3_650 * day);

      await live(5);

      expect([rows('objective_event'), rows('alert_delivery')]).toEqual([2, 2]);
    });

    it('loses nothing of a store that was not in use for years', async () => {
      records.addEvent(event({ at: newYear - 2_000 * day }));
      records.saveBreach(closed({ closedAt: newYear - 2_000 * day }));

      await live(5);

      expect([rows('objective_event'), rows('breach')]).toEqual([1, 1]);
    });

    it('keeps 20,000 events and 5,000 closed breaches of a target, the newest', async () => {
      fill('objective_event (target, objective, subject, at, body)', `'orders', 'x', '', at, '{}'`, 20_300);
      fill('objective_event (target, objective, subject, at, body)', `'cache', 'x', '', at, '{}'`, 10);
      fill(
        'breach (fingerprint, target, objective, subject, opened_at, closed_at, body)',
        `n, 'orders', 'x', '', at, iif(n > 10, at, NULL), '{}'`,
        5_300,
      );
      records.addEvent(event({ at: newYear }));
      records.saveBreach(closed({ closedAt: newYear }));

      await live(10);

      expect(onDisk('SELECT target, count(*) FROM objective_event GROUP BY target ORDER BY 1')).toEqual([
        'cache',
        10,
        'orders',
        20_000,
      ]);
      expect(rows('breach')).toBe(5_010);
      expect(onDisk('SELECT count(*) FROM breach WHERE closed_at IS NULL')).toEqual([10]);
      expect(
        onDisk(`SELECT min(at) > ${newYear - day} FROM objective_event WHERE target = 'orders'`),
      ).toEqual([1]);
    });

    it('keeps 100,000 deliveries, the newest', async () => {
      fill('alert_delivery (key, at)', 'n, at', 100_300);
      records.isNewDelivery('newest', newYear);

      await live(5);

      expect(rows('alert_delivery')).toBe(100_000);
      expect(records.isNewDelivery('newest', newYear)).toBe(false);
    });

    it('holds 1,000 series of a target: one without values makes room, a living one does not', async () => {
      const at = newYear - day;
      for (let each = 0; each < 999; each += 1)
        records.addDaily({ ...series, subject: `subject ${each}` }, newYear, each);
      records.addDaily({ ...series, subject: 'gone' }, at, 1);
      await clock.advance(10_000);

      records.addDaily({ ...series, subject: 'new' }, newYear, 2);
      await clock.advance(10_000);
      records.addDaily({ ...series, subject: 'one too many' }, newYear, 3);
      records.addDaily({ ...series, target: 'cache' }, newYear, 4);
      await clock.advance(10_000);

      const days = (subject: string): number => records.daily({ ...series, subject }, 0).length;
      expect([days('gone'), days('new'), days('one too many'), days('subject 0')]).toEqual([0, 1, 0, 1]);
      expect(records.daily({ ...series, target: 'cache' }, 0)).toHaveLength(1);
      expect(rows('daily_value')).toBe(1_001);
    });

    /** Rows in which `at` stands for a time shortly before now, one a row, and `n` for its number. */
    function fill(into: string, values: string, count: number): void {
      disk.exec(
        `WITH RECURSIVE numbers (n, at) AS
           (SELECT 1, ${newYear - count} UNION ALL SELECT n + 1, at + 1 FROM numbers WHERE n < ${count})
         INSERT INTO ${into} SELECT ${values} FROM numbers`,
      );
    }
  });

  describe('what is on disk', () => {
    it('does not open with an open breach that it did not write, says where, and lets go of the store', async () => {
      records.saveBreach(breach());
      await store.close();
      disk.exec(`UPDATE breach SET body = '{"fingerprint":1}'`);

      await expect(open()).rejects.toMatchObject({ code: 'damaged' });
      await expect(open()).rejects.toThrow(
        /reeve\.sqlite is damaged \(the store holds something else than it wrote in table breach\): restore it/,
      );

      disk.exec('DELETE FROM breach');
      store = await open();
    });

    it.each(['no json', '{}', '[]'])('refuses the body %s when it is read', async (body) => {
      records.saveBreach(closed());
      records.addEvent(event());
      await reopen(() => {
        disk.prepare('UPDATE breach SET body = ?').run(body);
        disk.prepare('UPDATE objective_event SET body = ?').run(body);
      });

      expect(() => records.breaches({})).toThrow(expect.objectContaining({ code: 'damaged' }));
      expect(() => records.events({})).toThrow(expect.objectContaining({ code: 'damaged' }));
    });

    it('leaves out the state of an objective that is no more', async () => {
      records.saveState({ ...state, at: newYear, json: '{}' });
      await reopen(() => disk.exec(`UPDATE objective_state SET objective = 'of_old'`));

      expect(records.states('orders')).toEqual([]);
    });

    it('is brought up to date from the version before, with what it had', async () => {
      store.memory('orders').write('spend', '1');
      await reopen(() => takeBackTo(3, disk));

      records.saveBreach(breach());

      expect(store.memory('orders').read('spend')).toBe('1');
      expect(records.breaches({ open: true })).toHaveLength(1);
    });

    it('takes times that cannot be kept for what they are', () => {
      expect(() => records.addEvent(event({ at: Number.NaN }))).toThrow(RangeError);
      expect(() => records.saveBreach(breach({ openedAt: Number.POSITIVE_INFINITY }))).toThrow(RangeError);
      expect(() => records.isNewDelivery('a', Number.NaN)).toThrow(RangeError);
      expect([rows('objective_event'), rows('breach'), rows('alert_delivery')]).toEqual([0, 0, 0]);
    });
  });
});
