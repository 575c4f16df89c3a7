import { describe, expect, it } from 'vitest';
import { connect } from './client.ts';
import { type ShardedOptions, startSharded } from './deployment.ts';
import { docOf, listOf } from './values.ts';

const root = { password: 'secret', roles: ['root'] };
const options: ShardedOptions = {
  users: { root },
  shards: [{ name: 'alpha' }, { name: 'beta' }],
  databases: {
    shop: {
      orders: {
        shardKey: { customer: 1 },
        chunks: { alpha: 3, beta: 2 },
        indexes: [{ key: { customer: 1 } }],
      },
      single: {},
    },
  },
};

describe('a sharded cluster of the double', () => {
  it('answers as a mongos, with one host of each shard in $indexStats', async () => {
    await using deployment = await startSharded(options);
    deployment
      .shard('beta')
      .set.member(0)
      .use(deployment.shard('beta').set.catalog.get('shop.orders'), 'customer_1', 4);
    await using session = await connect(deployment.uri);

    const hello = await session.command({ hello: 1 });
    const stats = await session.client
      .db('shop')
      .collection('orders')
      .aggregate([{ $indexStats: {} }, { $match: { name: 'customer_1' } }])
      .toArray();

    expect(hello).toMatchObject({ msg: 'isdbgrid' });
    expect(stats.map(({ shard, host, accesses }) => [shard, host, accesses.ops])).toEqual([
      ['alpha', deployment.shard('alpha').nodes[0]?.address, 0],
      ['beta', deployment.shard('beta').nodes[0]?.address, 4],
    ]);
    await expect(session.command({ top: 1 })).rejects.toMatchObject({ code: 59 });
  });

  it('knows shards, chunks and the balancer', async () => {
    await using deployment = await startSharded(options);
    await using session = await connect(deployment.uri);
    const config = session.client.db('config');

    const shards = await config.collection('shards').find().toArray();
    const chunks = await config
      .collection('chunks')
      .aggregate([{ $group: { _id: '$shard', chunks: { $sum: 1 } } }, { $sort: { _id: 1 } }])
      .toArray();
    const [collection] = await config
      .collection('collections')
      .find({}, { projection: { _id: 1, key: 1 } })
      .toArray();
    const balancer = await session.command({ balancerStatus: 1 });

    expect(
      shards.map(({ _id, host }) => [String(_id), String(host).startsWith(`${String(_id)}/127.0.0.1:`)]),
    ).toEqual([
      ['alpha', true],
      ['beta', true],
    ]);
    expect(chunks).toEqual([
      { _id: 'alpha', chunks: 3 },
      { _id: 'beta', chunks: 2 },
    ]);
    expect(collection).toEqual({ _id: 'shop.orders', key: { customer: 1 } });
    expect(balancer).toMatchObject({ mode: 'full', inBalancerRound: false });
  });

  it('finds indexes that differ between shards by checkMetadataConsistency, from 7.0 on', async () => {
    await using deployment = await startSharded(options);
    await using old = await startSharded({ ...options, version: '6.0.16' });
    deployment.shard('beta').set.catalog.get('shop.orders').indexes.delete('customer_1');
    await using session = await connect(deployment.uri);
    await using oldSession = await connect(old.uri);
    const check = { checkMetadataConsistency: 1, checkIndexes: true };

    const found = listOf(docOf((await session.command(check))['cursor'])['firstBatch']);

    expect(found).toMatchObject([
      { type: 'InconsistentIndex', details: { namespace: 'shop.orders', info: { indexName: 'customer_1' } } },
    ]);
    await expect(oldSession.command(check)).rejects.toMatchObject({ code: 59 });
  });

  it('hides an index on every shard, with raw answers', async () => {
    await using deployment = await startSharded(options);
    await using session = await connect(deployment.uri);

    const answer = await session.command(
      { collMod: 'orders', index: { name: 'customer_1', hidden: true } },
      'shop',
    );

    expect(Object.values(docOf(answer['raw']))).toMatchObject([{ hidden_new: true }, { hidden_new: true }]);
    expect(
      deployment.shard('beta').set.catalog.get('shop.orders').indexes.get('customer_1')?.spec,
    ).toMatchObject({ hidden: true });
  });

  it('refuses direct reads of a shard from 8.0 on unless a role allows them', async () => {
    const monitor = { password: 'secret', roles: ['clusterMonitor'] };
    await using modern = await startSharded({ ...options, users: { monitor } });
    await using older = await startSharded({ ...options, users: { monitor }, version: '7.0.14' });
    const readFrom = async (deployment: typeof modern) => {
      const node = deployment.shard('alpha').nodes[1];
      await using session = await connect(deployment.uriFor(node ? { node } : {}));
      expect(await session.command({ serverStatus: 1 })).toMatchObject({ ok: 1 });
      return await session.client
        .db('shop')
        .collection('orders')
        .aggregate([{ $indexStats: {} }])
        .toArray();
    };

    await expect(readFrom(modern)).rejects.toMatchObject({
      code: 13,
      message: expect.stringContaining('connecting directly to a shard'),
    });
    modern.setRoles('monitor', ['clusterMonitor', 'directShardOperations']);

    expect(await readFrom(modern)).toMatchObject([{ shard: 'alpha' }, { shard: 'alpha' }]);
    expect(await readFrom(older)).toHaveLength(2);
  });

  it('can have shards without the users of the cluster', async () => {
    await using deployment = await startSharded({ ...options, shardUsers: {} });
    const [node] = deployment.shard('alpha').nodes;

    await expect(connect(deployment.uriFor(node ? { node } : {}))).rejects.toMatchObject({ code: 18 });
    await using session = await connect(deployment.uri);
    expect(await session.command({ listShards: 1 })).toMatchObject({ ok: 1 });
  });
});
