import { describe, expect, it, onTestFinished } from 'vitest';
import type { Memory } from '../../src/sdk.ts';
import { createMemoryHistory } from '../../tests/support/engine-tests.ts';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import {
  type ShardedDeployment,
  type ShardedOptions,
  startSharded,
} from '../../tests/support/mongod/deployment.ts';
import type { Doc } from '../../tests/support/mongod/values.ts';
import {
  type DataWatch,
  type DataWatching,
  linesOf,
  readFor,
  verdictOn,
  watchGroup,
} from './testing/watch-data.ts';

const minute = 60_000;
const hour = 60 * minute;

const roles = ['clusterMonitor', 'read@local', 'read@config', 'directShardOperations'];

async function cluster(options: Partial<ShardedOptions> = {}): Promise<{
  readonly deployment: ShardedDeployment;
  readonly clock: FakeClock;
}> {
  const clock = new FakeClock();
  const deployment = await startSharded({
    clock,
    users: { reeve: { password: 'canary-pass', roles } },
    shards: [
      { name: 'a', members: [{}, {}] },
      { name: 'b', members: [{}, { hidden: true, priority: 0 }] },
    ],
    databases: {
      shop: {
        orders: {
          shardKey: { region: 1, customer: 1 },
          indexes: [
            { key: { region: 1, customer: 1 } },
            { key: { region: 1 } },
            { key: { day: 1 }, sizeBytes: 10_000 },
            { key: { total: 1 } },
          ],
        },
        local_only: { indexes: [{ key: { x: 1 } }] },
      },
    },
    ...options,
  });
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  return { deployment, clock };
}

function watch(
  deployment: Pick<ShardedDeployment, 'uri'>,
  clock: FakeClock,
  kept: Partial<DataWatch> = {},
): DataWatching {
  const target = { unusedAfter: '4h', deadline: '4s' };
  return watchGroup(deployment, { group: 'indexes', clock, target, ...kept });
}

function memory(): Memory {
  const values = new Map<string, string>();
  return { read: (key) => values.get(key), write: (key, value) => void values.set(key, value) };
}

/** Uses an index on one member of one shard. */
function use(deployment: ShardedDeployment, shard: string, index: string, member: number): void {
  const { set } = deployment.shard(shard);
  set.member(member).use(set.catalog.get('shop.orders'), index, 1);
}

