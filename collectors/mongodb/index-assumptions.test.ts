import { describe, expect, it, onTestFinished } from 'vitest';
import { startReplicaSet, startSharded } from '../../tests/support/mongod/deployment.ts';
import { listAt } from './document.ts';
import { tryDataAssumptions } from './index-assumptions.ts';
import { discover } from './testing/watch-data.ts';

const signal = new AbortController().signal;
const users = {
  reeve: {
    password: 'canary-pass',
    roles: ['clusterMonitor', 'read@local', 'read@config', 'directShardOperations'],
  },
};

describe('tryDataAssumptions', () => {
  it('finds them all to hold on the double of a sharded cluster', async () => {
    const double = await startSharded({
      users,
      shards: [{ name: 'a', members: [{}] }, { name: 'b', members: [{}] }], // biome-ignore format: one line
      databases: { shop: { orders: { shardKey: { a: 1 }, indexes: [{ key: { a: 1 } }] } } },
    });
    onTestFinished(() => double[Symbol.asyncDispose]());

    const tried = await tryDataAssumptions(await discover(double.uri), signal);

    expect(tried.filter(({ verdict }) => verdict !== 'holds')).toEqual([]);
    expect(tried).toHaveLength(2 * 6 + 1);
  });

  it('says what a server does otherwise', async () => {
    const double = await startReplicaSet({
      users,
      members: [{}],
      databases: { shop: { orders: { indexes: [{ key: { a: 1 } }] } } },
    });
    onTestFinished(() => double[Symbol.asyncDispose]());
    double.node(0).faults.answer('aggregate $indexStats', (answer) => {
      for (const row of listAt(answer, 'cursor.firstBatch')) Reflect.set(row, 'accesses', { ops: 1 });
      return answer;
    });

    const tried = await tryDataAssumptions(await discover(double.uri), signal);

    const broken = tried.filter(({ verdict }) => verdict === 'broken');
    expect(broken.map(({ evidence }) => evidence)).toEqual([
      `${double.node(0).address}: missing or wrong: accesses.since, accesses.since`,
    ]);
  });

  it('says that there was nothing to try them on', async () => {
    const double = await startReplicaSet({ users, members: [{}] });
    onTestFinished(() => double[Symbol.asyncDispose]());

    const tried = await tryDataAssumptions(await discover(double.uri), signal);

    expect(new Set(tried.slice(0, 5).map(({ verdict }) => verdict))).toEqual(new Set(['untested']));
  });
});
