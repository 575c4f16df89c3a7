import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectiveRecords } from '../../src/core/ports/objective-records.ts';
import type { Store } from '../../src/core/ports/store.ts';
import { breach, closed, day, event, hour, newYear } from './objective-records.ts';
import type { StorePlace, StoreTraits } from './store.contract.ts';

const state = { target: 'orders', objective: 'index_hit_ratio', subject: 'shop' } as const;
const series = { target: 'orders', metric: 'reeve_storage_bytes', subject: 'shop' } as const;

/** What every store keeps of what evaluation tells it. */
export function describeObjectiveRecords(
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

  /** The records as they are, and (of a store that lasts) as they are after a restart: both must answer the same. */
  async function afterRestart(): Promise<ObjectiveRecords> {
    if (!traits.isDurable) return store.objectives;
    await store.close();
    store = await place.open();
    return store.objectives;
  }

  describe(`${name}: states of objectives`, () => {
    it('knows nothing of a target it never saw', () => {
      expect(store.objectives.states('orders')).toEqual([]);
    });

    it('gives back what was saved last of each subject, each target its own', async () => {
      store.objectives.saveState({ ...state, at: 1_000, json: '{"n":1}' });
      store.objectives.saveState({ ...state, at: 2_000.5, json: '{"n":2,"läst":"наночь"}' });
      store.objectives.saveState({ ...state, subject: '', at: 1_000, json: '{}' });
      store.objectives.saveState({ ...state, target: 'cache', at: 1_000, json: '{}' });
      const expected = [
        { ...state, subject: '', at: 1_000, json: '{}' },
        { ...state, at: 2_000.5, json: '{"n":2,"läst":"наночь"}' },
      ];

      const bySubject = (records: ObjectiveRecords) =>
        records.states('orders').toSorted((one, other) => one.subject.localeCompare(other.subject));

      expect(bySubject(store.objectives)).toEqual(expected);
      expect(bySubject(await afterRestart())).toEqual(expected);
    });

    it('forgets a subject that is dropped, and keeps one that is saved after that', async () => {
      store.objectives.saveState({ ...state, at: 1_000, json: '{}' });
      store.objectives.saveState({ ...state, subject: 'blog', at: 1_000, json: '{}' });
      const before = await afterRestart();
      before.dropState(state);
      before.dropState({ ...state, subject: 'blog' });
      before.saveState({ ...state, subject: 'blog', at: 2_000, json: '{"again":true}' });

      const expected = [{ ...state, subject: 'blog', at: 2_000, json: '{"again":true}' }];
      expect(store.objectives.states('orders')).toEqual(expected);
      expect((await afterRestart()).states('orders')).toEqual(expected);
    });

    it('refuses what cannot be kept', () => {
      expect(() => store.objectives.saveState({ ...state, at: Number.NaN, json: '{}' })).toThrow(RangeError);
      expect(() =>
        store.objectives.saveState({ ...state, at: 1, json: 'x'.repeat(1024 * 1024 + 1) }),
      ).toThrow('state of index_hit_ratio on target "orders": 1048577 characters are too many to remember');
    });
  });

  describe(`${name}: breaches`, () => {
    it('gives back an open breach as it was saved last', async () => {
      store.objectives.saveBreach(breach());
      store.objectives.saveBreach(breach({ worst: 0.7 }));

      expect(store.objectives.breaches({ open: true })).toEqual([breach({ worst: 0.7 })]);
      expect((await afterRestart()).breaches({ open: true })).toEqual([breach({ worst: 0.7 })]);
    });

    it('keeps every field, also those without a value', async () => {
      const alerted = breach({
        side: undefined,
        bound: undefined,
        value: undefined,
        worst: undefined,
        holders: ['alert'],
      });
      store.objectives.saveBreach(alerted);

      const [found] = (await afterRestart()).breaches({});

      expect(found).toStrictEqual(alerted);
    });

    it('keeps a closed breach with its duration, and does not call it open', async () => {
      store.objectives.saveBreach(breach());
      store.objectives.saveBreach(closed());

      const records = await afterRestart();

      expect(records.breaches({ open: true })).toEqual([]);
      expect(records.breaches({ fingerprint: '00000000000000aa' })).toEqual([closed()]);
    });

    it('finds by target, objective, subject and fingerprint, those opened last first', async () => {
      const all = [
        closed({ fingerprint: '1', openedAt: newYear }),
        breach({ fingerprint: '2', openedAt: newYear + day }),
        breach({ fingerprint: '3', openedAt: newYear + 2 * day, subject: 'blog' }),
        breach({ fingerprint: '4', openedAt: newYear + 3 * day, objective: 'oltp_query_seconds' }),
        breach({ fingerprint: '5', openedAt: newYear + 4 * day, target: 'cache' }),
      ];
      for (const one of all) store.objectives.saveBreach(one);

      for (const recordsOf of [() => store.objectives, afterRestart]) {
        const records = await recordsOf();
        const found = (filter: Parameters<ObjectiveRecords['breaches']>[0]): string =>
          records
            .breaches(filter)
            .map(({ fingerprint }) => fingerprint)
            .join('');
        expect(found({})).toBe('54321');
        expect(found({ limit: 2 })).toBe('54');
        expect(found({ open: true, limit: 2 })).toBe('54');
        expect(found({ target: 'orders' })).toBe('4321');
        expect(found({ target: 'orders', objective: 'index_hit_ratio' })).toBe('321');
        expect(found({ target: 'orders', objective: 'index_hit_ratio', subject: 'shop' })).toBe('21');
        expect(found({ target: 'orders', open: true, subject: 'shop' })).toBe('42');
        expect(found({ fingerprint: '3' })).toBe('3');
        expect(found({ fingerprint: '3', target: 'cache' })).toBe('');
      }
    });

    it('replaces a breach wherever it is on disk', async () => {
      store.objectives.saveBreach(breach());
      const records = await afterRestart();
      records.saveBreach(breach({ worst: 0.1 }));

      expect(records.breaches({ target: 'orders' })).toEqual([breach({ worst: 0.1 })]);
    });
  });

  describe(`${name}: events`, () => {
    it('gives back events newest first, with the breach as it was then', async () => {
      store.objectives.addEvent(event());
      store.objectives.addEvent(
        event({
          kind: 'opened',
          at: newYear + hour,
          state: 'breached',
          reason: undefined,
          value: 0.9,
          breach: breach(),
        }),
      );

      const expected = [
        event({
          kind: 'opened',
          at: newYear + hour,
          state: 'breached',
          reason: undefined,
          value: 0.9,
          breach: breach(),
        }),
        event(),
      ];
      expect(store.objectives.events({})).toStrictEqual(expected);
      expect((await afterRestart()).events({})).toStrictEqual(expected);
    });

    it('finds by target, objective, subject and time', async () => {
      store.objectives.addEvent(event({ text: '1' }));
      store.objectives.addEvent(event({ text: '2', at: newYear + hour }));
      store.objectives.addEvent(event({ text: '3', at: newYear + hour, subject: 'blog' }));
      store.objectives.addEvent(event({ text: '4', at: newYear + hour, objective: 'oltp_query_seconds' }));
      store.objectives.addEvent(event({ text: '5', at: newYear + hour, target: 'cache' }));

      for (const recordsOf of [() => store.objectives, afterRestart]) {
        const records = await recordsOf();
        const found = (filter: Parameters<ObjectiveRecords['events']>[0]): string =>
          records
            .events(filter)
            .map(({ text }) => text)
            .join('');
        expect(found({})).toBe('54321');
        expect(found({ limit: 3 })).toBe('543');
        expect(found({ target: 'orders' })).toBe('4321');
        expect(found({ target: 'orders', subject: 'shop', objective: 'index_hit_ratio' })).toBe('21');
        expect(found({ target: 'orders', subject: 'shop', since: newYear + hour })).toBe('42');
        expect(found({ since: newYear + 2 * hour })).toBe('');
      }
    });

    it('goes on in order after a restart', async () => {
      store.objectives.addEvent(event({ text: 'before' }));
      const records = await afterRestart();
      records.addEvent(event({ text: 'after' }));

      expect(records.events({}).map(({ text }) => text)).toEqual(['after', 'before']);
    });
  });

  describe(`${name}: deliveries of alerts`, () => {
    it('takes each once, also after a restart', async () => {
      expect(store.objectives.isNewDelivery('a/1/firing', newYear)).toBe(true);
      expect(store.objectives.isNewDelivery('a/1/firing', newYear)).toBe(false);
      expect(store.objectives.isNewDelivery('a/1/resolved', newYear)).toBe(true);

      const records = await afterRestart();

      expect(records.isNewDelivery('a/1/firing', newYear + 30 * day)).toBe(false);
      expect(records.isNewDelivery('b/1/firing', newYear)).toBe(true);
    });

    it('takes one again after 30 days', () => {
      store.objectives.isNewDelivery('a/1/firing', newYear);

      expect(store.objectives.isNewDelivery('a/1/firing', newYear + 30 * day + 1)).toBe(true);
      expect(store.objectives.isNewDelivery('a/1/firing', newYear + 31 * day)).toBe(false);
    });
  });

  describe(`${name}: daily values`, () => {
    it('keeps the last value of each day, oldest first', async () => {
      store.objectives.addDaily(series, newYear + 2 * day, 30);
      store.objectives.addDaily(series, newYear + 5 * hour, 10);
      store.objectives.addDaily(series, newYear + 23 * hour, 11.5);
      const expected = [
        { day: newYear, value: 11.5 },
        { day: newYear + 2 * day, value: 30 },
      ];

      expect(store.objectives.daily(series, 0)).toEqual(expected);
      expect((await afterRestart()).daily(series, 0)).toEqual(expected);
    });

    it('replaces a day that is on disk, and gives out days since a time only', async () => {
      store.objectives.addDaily(series, newYear, 1);
      store.objectives.addDaily(series, newYear + day, 2);
      const records = await afterRestart();
      records.addDaily(series, newYear + day + hour, 3);

      expect(records.daily(series, newYear + 1)).toEqual([{ day: newYear + day, value: 3 }]);
      expect((await afterRestart()).daily(series, newYear + day)).toEqual([{ day: newYear + day, value: 3 }]);
    });

    it('keeps targets, metrics and subjects apart', async () => {
      store.objectives.addDaily(series, newYear, 1);
      store.objectives.addDaily({ ...series, subject: 'blog' }, newYear, 2);
      store.objectives.addDaily({ ...series, target: 'cache' }, newYear, 3);
      store.objectives.addDaily({ ...series, metric: 'reeve_other' }, newYear, 4);

      expect((await afterRestart()).daily(series, 0)).toEqual([{ day: newYear, value: 1 }]);
    });

    it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %s and keeps what it had', (value) => {
      store.objectives.addDaily(series, newYear, 1);

      expect(() => store.objectives.addDaily(series, newYear, value)).toThrow(RangeError);
      expect(store.objectives.daily(series, 0)).toEqual([{ day: newYear, value: 1 }]);
    });
  });
}
