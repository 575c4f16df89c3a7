import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IndexCount, IndexUsageReading, MemberIndexUsage } from '../../src/core/index-usage.ts';
import type { History } from '../../src/core/ports/history.ts';
import type { Store } from '../../src/core/ports/store.ts';

/** A place where a store can be opened again and again. */
export interface StorePlace extends AsyncDisposable {
  open(): Promise<Store>;
}

export interface StoreTraits {
  /** What was written is there after closing and opening again. */
  readonly isDurable: boolean;
}

/** What every store keeps its word on, whatever it is made of. */
export function describeStore(
  name: string,
  createPlace: () => Promise<StorePlace>,
  traits: StoreTraits,
): void {
  let place: StorePlace;
  let store: Store;

  beforeEach(async () => {
    place = await createPlace();
    store = await place.open();
  });

  afterEach(async () => {
    await store.close();
    await place[Symbol.asyncDispose]();
  });

  async function reopen(): Promise<History> {
    await store.close();
    store = await place.open();
    return store.history;
  }

  describe(`${name}: index usage`, () => {
    it('knows nothing about a cluster it never saw', async () => {
      expect(await store.history.indexUsage('postgres:1', 'shop')).toEqual([]);
    });

    it('starts to watch an index at its first reading, whatever its counter says', async () => {
      await store.history.observeIndexes(reading({ at: 1_000, indexes: [count('16400', 77)] }));

      expect(await usage(store.history)).toEqual([
        {
          member: 'primary',
          generation: '1',
          at: 1_000,
          indexes: { 16400: { key: '16400', scans: 77, epoch: 'e1', watchedSince: 1_000, scansSeen: 0 } },
        },
      ]);
    });

    it('counts uses over a statistics reset', async () => {
      await observe(store.history, [1_000, count('16400', 5, 'e1')], [2_000, count('16400', 8, 'e1')]);
      await observe(store.history, [3_000, count('16400', 2, 'e2')]);

      expect((await usage(store.history))[0]?.indexes['16400']).toEqual({
        key: '16400',
        scans: 2,
        epoch: 'e2',
        watchedSince: 1_000,
        scansSeen: 5,
        lastUsedAt: 3_000,
        gaps: [3_000],
      });
    });

    it('keeps members, databases and clusters apart', async () => {
      await store.history.observeIndexes(reading({ member: 'primary', indexes: [count('16400', 1)] }));
      await store.history.observeIndexes(reading({ member: 'standby', indexes: [count('16400', 9)] }));
      await store.history.observeIndexes(reading({ database: 'blog', indexes: [count('16400', 4)] }));
      await store.history.observeIndexes(reading({ cluster: 'postgres:2', indexes: [count('16400', 3)] }));

      const found = await usage(store.history);

      expect(found.map(({ member, indexes }) => [member, indexes['16400']?.scans])).toEqual([
        ['primary', 1],
        ['standby', 9],
      ]);
    });

    it('shows clones that share the cluster identity with their generation', async () => {
      await store.history.observeIndexes(reading({ member: 'orders', generation: '1' }));
      await store.history.observeIndexes(reading({ member: 'clone', generation: '2' }));
      await store.history.observeIndexes(reading({ member: 'orders', generation: '3', at: 2_000 }));

      const found = await usage(store.history);

      expect(Object.fromEntries(found.map(({ member, generation }) => [member, generation]))).toEqual({
        clone: '2',
        orders: '3',
      });
    });

    it('forgets an index that was dropped, and watches its successor from the start', async () => {
      await observe(store.history, [1_000, count('16400', 5)]);
      await store.history.observeIndexes(reading({ at: 2_000, indexes: [count('16500', 0)] }));
      await store.history.observeIndexes(
        reading({ at: 3_000, indexes: [count('16400', 9), count('16500', 0)] }),
      );

      const [member] = await usage(store.history);

      expect(member?.indexes['16400']?.watchedSince).toBe(3_000);
      expect(member?.indexes['16500']?.watchedSince).toBe(2_000);
    });

    it('gives out what was remembered then, not what is remembered later', async () => {
      await observe(store.history, [1_000, count('16400', 5)]);
      const [before] = await store.history.indexUsage('postgres:1', 'shop');

      await observe(store.history, [2_000, count('16400', 6)]);

      expect(before?.indexes.get('16400')?.scans).toBe(5);
    });

    it('keeps names with quotes, line breaks, NUL and every script', async () => {
      const odd = `o'"\\\n\0${'ж'.repeat(31)}`;
      await store.history.observeIndexes(reading({ member: odd, indexes: [count(odd, 1), count('', 2)] }));

      if (traits.isDurable) await reopen();

      const [member] = await usage(store.history);
      expect(member?.member).toBe(odd);
      expect(Object.keys(member?.indexes ?? {}).sort()).toEqual(['', odd]);
    });

    it.each([Number.NaN, Number.POSITIVE_INFINITY, -1])(
      'refuses %s scans and keeps what it had',
      async (scans) => {
        await observe(store.history, [1_000, count('16400', 5)]);

        await expect(observe(store.history, [2_000, count('16400', scans)])).rejects.toMatchObject({
          code: 'malformed',
        });

        expect((await usage(store.history))[0]?.at).toBe(1_000);
      },
    );

    it('takes 50,000 indexes at once', async () => {
      const many = Array.from({ length: 50_000 }, (_unused, index) => count(String(index), index));
      await store.history.observeIndexes(reading({ indexes: many }));

      if (traits.isDurable) await reopen();

      const [member] = await store.history.indexUsage('postgres:1', 'shop');
      expect(member?.indexes.size).toBe(50_000);
      expect(member?.indexes.get('49999')?.scans).toBe(49_999);
    });
  });

  describe(`${name}: first sight`, () => {
    it('calls nothing new that was there at the first look', async () => {
      const seen = await store.history.firstSeen('statements orders', ['a', 'b'], 1_000);

      expect(seen).toEqual({
        baseline: 1_000,
        times: new Map([
          ['a', 1_000],
          ['b', 1_000],
        ]),
      });
    });

    it('says when a key appeared later', async () => {
      await store.history.firstSeen('statements orders', ['a'], 1_000);
      await store.history.firstSeen('statements orders', ['a', 'b'], 2_000);

      const seen = await store.history.firstSeen('statements orders', ['a', 'b', 'a'], 3_000);

      expect(seen).toEqual({
        baseline: 1_000,
        times: new Map([
          ['a', 1_000],
          ['b', 2_000],
        ]),
      });
    });

    it('remembers the baseline of a scope that had no keys', async () => {
      await store.history.firstSeen('statements orders', [], 1_000);

      const history = traits.isDurable ? await reopen() : store.history;

      expect(await history.firstSeen('statements orders', ['a'], 2_000)).toEqual({
        baseline: 1_000,
        times: new Map([['a', 2_000]]),
      });
    });

    it('keeps scopes apart', async () => {
      await store.history.firstSeen('one', ['a'], 1_000);

      expect((await store.history.firstSeen('two', ['a'], 2_000)).baseline).toBe(2_000);
    });

    it('holds 20,000 keys of a scope and makes room by dropping those unseen the longest', async () => {
      const day = 86_400_000;
      const keys = Array.from({ length: 20_000 }, (_unused, index) => `key ${index}`);
      await store.history.firstSeen('s', keys, day);
      await store.history.firstSeen('s', keys.slice(1), 2 * day);
      await store.history.firstSeen('s', ['new'], 3 * day);

      const history = traits.isDurable ? await reopen() : store.history;

      const { times } = await history.firstSeen('s', ['key 1', 'new', 'key 0'], 4 * day);
      expect([...times]).toEqual([
        ['key 1', day],
        ['new', 3 * day],
        ['key 0', 4 * day],
      ]);
    });

    it('never calls keys new that do not fit', async () => {
      await store.history.firstSeen('s', [], 1_000);
      const keys = Array.from({ length: 20_001 }, (_unused, index) => `key ${index}`);

      const { times } = await store.history.firstSeen('s', keys, 2_000);

      expect(times.get('key 0')).toBe(2_000);
      expect(times.get('key 20000')).toBe(1_000);
    });
  });

  if (!traits.isDurable) return;

  describe(`${name}: memory of targets`, () => {
    it('knows nothing that was never written', () => {
      expect(store.memory('orders').read('spend')).toBeUndefined();
    });

    it('gives back what was written last, each target its own', () => {
      store.memory('orders').write('spend', '1');
      store.memory('orders').write('spend', '2');
      store.memory('cache').write('spend', '9');

      expect(store.memory('orders').read('spend')).toBe('2');
      expect(store.memory('cache').read('spend')).toBe('9');
    });

    it('refuses a value that is too long, and keeps the one before', () => {
      store.memory('orders').write('spend', '1');

      expect(() => store.memory('orders').write('spend', 'x'.repeat(1024 * 1024 + 1))).toThrow(
        'spend: 1048577 characters are too many to remember',
      );
      expect(store.memory('orders').read('spend')).toBe('1');
    });
  });

  describe(`${name}: restart`, () => {
    it('continues every watch where it was', async () => {
      await observe(store.history, [1_000.25, { ...count('16400', 5), lastUsedAt: 900.5 }]);
      await observe(store.history, [2_000, count('16400', 5, 'e2')], [3_000, count('16400', 5, 'e3')]);
      await store.history.observeIndexes(
        reading({ member: 'standby', links: { names: ['slot:a', '__proto__'], sees: ['address:10.0.0.2'] } }),
      );

      const before = await usage(store.history);
      const history = await reopen();

      expect(await usage(history)).toEqual(before);
    });

    it('writes what changed after a restart to the same member', async () => {
      await observe(store.history, [1_000, count('16400', 5)]);
      await observe(await reopen(), [2_000, count('16400', 6)]);

      const found = await usage(await reopen());

      expect(found).toHaveLength(1);
      expect(found[0]?.at).toBe(2_000);
      expect(found[0]?.indexes['16400']).toMatchObject({ watchedSince: 1_000, scansSeen: 1 });
    });

    it('has forgotten what was dropped', async () => {
      await store.history.observeIndexes(reading({ indexes: [count('1', 0), count('2', 0)] }));
      await store.history.observeIndexes(reading({ at: 2_000, indexes: [count('2', 0)] }));

      expect(Object.keys((await usage(await reopen()))[0]?.indexes ?? {})).toEqual(['2']);
    });

    it('remembers first sight', async () => {
      await store.history.firstSeen('s', ['a'], 1_000);
      await store.history.firstSeen('s', ['b'], 2_000);

      const seen = await (await reopen()).firstSeen('s', ['a', 'b', 'c'], 3_000);

      expect(seen).toEqual({
        baseline: 1_000,
        times: new Map([
          ['a', 1_000],
          ['b', 2_000],
          ['c', 3_000],
        ]),
      });
    });

    it.runIf(traits.isDurable)('remembers values of targets, with every script in them', async () => {
      store.memory('orders').write('läst', '{"spend": 1.5, "note": "наночь"}');
      await reopen();

      expect(store.memory('orders').read('läst')).toBe('{"spend": 1.5, "note": "наночь"}');
    });

    it('can be closed twice', async () => {
      await store.close();

      await expect(store.close()).resolves.toBeUndefined();
    });
  });
}

export function count(key: string, scans: number, epoch = 'e1'): IndexCount {
  return { key, scans, epoch };
}

export function reading(part: Partial<IndexUsageReading>): IndexUsageReading {
  return {
    cluster: 'postgres:1',
    member: 'primary',
    generation: '1',
    database: 'shop',
    at: 1_000,
    indexes: [],
    ...part,
  };
}

async function observe(
  history: History,
  ...counts: readonly (readonly [number, IndexCount])[]
): Promise<void> {
  for (const [at, index] of counts) await history.observeIndexes(reading({ at, indexes: [index] }));
}

async function usage(history: History) {
  return (await history.indexUsage('postgres:1', 'shop')).map(plain);
}

/** With plain objects, which compare and print well. */
function plain({ indexes, ...member }: MemberIndexUsage) {
  return { ...member, indexes: Object.fromEntries(indexes) };
}
