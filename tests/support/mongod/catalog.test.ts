import { describe, expect, it } from 'vitest';
import { connect } from './client.ts';
import { startReplicaSet, startStandalone } from './deployment.ts';
import type { CollectionSetup } from './model/catalog.ts';
import { docOf, numberOf } from './values.ts';

const root = { password: 'secret', roles: ['root'] };
const monitor = { password: 'secret', roles: ['clusterMonitor', 'read@local'] };
const databases = {
  shop: {
    orders: {
      documents: 1_000,
      indexes: [{ key: { customer: 1 } }, { key: { day: -1 }, options: { unique: true } }],
    },
  },
};

describe('indexes of the double', () => {
  it('counts uses of an index on each member by itself, with since', async () => {
    await using deployment = await startReplicaSet({ users: { monitor }, databases });
    deployment.use('shop.orders', 'customer_1', 3, 1);
    const statsOf = async (index: number) => {
      await using session = await connect(deployment.uriFor({ node: deployment.node(index) }));
      return await session.client
        .db('shop')
        .collection('orders')
        .aggregate([{ $indexStats: {} }])
        .toArray();
    };

    const [first, second] = [await statsOf(0), await statsOf(1)];

    expect(first.map(({ name, accesses }) => [name, accesses.ops])).toEqual([
      ['_id_', 0],
      ['customer_1', 0],
      ['day_-1', 0],
    ]);
    expect(second[1]).toMatchObject({
      host: deployment.node(1).address,
      key: { customer: 1 },
      accesses: { ops: 3 },
    });
    expect(second[1]?.['accesses'].since).toBeInstanceOf(Date);
    expect(second[2]).toMatchObject({ spec: { v: 2, key: { day: -1 }, name: 'day_-1', unique: true } });
  });

  it('hides an index, which resets its statistics on every member, and shows it hidden', async () => {
    await using deployment = await startReplicaSet({ users: { root }, databases });
    deployment.use('shop.orders', 'customer_1', 7, 0);
    deployment.use('shop.orders', 'customer_1', 7, 2);
    await using session = await connect(deployment.uri);
    const hide = { collMod: 'orders', index: { name: 'customer_1', hidden: true } };

    const answer = await session.command(hide, 'shop');
    const again = await session.command(hide, 'shop');

    const listed = await session.client.db('shop').collection('orders').listIndexes().toArray();
    const index = deployment.collection('shop.orders').indexes.get('customer_1');
    expect(answer).toMatchObject({ hidden_old: false, hidden_new: true, ok: 1 });
    expect(again).not.toHaveProperty('hidden_new');
    expect(listed[1]).toMatchObject({ name: 'customer_1', hidden: true });
    expect(index && deployment.member(2).usageOf(index).ops).toBe(0);
  });

  it('drops an index, and answers 27 for one that is not there and 72 for _id_', async () => {
    await using deployment = await startStandalone({ users: { root }, databases });
    await using session = await connect(deployment.uri);
    const drop = (index: unknown) => session.command({ dropIndexes: 'orders', index }, 'shop');

    expect(await drop('day_-1')).toMatchObject({ nIndexesWas: 3 });
    await expect(drop('day_-1')).rejects.toMatchObject({ code: 27, codeName: 'IndexNotFound' });
    await expect(drop('_id_')).rejects.toMatchObject({ code: 72 });
    await expect(
      session.command({ collMod: 'orders', index: { name: 'none', hidden: true } }, 'shop'),
    ).rejects.toMatchObject({ code: 27 });
    await expect(session.command({ dropIndexes: 'none', index: 'x' }, 'shop')).rejects.toMatchObject({
      code: 26,
    });
  });

  it('makes an index again that counts from now on', async () => {
    await using deployment = await startStandalone({ users: { root }, databases });
    await using session = await connect(deployment.uri);

    const name = await session.client
      .db('shop')
      .collection('orders')
      .createIndex({ customer: 1, day: 1 }, { sparse: true });

    expect(name).toBe('customer_1_day_1');
    expect(deployment.collection('shop.orders').indexes.get(name)?.spec).toMatchObject({
      sparse: true,
      key: { customer: 1, day: 1 },
    });
  });

  it('forgets usage and counters at a restart', async () => {
    await using deployment = await startStandalone({ users: { monitor }, databases });
    deployment.use('shop.orders', 'customer_1', 9);
    deployment.member(0).counters.work(1_000);
    const before = deployment.member(0).startedAtMs;

    await deployment.node(0).restart();

    await using session = await connect(deployment.uri);
    const status = await session.command({ serverStatus: 1 });
    const [, stat] = await session.client
      .db('shop')
      .collection('orders')
      .aggregate([{ $indexStats: {} }])
      .toArray();
    expect(status['uptime']).toBeLessThan(5);
    expect(docOf(status['opcounters'])['query']).toBe(0);
    expect(stat?.['accesses'].ops).toBe(0);
    expect(stat?.['accesses'].since.getTime()).toBeGreaterThan(before);
  });
});

