import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { type Deployment, startReplicaSet } from '../../tests/support/mongod/deployment.ts';
import { type DataWatching, linesOf, watchGroup } from './testing/watch-data.ts';

async function watched(): Promise<readonly [Deployment, DataWatching]> {
  const clock = new FakeClock();
  const deployment = await startReplicaSet({
    clock,
    members: [{}, { hidden: true, priority: 0 }, { state: 'ARBITER' }],
    users: { reeve: { password: 'canary-pass', roles: ['clusterMonitor', 'read@local'] } },
  });
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  return [deployment, watchGroup(deployment, { group: 'long_operations', clock })];
}

describe('long-running operations', () => {
  it('are none on members that answer', async () => {
    const [deployment, watching] = await watched();

    const reading = await watching.read();

    expect(reading.errors).toEqual([]);
    expect(linesOf(reading, 'mongodb_long_operations')).toEqual(
      deployment.members
        .slice(0, 2)
        .map(({ address }) => `mongodb_long_operations{${address}} 0`)
        .sort(),
    );
    expect(linesOf(reading, 'longest').map((line) => line.replace(/^.*} /, ''))).toEqual(['0', '0']);
  });

  it('are told with everything but values, and without those of the server, of ours and short ones', async () => {
    const [deployment, watching] = await watched();
    const member = deployment.member(1);
    member.running({
      namespace: 'shop.orders',
      seconds: 90,
      appName: 'checkout',
      command: { find: 'orders', filter: { card: '4111-secret' } },
      planSummary: 'IXSCAN { customer: 1 }',
      waitingForLock: true,
    });
    member.running({ namespace: 'shop.orders', seconds: 40 });
    member.running({ namespace: 'shop.orders', seconds: 10 });
    member.running({ namespace: 'local.oplog.rs', seconds: 9_000 });
    member.running({ namespace: 'shop.orders', seconds: 500, appName: 'reeve/test' });

    const reading = await watching.read();

    const name = deployment.node(1).address;
    expect(linesOf(reading).filter((line) => line.includes(name))).toEqual([
      `mongodb_blocked_long_operations{${name}} 1`,
      `mongodb_index_builds{${name}} 0`,
      `mongodb_long_operations{${name}} 2`,
      `mongodb_longest_operation_seconds{${name}} 90`,
      `mongodb_writes_locked{${name}} 0`,
    ]);
    expect(reading.details['long_operations']?.[0]).toMatchObject({
      member: name,
      command: 'find',
      namespace: 'shop.orders',
      seconds: 90,
      plan: 'IXSCAN { customer: 1 }',
      waitsForLock: true,
      client: 'checkout',
    });
    expect(JSON.stringify(reading)).not.toContain('secret');
  });

  it('are cut off at 50 a member, which is said only where more run', async () => {
    const [deployment, watching] = await watched();
    const member = deployment.member(0);
    const name = deployment.node(0).address;
    for (let count = 0; count < 50; count += 1) member.running({ namespace: 'shop.orders', seconds: 40 });
    expect((await watching.read()).truncatedRows).toBe(0);

    member.running({ namespace: 'shop.orders', seconds: 35 });
    const reading = await watching.read();

    expect(reading.truncatedRows).toBe(1);
    expect(linesOf(reading, 'mongodb_long_operations')).toContain(`mongodb_long_operations{${name}} 50`);
  });

  it('say that fsyncLock holds back writes, and how to release it', async () => {
    const [deployment, watching] = await watched();
    deployment.member(0).writesLocked = true;

    const reading = await watching.read();

    expect(linesOf(reading, 'writes_locked')).toContain(
      `mongodb_writes_locked{${deployment.node(0).address}} 1`,
    );
    expect(reading.findings).toEqual([
      expect.objectContaining({ code: 'writes_locked', remedy: 'db.fsyncUnlock()' }),
    ]);
  });

  it('are unknown on the member that refuses, and only there', async () => {
    const [deployment, watching] = await watched();
    deployment.node(0).faults.fail('aggregate $currentOp', 13, 'Unauthorized');

    const reading = await watching.read();

    expect(reading.errors.map(({ subject, code }) => `${subject} ${code}`)).toEqual([
      `${deployment.node(0).address} denied`,
    ]);
    expect(linesOf(reading, 'mongodb_long_operations')).toHaveLength(1);
  });
});