describe('the indexes of a sharded cluster', () => {
  it('are proven unused only when no member of any shard used them', async () => {
    const { deployment, clock } = await cluster();
    const watching = watch(deployment, clock);
    await readFor(watching, hour);

    use(deployment, 'b', 'total_1', 1);
    const reading = await readFor(watching, 3 * hour);

    expect(reading.errors).toEqual([]);
    expect(verdictOn(reading, 'day_1')).toBe('unused');
    expect(verdictOn(reading, 'x_1')).toBe('unused');
    expect(verdictOn(reading, 'total_1')).toBeUndefined();
    expect(verdictOn(reading, 'region_1_customer_1')).toBe('kept shard_key');
    expect(verdictOn(reading, 'region_1')).toBe('kept shard_key');
    expect(linesOf(reading, 'unused_index')).toEqual([
      'mongodb_overdue_unused_index_bytes{shop} 0',
      'mongodb_unused_index_bytes{shop} 24096',
      'mongodb_unused_index_candidates{shop} 0',
      'mongodb_unused_indexes{shop} 2',
    ]);
  });

  it('are not compared with those of a shard that got its first chunks after its collections were listed', async () => {
    const { deployment, clock } = await cluster();
    const hideOrders = ({ cursor, ...answer }: Doc): Doc => {
      const { firstBatch, ...rest } = Object(cursor);
      return { ...answer, cursor: { ...rest, firstBatch: firstBatch.filter(isNotOrders) } };
    };
    const isNotOrders = (row: Doc): boolean => row['name'] !== 'orders';
    for (const { faults } of deployment.shard('b').nodes) faults.answer('listCollections', hideOrders);

    const reading = await watch(deployment, clock).read();

    expect(linesOf(reading, 'differing')).toEqual([]);
    expect(reading.details['differing_indexes'] ?? []).toEqual([]);
  });

  it('differ where a shard that holds chunks lacks one, has another, or hides it', async () => {
    const { deployment, clock } = await cluster();
    const onB = deployment.shard('b').set.catalog;
    const orders = onB.get('shop.orders');
    orders.indexes.delete('day_1');
    orders.indexes.delete('total_1');
    onB.addIndex(orders, { key: { total: 1 }, options: { sparse: true } });

    const reading = await watch(deployment, clock).read();

    expect(linesOf(reading, 'differing')).toEqual(['mongodb_differing_indexes{shop} 2']);
    expect(reading.details['differing_indexes']).toEqual([
      { database: 'shop', collection: 'orders', index: 'day_1', kind: 'missing', shards: ['b'] },
      { database: 'shop', collection: 'orders', index: 'total_1', kind: 'different', shards: ['b'] },
    ]);
  });

  it('are not missed on a shard that holds no chunks of their collection', async () => {
    const { deployment, clock } = await cluster({
      databases: {
        shop: { orders: { shardKey: { region: 1 }, chunks: { a: 3 }, indexes: [{ key: { region: 1 } }] } },
      },
    });

    const reading = await watch(deployment, clock).read();

    expect(linesOf(reading, 'differing')).toEqual(['mongodb_differing_indexes{shop} 0']);
  });

  it('are not proven while they are hidden on one shard', async () => {
    const { deployment, clock } = await cluster();
    const entry = deployment.shard('a').set.catalog.get('shop.orders').indexes.get('day_1');
    if (entry !== undefined) entry.spec = { ...entry.spec, hidden: true };

    const reading = await readFor(watch(deployment, clock), 5 * hour);

    expect(verdictOn(reading, 'day_1')).toBe('kept hidden');
    expect(reading.details['differing_indexes']).toEqual([
      { database: 'shop', collection: 'orders', index: 'day_1', kind: 'hidden_on_some', shards: ['a'] },
    ]);
  });

  it('are not proven while a member of another shard does not answer', async () => {
    const { deployment, clock } = await cluster();
    const watching = watch(deployment, clock);
    await readFor(watching, 5 * hour);

    await deployment.shard('b').nodes[1]?.stop();
    await clock.advance(minute);
    const reading = await watching.read();

    expect(reading.state).toBe('partial');
    expect(verdictOn(reading, 'day_1')).toContain('member_not_collected');
    expect(linesOf(reading, 'unused_indexes')).toEqual([]);
  });

  it('count as used when only a shard used them that has left since', async () => {
    const { deployment, clock } = await cluster();
    const watching = watch(deployment, clock);
    await readFor(watching, 3 * hour);
    use(deployment, 'a', 'total_1', 1);
    await readFor(watching, hour);

    deployment.cluster.shards.splice(0, 1);
    const soon = await readFor(watching, hour);
    const later = await readFor(watching, 4 * hour);

    expect(soon.errors).toEqual([]);
    expect(verdictOn(soon, 'day_1')).toBe('unused');
    expect(verdictOn(soon, 'total_1')).toBeUndefined();
    expect(verdictOn(later, 'total_1')).toBe('unused');
  });

  it('are not proven when the agent starts again while no mongos answers', async () => {
    const { deployment, clock } = await cluster();
    const kept = { history: createMemoryHistory(), memory: memory() };
    const before = watch(deployment, clock, kept);
    expect(verdictOn(await readFor(before, 5 * hour), 'day_1')).toBe('unused');
    await before[Symbol.asyncDispose]();
    for (const router of deployment.routers) await router.stop();

    const reading = await watch(deployment, clock, kept).read();

    expect(reading.state).toBe('partial');
    expect(verdictOn(reading, 'day_1')).toBe('kept shard_key_unknown');
    expect(verdictOn(reading, 'region_1')).toBe('kept shard_key_unknown');
    expect(linesOf(reading, 'unused_indexes')).toEqual([]);
  });

  it('are not proven of a shard that is a target without its cluster, which is said', async () => {
    const { deployment, clock } = await cluster();
    const [node] = deployment.shard('a').nodes;
    const uri = node === undefined ? '' : deployment.uriFor({ node });

    const reading = await readFor(watch({ uri }, clock), 5 * hour);

    expect(verdictOn(reading, 'region_1')).toBe('kept shard_key_unknown');
    expect(linesOf(reading, 'unused_indexes')).toEqual([]);
    expect(reading.findings.map(({ code, subject }) => `${code} ${subject}`)).toEqual([
      'shard_without_cluster a',
    ]);
  });

  it('are kept while the shard keys cannot be read', async () => {
    const { deployment, clock } = await cluster();
    for (const router of deployment.routers) router.faults.fail('find', 13, 'Unauthorized');

    const reading = await watch(deployment, clock).read();

    expect(verdictOn(reading, 'day_1')).toMatch(/^kept shard_key_unknown/);
    expect(linesOf(reading, 'differing')).toEqual([]);
    expect(reading.errors.map(({ code }) => code)).toEqual(['denied']);
  });

  it('need the right to ask shards directly from MongoDB 8.0 on, which is said', async () => {
    const { deployment, clock } = await cluster({
      version: '8.0.4',
      users: { reeve: { password: 'canary-pass', roles: ['clusterMonitor', 'read@local', 'read@config'] } },
    });

    const reading = await watch(deployment, clock).read();

    expect(reading.state).toBe('failed');
    expect(reading.errors[0]).toMatchObject({
      code: 'denied',
      message: expect.stringContaining('directShardOperations'),
    });
  });
});
