import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import {
  type ShardedDeployment,
  startReplicaSet,
  startSharded,
} from '../../tests/support/mongod/deployment.ts';
import { type DataWatching, linesOf, watchGroup } from './testing/watch-data.ts';

const roles = ['clusterMonitor', 'read@local', 'read@config', 'directShardOperations', 'clusterManager'];

async function cluster(
  target: Readonly<Record<string, unknown>> = {},
): Promise<readonly [ShardedDeployment, DataWatching]> {
  const clock = new FakeClock();
  const deployment = await startSharded({
    clock,
    users: { reeve: { password: 'canary-pass', roles } },
    shards: [
      { name: 'a', members: [{}] },
      { name: 'b', members: [{}] },
    ],
    databases: {
      shop: { orders: { shardKey: { region: 1 }, chunks: { a: 5 }, indexes: [{ key: { region: 1 } }] } },
    },
  });
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  return [deployment, watchGroup(deployment, { group: 'sharding', clock, target })];
}

describe('the sharding group', () => {
  it('tells balancer, shards and chunks; a shard without chunks has none', async () => {
    const [, watching] = await cluster();

    const reading = await watching.read();

    expect(reading.errors).toEqual([]);
    expect(linesOf(reading)).toEqual(
      expect.arrayContaining([
        'mongodb_balancer_enabled{} 1',
        'mongodb_balancer_running{} 0',
        'mongodb_shards{} 2',
        'mongodb_draining_shards{} 0',
        'mongodb_chunks{a} 5',
        'mongodb_chunks{b} 0',
        'mongodb_jumbo_chunks{a} 0',
      ]),
    );
  });

  it('says that the balancer is off, and how to turn it on', async () => {
    const [deployment, watching] = await cluster();
    deployment.cluster.balancer.mode = 'off';

    const reading = await watching.read();

    expect(linesOf(reading, 'balancer_enabled')).toEqual(['mongodb_balancer_enabled{} 0']);
    expect(reading.findings).toEqual([
      expect.objectContaining({ code: 'balancer_off', remedy: 'sh.startBalancer()' }),
    ]);
  });

  it('counts chunks once in ten minutes', async () => {
    const [deployment, watching] = await cluster();
    const counted = (): number =>
      deployment.routers
        .flatMap((router) => router.connections())
        .flatMap(({ commands }) => commands)
        .filter((name) => name === 'aggregate').length;

    await watching.read();
    await watching.clock.advance(5 * 60_000);
    const reading = await watching.read();

    expect(counted()).toBe(1);
    expect(linesOf(reading, 'mongodb_chunks')).toHaveLength(2);
  });

  it('says nothing of a count that it cannot read, beside the 0 of a shard without chunks', async () => {
    const [deployment, watching] = await cluster();
    for (const { faults } of deployment.routers)
      faults.answer('aggregate', ({ cursor, ...answer }) => {
        const { firstBatch, ...rest } = Object(cursor);
        const rows = firstBatch.map((row: object) => ({ ...row, jumbo: null }));
        return { ...answer, cursor: { ...rest, firstBatch: rows } };
      });

    const reading = await watching.read();

    expect(linesOf(reading, 'mongodb_chunks')).toHaveLength(2);
    expect(linesOf(reading, 'jumbo')).toEqual(['mongodb_jumbo_chunks{b} 0']);
  });

  it('asks for inconsistencies only when told to', async () => {
    const [, silent] = await cluster();
    const [deployment, asking] = await cluster({ checkMetadata: true });
    deployment.shard('a').set.catalog.addIndex(deployment.shard('a').set.catalog.get('shop.orders'), {
      key: { only_here: 1 },
    });

    const [without, reading] = [await silent.read(), await asking.read()];

    expect(linesOf(without, 'inconsistencies')).toEqual([]);
    expect(reading.errors).toEqual([]);
    expect(linesOf(reading, 'inconsistencies')).toEqual([
      'mongodb_metadata_inconsistencies{InconsistentIndex} 0',
    ]);
  });

  it('is unknown while no mongos answers', async () => {
    const [deployment, watching] = await cluster();
    await watching.read();

    for (const router of deployment.routers) await router.stop();
    const reading = await watching.read();

    expect(reading.state).toBe('failed');
    expect(reading.samples).toEqual([]);
  });

  it('reads nothing of a replica set', async () => {
    const clock = new FakeClock();
    await using deployment = await startReplicaSet({ clock });

    const reading = await watchGroup(deployment, { group: 'sharding', clock }).read();

    expect([reading.state, reading.samples]).toEqual(['ok', []]);
  });
});
