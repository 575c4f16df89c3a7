import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IndexUsageReading } from '../../../../src/core/index-usage.ts';
import type { Store } from '../../../../src/core/ports/store.ts';
import { openStore } from '../../../../src/store/sqlite/open-store.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { createRecordingLog } from '../../../support/recording-log.ts';
import { createTempDir, type TempDir } from '../../../support/temp-dir.ts';
import { takeBackTo } from './older-schema.ts';

const hour = 3_600_000;
const day = 24 * hour;

describe('Housekeeping', () => {
  let directory: TempDir;
  let clock: FakeClock;
  let store: Store;
  let disk: DatabaseSync;

  const open = (): Promise<Store> => openStore({ path: directory.path, clock, log: createRecordingLog() });

  beforeEach(async () => {
    directory = await createTempDir('store');
    clock = new FakeClock();
    store = await open();
    disk = new DatabaseSync(join(directory.path, 'reeve.sqlite'));
  });

  afterEach(async () => {
    disk.close();
    await store.close();
    await directory.remove();
  });

  async function observe(part: Partial<IndexUsageReading>, indexes = 1): Promise<void> {
    await store.history.observeIndexes({
      cluster: 'c',
      member: 'm',
      generation: '1',
      database: 'd',
      at: 0,
      indexes: Array.from({ length: indexes }, (_unused, index) => ({
        key: String(index),
        scans: 5,
        epoch: 'e',
      })),
      ...part,
    });
  }

  /** Lets the writes of some seconds happen, a round each, while the store is in use. */
  async function use(at: number, seconds = 3): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      await observe({ member: 'living', at: at + second });
      await store.history.firstSeen('living', ['a'], at + second);
      await clock.advance(1_000);
    }
  }

  async function reopen(): Promise<void> {
    await store.close();
    store = await open();
  }

  const rows = (table: string): number =>
    Number(disk.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']);
  const members = (): unknown[] =>
    disk
      .prepare('SELECT member FROM index_member ORDER BY member')
      .all()
      .map(({ member }) => member);
  const scopes = (): unknown[] =>
    disk
      .prepare('SELECT scope FROM seen_scope ORDER BY scope')
      .all()
      .map(({ scope }) => scope);

  it('deletes members and scopes that were not seen for 400 days before the latest reading', async () => {
    await observe({ member: 'gone', database: 'gone' }, 10);
    await store.history.firstSeen('gone', ['a', 'b'], 0);
    await observe({ member: 'resting', at: 2 * day });
    await store.history.firstSeen('resting', [], 2 * day);
    await reopen();

    await use(401 * day);

    expect([members(), scopes()]).toEqual([
      ['living', 'resting'],
      ['living', 'resting'],
    ]);
    expect([rows('index_use'), rows('seen_key')]).toEqual([2, 1]);
  });

  it('deletes a member that is gone while others of its cluster are asked for', async () => {
    await observe({ member: 'gone' });
    for (let days = 1; days < 405; days += 1) {
      await use(days * day, 1);
      await clock.advance(day);
    }

    expect(members()).toEqual(['living']);
    expect((await store.history.indexUsage('c', 'd')).map(({ member }) => member)).toEqual(['living']);
  });

  it('has on disk at once what must outlive a process that is killed', () => {
    store.memory('target').write('later', 'b');
    store.memory('target').write('now', 'a', 'now');

    expect(disk.prepare('SELECT key, value FROM target_memory').all()).toEqual([{ key: 'now', value: 'a' }]);
  });

  it('deletes a few rows at a time', async () => {
    await observe({ member: 'gone', database: 'gone' }, 1_000);
    await reopen();
    const left: number[] = [];

    for (let second = 1; second <= 6; second += 1) {
      await use(401 * day + second, 1);
      left.push(rows('index_use') - 1);
    }

    expect(left).toEqual([750, 500, 250, 0, 0, 0]);
    expect(members()).toEqual(['living']);
  });

  it('loses nothing of a store that nobody used for years', async () => {
    await observe({});
    await store.history.firstSeen('s', ['a'], 0);
    await reopen();
    clock.jump(3_000 * day);

    await clock.advance(2 * day);
    await reopen();

    expect(await store.history.indexUsage('c', 'd')).toHaveLength(1);
    expect((await store.history.firstSeen('s', ['a'], day)).baseline).toBe(0);
  });

  it('watches a member that comes back after so long anew, at the latest where it was deleted', async () => {
    await observe({ member: 'gone', database: 'gone' }, 600);
    await reopen();
    await use(401 * day, 2);

    await observe({ member: 'gone', database: 'gone', at: 401 * day }, 600);
    await use(402 * day, 10);
    await reopen();

    const [member] = await store.history.indexUsage('c', 'gone');
    const starts = [...(member?.indexes.values() ?? [])].map(({ watchedSince }) => watchedSince);
    expect(starts).toHaveLength(600);
    expect(new Set(starts)).toEqual(new Set([0, 401 * day]));
  });

  it('calls nothing new in a scope that comes back after so long', async () => {
    const keys = Array.from({ length: 600 }, (_unused, index) => `key ${index}`);
    await store.history.firstSeen('gone', keys, 0);
    await reopen();
    await use(401 * day, 2);

    const { baseline, times } = await store.history.firstSeen('gone', keys, 401 * day);

    expect([...times.values()].filter((at) => at > baseline)).toEqual([]);
  });

  it('deletes indexes and keys whose head was never written', async () => {
    await observe({}, 300);
    await store.history.firstSeen('s', ['a'], 0);
    await store.close();
    disk.exec('DELETE FROM index_member; DELETE FROM seen_scope');
    store = await open();

    await use(day);

    expect([rows('index_use'), rows('seen_key')]).toEqual([1, 1]);
  });

  it('lets go of what nobody asked for in an hour, and reads it again', async () => {
    await observe({ database: 'quiet' });
    await store.history.firstSeen('quiet', [], 0);
    await use(1);
    disk.exec(`UPDATE index_member SET generation = 'on disk'; UPDATE seen_scope SET baseline = -1`);
    const generation = async (database: string) =>
      (await store.history.indexUsage('c', database)).map((each) => each.generation);

    await clock.advance(50 * 60_000);
    await use(2, 1);
    await clock.advance(11 * 60_000);
    await use(3, 1);

    expect(await generation('d')).toEqual(['1']);
    expect(await generation('quiet')).toEqual(['on disk']);
    expect((await store.history.firstSeen('living', [], 4)).baseline).toBe(1);
    expect((await store.history.firstSeen('quiet', [], 4)).baseline).toBe(-1);
  });

  it('lets go of nothing that is not written yet', async () => {
    disk.exec('BEGIN IMMEDIATE');
    await observe({ database: 'quiet', at: 7 });
    await clock.advance(3 * hour);
    await use(1, 1);
    await clock.advance(3 * hour);
    await use(1, 1);

    const [member] = await store.history.indexUsage('c', 'quiet');

    expect(member?.at).toBe(7);
    disk.exec('ROLLBACK');
  });

  it('knows of scopes from before it counted when they were last seen', async () => {
    await store.history.firstSeen('old', ['a'], 5);
    await store.history.firstSeen('old', ['b'], 9 * hour);
    await store.history.firstSeen('empty', [], 7);
    await store.close();
    takeBackTo(1, disk);

    store = await open();

    expect(disk.prepare('SELECT scope, last_at FROM seen_scope ORDER BY scope').all()).toEqual([
      { scope: 'empty', last_at: 7 },
      { scope: 'old', last_at: 9 * hour },
    ]);
  });
});