describe('the catalog of the double', () => {
  const kinds = {
    shop: {
      orders: {},
      recent: { type: 'view', options: { viewOn: 'orders', pipeline: [] } },
      weather: { type: 'timeseries', options: { timeseries: { timeField: 'at' } } },
    },
  } satisfies Record<string, Record<string, CollectionSetup>>;

  it('lists names to a monitor without the right to list collections, and only so', async () => {
    await using deployment = await startStandalone({ users: { monitor }, databases: kinds });
    await using session = await connect(deployment.uri);
    const list = { listCollections: 1, filter: { type: 'collection' }, nameOnly: true };

    const answer = docOf((await session.command({ ...list, authorizedCollections: true }, 'shop'))['cursor']);

    expect(answer['firstBatch']).toEqual([{ name: 'orders', type: 'collection' }]);
    await expect(session.command(list, 'shop')).rejects.toMatchObject({ code: 13 });
  });

  it.each([
    ['shop', 'recent', 40_602],
    ['shop', 'weather', 40_602],
    ['local', 'startup_log', 13],
    ['shop', 'system.views', 13],
  ])('answers $indexStats on %s.%s with %i', async (database, collection, code) => {
    await using deployment = await startStandalone({
      users: { monitor: { ...monitor, roles: ['clusterMonitor'] } },
      databases: kinds,
    });
    await using session = await connect(deployment.uri);

    const reading = session.client
      .db(database)
      .collection(collection)
      .aggregate([{ $indexStats: {} }])
      .toArray();

    await expect(reading).rejects.toMatchObject({ code });
  });

  it('adds up sizes in dbStats, $collStats and listDatabases', async () => {
    await using deployment = await startStandalone({ users: { monitor }, databases });
    await using session = await connect(deployment.uri);

    const stats = await session.command({ dbStats: 1, scale: 1 }, 'shop');
    const [collection] = await session.client
      .db('shop')
      .collection('orders')
      .aggregate([{ $collStats: { storageStats: {}, count: {} } }])
      .toArray();
    const names = await session.command({ listDatabases: 1, nameOnly: true });

    expect(stats).toMatchObject({ collections: 1, objects: 1_000, dataSize: 400_000, indexes: 3 });
    expect(numberOf(stats['indexSize'])).toBe(collection?.['storageStats'].totalIndexSize);
    expect(collection).toMatchObject({
      ns: 'shop.orders',
      count: 1_000,
      storageStats: { nindexes: 3, size: 400_000 },
    });
    expect(names['databases']).toEqual([{ name: 'admin' }, { name: 'local' }, { name: 'shop' }]);
  });

  it('keeps a few documents, groups them, and counts the work', async () => {
    await using deployment = await startStandalone({ users: { root } });
    await using session = await connect(deployment.uri);
    const orders = session.client.db('shop').collection('orders');

    await orders.insertMany([
      { day: 1, sum: 2 },
      { day: 1, sum: 3 },
      { day: 2, sum: 5 },
    ]);
    const grouped = await orders
      .aggregate([
        { $match: { sum: { $gt: 2 } } },
        { $group: { _id: '$day', total: { $sum: '$sum' } } },
        { $sort: { _id: -1 } },
      ])
      .toArray();

    expect(grouped).toEqual([
      { _id: 2, total: 5 },
      { _id: 1, total: 3 },
    ]);
    expect(deployment.member(0).counters.get('opcounters.insert')).toBe(3);
  });

  it('serves 12,000 collections with three indexes each, in batches', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 12_000 }, (_, index) => [
        `c${index}`,
        { documents: 10, indexes: [{ key: { a: 1 } }, { key: { b: 1 } }] },
      ]),
    );
    await using deployment = await startStandalone({ users: { monitor }, databases: { big: many } });
    await using session = await connect(deployment.uri);

    const names = await session.client
      .db('big')
      .listCollections(
        { type: 'collection' },
        { nameOnly: true, authorizedCollections: true, batchSize: 1_000 },
      )
      .toArray();
    const stats = await session.command({ dbStats: 1 }, 'big');

    expect(names).toHaveLength(12_000);
    expect(stats).toMatchObject({ collections: 12_000, indexes: 36_000 });
  });
});

describe('access to the double', () => {
  it('gives a monitor no write access', async () => {
    await using deployment = await startStandalone({ users: { monitor }, databases });
    await using session = await connect(deployment.uri);

    await expect(
      session.command({ collMod: 'orders', index: { name: 'customer_1', hidden: true } }, 'shop'),
    ).rejects.toMatchObject({ code: 13 });
    await expect(
      session.command({ dropIndexes: 'orders', index: 'customer_1' }, 'shop'),
    ).rejects.toMatchObject({ code: 13 });
    await expect(session.command({ insert: 'orders', documents: [{}] }, 'shop')).rejects.toMatchObject({
      code: 13,
    });
    expect(deployment.collection('shop.orders').indexes.size).toBe(3);
  });

  it('takes a role away from open connections at once', async () => {
    await using deployment = await startStandalone({ users: { monitor } });
    await using session = await connect(deployment.uri);
    expect(await session.command({ serverStatus: 1 })).toMatchObject({ ok: 1 });

    deployment.setRoles('monitor', []);

    await expect(session.command({ serverStatus: 1 })).rejects.toMatchObject({
      code: 13,
      codeName: 'Unauthorized',
    });
  });

  it('grants single privileges by hand', async () => {
    const fixer = { password: 'secret', roles: ['privilege:collMod+listIndexes@shop.orders'] };
    await using deployment = await startStandalone({
      users: { fixer },
      databases: { shop: { ...databases.shop, other: {} } },
    });
    await using session = await connect(deployment.uri);

    const hide = (collection: string, name: string) =>
      session.command({ collMod: collection, index: { name, hidden: true } }, 'shop');

    expect(await hide('orders', 'customer_1')).toMatchObject({ hidden_new: true });
    await expect(hide('other', 'x')).rejects.toMatchObject({ code: 13 });
  });

  it('refuses unknown commands with 59 and unknown stages with 40324', async () => {
    await using deployment = await startStandalone({ users: { root }, databases });
    await using session = await connect(deployment.uri);

    await expect(session.command({ makeCoffee: 1 })).rejects.toMatchObject({
      code: 59,
      codeName: 'CommandNotFound',
    });
    await expect(
      session.client
        .db('shop')
        .collection('orders')
        .aggregate([{ $coffee: {} }])
        .toArray(),
    ).rejects.toMatchObject({ code: 40_324 });
  });
});
