import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import {
  type Deployment,
  type ReplicaSetOptions,
  startReplicaSet,
  startSharded,
} from '../../tests/support/mongod/deployment.ts';
import { linesOf, watchGroup } from './testing/watch-data.ts';

const hour = 3_600_000;

async function replicaSet(options: ReplicaSetOptions): Promise<readonly [Deployment, FakeClock]> {
  const clock = new FakeClock();
  const deployment = await startReplicaSet({ clock, ...options });
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  return [deployment, clock];
}

const shop = {
  orders: { documents: 1_000, storageBytes: 200_000, indexes: [{ key: { a: 1 }, sizeBytes: 50_000 }] },
  items: { documents: 10, storageBytes: 8_192 },
  names: { type: 'view' as const, options: { viewOn: 'orders', pipeline: [] } },
};

describe('storage', () => {
  it('tells sizes of users’ databases and of the biggest collections', async () => {
    const [deployment, clock] = await replicaSet({ databases: { shop } });

    const reading = await watchGroup(deployment, { group: 'storage', clock }).read();

    expect(reading.errors).toEqual([]);
    expect(linesOf(reading, 'collection_bytes')).toEqual([
      'mongodb_collection_bytes{shop,items} 12288',
      'mongodb_collection_bytes{shop,orders} 266000',
    ]);
    expect(linesOf(reading, 'coverage')).toEqual(['mongodb_collection_coverage_ratio{} 1']);
    const databases = reading.samples.filter(({ metric }) => metric.labels['database'] !== undefined);
    expect(new Set(databases.map(({ labels }) => labels[0]))).toEqual(new Set(['shop']));
    expect(linesOf(reading, 'documents')).toEqual(['mongodb_documents{shop} 1010']);
    expect(linesOf(reading, 'storage_bytes')).toHaveLength(1);
  });

  it('names the collections that grow fastest once they are watched for an hour', async () => {
    const [deployment, clock] = await replicaSet({ databases: { shop } });
    const watching = watchGroup(deployment, { group: 'storage', clock });
    const first = await watching.read();

    deployment.collection('shop.items').storageBytes = 8_192 + 1_000;
    await clock.advance(hour);
    const reading = await watching.read();

    expect(linesOf(first, 'growth')).toEqual([]);
    expect(linesOf(reading, 'growth')).toEqual(['mongodb_collection_daily_growth_bytes{shop,items} 24000']);
  });

  it('bounds series and readings, and says what it left out', async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`c${at}`, { documents: at }]));
    const [deployment, clock] = await replicaSet({ databases: { many } });
    const target = { collectionsPerReading: 10, topCollections: 3 };
    const watching = watchGroup(deployment, { group: 'storage', clock, target });

    const readings = [await watching.read(), await watching.read(), await watching.read()];

    expect(readings.map(({ truncatedRows }) => truncatedRows)).toEqual([20, 10, 0]);
    expect(readings.map((reading) => linesOf(reading, 'collection_bytes').length)).toEqual([3, 3, 3]);
    expect(readings.map((reading) => linesOf(reading, 'coverage'))[0]).toEqual([
      'mongodb_collection_coverage_ratio{} 0.3333333333333333',
    ]);
  });

  it('reads a replica when there is no primary', async () => {
    const [deployment, clock] = await replicaSet({ databases: { shop } });
    deployment.set.stepDown();

    const reading = await watchGroup(deployment, { group: 'storage', clock }).read();

    expect(linesOf(reading, 'documents')).toEqual(['mongodb_documents{shop} 1010']);
  });

  it('leaves out a database that fails, and no other', async () => {
    const [deployment, clock] = await replicaSet({ databases: { archive: { old: {} }, shop } });
    for (const node of deployment.members) node.faults.fail('dbStats', 50, 'MaxTimeMSExpired', 1);

    const reading = await watchGroup(deployment, { group: 'storage', clock }).read();

    expect(reading.errors.map(({ subject, code }) => `${subject} ${code}`)).toEqual(['archive timeout']);
    expect(linesOf(reading, 'storage_bytes')).toHaveLength(1);
  });

  it('adds up shards through one mongos', async () => {
    const clock = new FakeClock();
    const orders = { shardKey: { a: 1 }, documents: 100, storageBytes: 10_000 };
    await using deployment = await startSharded({
      clock,
      shards: [{ name: 'a', members: [{}] }, { name: 'b', members: [{}] }], // biome-ignore format: one line
      databases: { shop: { orders } },
    });
    const reading = await watchGroup(deployment, { group: 'storage', clock }).read();

    expect(reading.errors).toEqual([]);
    expect(linesOf(reading, 'collection_bytes')).toEqual(['mongodb_collection_bytes{shop,orders} 28192']);
    expect(linesOf(reading, 'documents')).toEqual(['mongodb_documents{shop} 200']);
  });
});
