import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../../src/core/ports/store.ts';
import { openStore } from '../../../../src/store/sqlite/open-store.ts';
import { migrate } from '../../../../src/store/sqlite/schema.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { createRecordingLog } from '../../../support/recording-log.ts';
import { createTempDir, type TempDir } from '../../../support/temp-dir.ts';

describe('openStore', () => {
  let directory: TempDir;
  let path: string;
  let clock: FakeClock;

  beforeEach(async () => {
    directory = await createTempDir('store');
    path = join(directory.path, 'deep', 'data');
    clock = new FakeClock();
  });

  afterEach(() => directory.remove());

  const open = (onError?: (error: unknown) => void): Promise<Store> =>
    openStore({ path, clock, log: createRecordingLog(), ...(onError === undefined ? {} : { onError }) });

  async function observe(store: Store, at: number): Promise<void> {
    const indexes = [{ key: '1', scans: at, epoch: 'e' }];
    await store.history.observeIndexes({
      cluster: 'c',
      member: 'm',
      generation: '1',
      database: 'd',
      at,
      indexes,
    });
  }

  it('creates a directory and files that only this user can read', async () => {
    await (await open()).close();

    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'reeve.sqlite')).mode & 0o077).toBe(0);
  });

  it.skipIf(!existsSync('/proc/self'))('refuses a directory that no one can make, at once', async () => {
    path = '/proc/reeve/data';

    await expect(open()).rejects.toThrow(
      /the store \/proc\/reeve\/data cannot be opened: ENOENT.*mkdir '\/proc\/reeve'/,
    );
  });

  it('refuses a second opener in the same process and opens again after closing', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ name: 'StoreError', code: 'locked' });

    await first.close();

    await (await open()).close();
  });

  it('names nobody where the holder is not known', async () => {
    const first = await open();
    writeFileSync(join(path, 'lock.pid'), 'garbage');

    await expect(open()).rejects.toThrow(/in use by another Reeve: stop that one/);

    await first.close();
  });

  it('refuses what a newer version wrote and leaves it alone', async () => {
    await (await open()).close();
    const file = join(path, 'reeve.sqlite');
    const database = new DatabaseSync(file);
    database.exec(`INSERT INTO schema_migration VALUES (99, 'of the future', 0)`);
    database.close();

    await expect(open()).rejects.toThrow(/written by a newer version of Reeve \(schema 99/);
    await expect(open()).rejects.toMatchObject({ code: 'newer' });
  });

  it('refuses a file that is no database, says what to do and deletes nothing', async () => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'reeve.sqlite'), 'not a database, and long enough to be looked at'.repeat(100));

    await expect(open()).rejects.toThrow(/reeve\.sqlite is damaged .* move it .* away/);
    await expect(open()).rejects.toMatchObject({ code: 'damaged' });
    expect(readFileSync(join(path, 'reeve.sqlite'), 'utf8')).toContain('not a database');
  });

  it('refuses a damaged page', async () => {
    const store = await open();
    for (let at = 1; at <= 50; at += 1)
      await store.history.firstSeen(
        's',
        Array.from({ length: 100 }, (_unused, i) => `key ${at} ${i}`),
        at,
      );
    await store.close();
    const file = join(path, 'reeve.sqlite');
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.fill(0xa5, 4096 * 8, 4096 * 12));

    await expect(open()).rejects.toMatchObject({ code: 'damaged' });
  });

  it('refuses values of another kind than it wrote', async () => {
    const store = await open();
    await observe(store, 1);
    await store.close();
    const database = new DatabaseSync(join(path, 'reeve.sqlite'));
    database.exec(`UPDATE index_member SET links = '{"names":1}'; UPDATE index_use SET gaps = 'no json'`);
    database.close();

    const again = await open();

    await expect(again.history.indexUsage('c', 'd')).rejects.toMatchObject({ code: 'damaged' });
    await again.close();
  });

  it('refuses a path that is a file', async () => {
    mkdirSync(join(directory.path, 'deep'));
    writeFileSync(path, '');

    await expect(open()).rejects.toMatchObject({ code: 'unusable' });
    await expect(open()).rejects.toThrow(/store\.path must be a directory that this user may write/);
  });

  it('goes on while another process keeps the file from being written, and writes later', async () => {
    const errors: unknown[] = [];
    const store = await open((error) => errors.push(error));
    const other = new DatabaseSync(join(path, 'reeve.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    await observe(store, 1_000);
    await clock.advance(1_000);

    expect(errors).toHaveLength(1);
    expect(await store.history.indexUsage('c', 'd')).toHaveLength(1);

    other.exec('ROLLBACK');
    await clock.advance(2_000);

    expect(other.prepare('SELECT at FROM index_member').get()).toEqual({ at: 1_000 });
    other.close();
    await store.close();
  });

  it('gives no number twice, also after a process died between an index and its member', async () => {
    const store = await open();
    await observe(store, 1_000);
    await store.close();
    const database = new DatabaseSync(join(path, 'reeve.sqlite'));
    database.exec('DELETE FROM index_member');
    database.close();

    const again = await open();
    await again.history.observeIndexes({
      cluster: 'c',
      member: 'other',
      generation: '1',
      database: 'd',
      at: 2_000,
      indexes: [],
    });
    await again.close();

    const last = await open();
    const members = await last.history.indexUsage('c', 'd');
    expect(members.map(({ member, indexes }) => [member, indexes.size])).toEqual([['other', 0]]);
    await last.close();
  });

  it('leaves its files and no others', async () => {
    await (await open()).close();

    expect(readdirSync(path).sort()).toEqual(['lock.pid', 'lock.sqlite', 'reeve.sqlite']);
  });
});

describe('migrate', () => {
  const first = { name: 'first', sql: 'CREATE TABLE one (a TEXT)' };

  it('does each step once, in order', () => {
    const database = new DatabaseSync(':memory:');
    migrate(database, 'x', 1, [first]);

    migrate(database, 'x', 2, [first, { name: 'second', sql: 'ALTER TABLE one ADD COLUMN b TEXT' }]);

    expect(database.prepare('SELECT * FROM schema_migration').all()).toEqual([
      { version: 1, name: 'first', applied_at: 1 },
      { version: 2, name: 'second', applied_at: 2 },
    ]);
  });

  it('leaves nothing of a step that fails', () => {
    const database = new DatabaseSync(':memory:');
    const broken = { name: 'broken', sql: 'CREATE TABLE two (a TEXT); CREATE TABLE one (a TEXT)' };

    expect(() => migrate(database, 'x', 1, [first, broken])).toThrow(/table one already exists/);

    expect(database.prepare('SELECT count(*) AS count FROM schema_migration').get()).toEqual({ count: 1 });
    expect(database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'two'`).get()).toBeUndefined();
  });
});
