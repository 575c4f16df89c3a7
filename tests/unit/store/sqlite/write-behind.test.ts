import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChangeSet, WriteBehind } from '../../../../src/store/sqlite/write-behind.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { createRecordingLog, type RecordingLog } from '../../../support/recording-log.ts';

const payload = 'x'.repeat(5_000);

describe('WriteBehind', () => {
  let database: DatabaseSync;
  let clock: FakeClock;
  let log: RecordingLog;
  let errors: unknown[];
  let writes: WriteBehind;

  beforeEach(() => {
    database = new DatabaseSync(':memory:');
    database.exec('CREATE TABLE item (key TEXT PRIMARY KEY, payload TEXT)');
    clock = new FakeClock();
    log = createRecordingLog();
    errors = [];
    writes = new WriteBehind({
      database,
      file: 'x.sqlite',
      clock,
      log,
      onError: (error) => errors.push(error),
    });
  });

  afterEach(() => database.close());

  function changesOf(...keys: readonly string[]): ChangeSet & { readonly order: string[] } {
    const put = database.prepare('INSERT OR REPLACE INTO item VALUES (?, ?)');
    const order: string[] = [];
    return {
      order,
      changed: new Set(keys),
      write: (key) => {
        put.run(key, payload);
        order.push(key);
      },
      finish: () => order.push('finish'),
    };
  }

  function stored(): number {
    return Number(database.prepare('SELECT count(*) AS count FROM item').get()?.['count']);
  }

  /** Makes the disk full, as SQLite sees it, or gives it room again. */
  function limitPages(pages: number): void {
    database.exec(`PRAGMA max_page_count = ${pages}`);
  }

  it('writes a second after the first change, not before', async () => {
    writes.add(changesOf('a'));
    await clock.advance(999);
    expect(stored()).toBe(0);

    await clock.advance(1);

    expect(stored()).toBe(1);
  });

  it('writes what changed several times once', async () => {
    const changes = changesOf('a');
    writes.add(changes);
    changes.changed.add('a');
    writes.add(changes);
    await clock.advance(5_000);

    expect(changes.order).toEqual(['a', 'finish']);
  });

  it('writes in slices and finishes after the last', async () => {
    const keys = Array.from({ length: 600 }, (_unused, index) => `key ${index}`);
    const changes = changesOf(...keys);
    writes.add(changes);
    await clock.advance(1_000);

    expect(changes.order).toEqual([...keys, 'finish']);
  });

  it('finishes a set that has nothing else to write', async () => {
    const changes = changesOf();
    writes.add(changes);
    await clock.advance(1_000);

    expect(changes.order).toEqual(['finish']);
  });

  it('keeps what it could not write, counts each failure and logs the first', async () => {
    limitPages(3);
    writes.add(changesOf(...Array.from({ length: 10 }, (_unused, index) => `key ${index}`)));

    await clock.advance(1_000 + 2_000 + 4_000);

    expect(stored()).toBe(0);
    expect(errors).toHaveLength(3);
    expect(log.events.map(({ level, message }) => [level, message])).toEqual([
      ['error', 'store write failed, retrying; history is kept in memory meanwhile'],
    ]);
    expect(log.events[0]?.fields).toMatchObject({ path: 'x.sqlite', error: 'database or disk is full' });
  });

  it('writes all of it when there is room again, and says so once', async () => {
    limitPages(3);
    writes.add(changesOf(...Array.from({ length: 600 }, (_unused, index) => `key ${index}`)));
    await clock.advance(1_000);

    limitPages(100_000);
    await clock.advance(2_000);

    expect(stored()).toBe(600);
    expect(log.events.map(({ message }) => message).slice(1)).toEqual(['store writes again']);
  });

  it('waits at most a minute between tries', async () => {
    limitPages(3);
    writes.add(changesOf('a'));
    await clock.advance(10 * 60_000);
    const before = errors.length;

    limitPages(100_000);
    await clock.advance(60_000);

    expect(before).toBeGreaterThan(10);
    expect(stored()).toBe(1);
  });

  it('writes what waits when it is closed', async () => {
    writes.add(changesOf('a'));

    await writes.close();

    expect(stored()).toBe(1);
  });

  it('says how much is lost when it cannot write at the end either', async () => {
    limitPages(3);
    writes.add(changesOf('a', 'b'));

    await writes.close();

    expect(log.events.at(-1)).toMatchObject({ message: 'changes lost at shutdown', fields: { rows: 2 } });
  });
});
