import { describe, expect, it, onTestFinished } from 'vitest';
import type { CheckItem } from '../../src/sdk.ts';
import { Secret } from '../../src/sdk.ts';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import {
  type Deployment,
  startReplicaSet,
  startSharded,
  startStandalone,
} from '../../tests/support/mongod/deployment.ts';
import { tryAssumptions } from './assumptions.ts';
import { checkDeployment } from './check.ts';
import type { Deployment as Found } from './deployment.ts';
import { targetConnect } from './target-connect.ts';
import { users } from './testing/watch-deployment.ts';
import { Topology } from './topology.ts';

const signal = new AbortController().signal;
/** Nothing is gained here by waiting. */
const atOnce = { now: () => 0, monotonicMs: () => 0, sleep: async () => undefined };

async function discovered(deployment: Deployment): Promise<Found> {
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  const clock = new FakeClock();
  const options = {
    url: new Secret(deployment.uri),
    exclude: [],
    keepIndexes: [],
    collectionsPerReading: 100,
    topCollections: 10,
    longOperation: 30_000,
    checkMetadata: false,
    backups: {},
  };
  const topology = new Topology({
    connecting: targetConnect(options, { applicationName: 'reeve/test', timeLimitMs: 2_000, clock }),
    exclude: [],
    clock,
    memory: { read: () => undefined, write: () => undefined },
  });
  onTestFinished(() => topology.close());
  return topology.discover(signal);
}

async function check(deployment: Deployment): Promise<readonly CheckItem[]> {
  const username = deployment.accounts === undefined ? undefined : 'reeve';
  return checkDeployment(await discovered(deployment), { username, exclude: [], signal });
}

const monitorGrant =
  "db.getSiblingDB('admin').grantRolesToUser('reeve', [{ role: 'clusterMonitor', db: 'admin' }]);";

describe('check', () => {
  it('finds nothing to mend with the grants that Reeve prints', async () => {
    const members = [{}, {}, { hidden: true, priority: 0 }, { state: 'ARBITER' as const }];

    expect(await check(await startReplicaSet({ users, members }))).toEqual([]);
  });

  it('prints the statement for a role that is missing once, and what it blinds', async () => {
    const items = await check(
      await startReplicaSet({ users: { reeve: { password: 'p', roles: ['read@local'] } } }),
    );

    expect(items.map(({ severity, remedy }) => [severity, remedy])).toEqual([
      ['blind', monitorGrant],
      ['blind', monitorGrant],
    ]);
    expect(items[1]?.groups).toEqual(
      expect.arrayContaining(['connections', 'cache', 'replication', 'long_operations']),
    );
  });

  it('asks for read on local only where serverStatus tells nothing of the oplog', async () => {
    const deployment = await startReplicaSet({
      users: { reeve: { password: 'p', roles: ['clusterMonitor'] } },
    });
    expect(await check(deployment)).toEqual([]);

    for (const { faults } of deployment.nodes)
      faults.answer('serverStatus', ({ oplog: _oplog, ...rest }) => rest);

    expect((await check(deployment)).map(({ remedy }) => remedy)).toEqual([
      "db.getSiblingDB('admin').grantRolesToUser('reeve', [{ role: 'read', db: 'local' }]);",
    ]);
  });

  it('names the shard whose users lack the login, and the role that shards ask for from 8.0 on', async () => {
    const missing = await check(
      await startSharded({ users, shardUsers: {}, shards: [{ name: 's0', members: [{}] }] }),
    );
    expect(missing.map(({ remedy }) => remedy).join('\n')).toMatch(
      /\/\/ on the primary of shard s0, .*\ndb\.getSiblingDB\('admin'\)\.createUser\(\{ user: 'reeve', pwd: '<password>'/,
    );

    const direct = await check(
      await startSharded({
        users,
        shards: [
          { name: 's0', members: [{}] },
          { name: 's1', members: [{}] },
        ],
      }),
    );
    expect(direct.map(({ remedy }) => remedy)).toEqual(
      ['s0', 's1'].map(
        (shard) =>
          `// on the primary of shard ${shard}\ndb.getSiblingDB('admin').grantRolesToUser('reeve', [{ role: 'directShardOperations', db: 'admin' }]);`,
      ),
    );
  });

  it('advises against a login that may write, and against none', async () => {
    const root = await check(await startReplicaSet({ users: { reeve: { password: 'p', roles: ['root'] } } }));
    const open = await check(await startStandalone());

    expect(root.map(({ severity, message }) => `${severity} ${message}`)).toEqual([
      'advice the login may do more than it needs (root@admin)',
    ]);
    expect(open.map(({ message }) => message).join('\n')).toMatch(
      /not part of a replica set[^]*without a login/,
    );
  });

  it('says that a server is too old, and that a member does not answer', async () => {
    const old = await check(await startStandalone({ version: '4.4.29' }));
    expect(old.map(({ message }) => message).join('\n')).toContain('older than 5.0');

    const deployment = await startReplicaSet({ users });
    await deployment.node(2).stop();
    const items = await check(deployment);
    expect(items.map(({ subject, severity }) => [subject, severity])).toEqual([
      [deployment.node(2).address, 'blind'],
    ]);
  });
});

describe('assumptions', () => {
  it.each(['5.0.31', '8.0.4'])('hold or could not be tried on the double of %s', async (version) => {
    const deployment = await startReplicaSet({ users, version });
    deployment.member(0).counters.work(1_000);

    const tried = await tryAssumptions(await discovered(deployment), atOnce, signal);

    expect(tried.filter(({ verdict }) => verdict === 'broken')).toEqual([]);
    expect(tried.filter(({ verdict }) => verdict === 'holds').length).toBeGreaterThan(20);
  });

  it('are broken by a server that lies', async () => {
    const deployment = await startReplicaSet({ users, members: [{}] });
    deployment.node(0).faults.answer('replSetGetStatus', ({ optimes: _optimes, ...rest }) => rest);

    const tried = await tryAssumptions(await discovered(deployment), atOnce, signal);

    expect(tried.filter(({ verdict }) => verdict === 'broken').map(({ evidence }) => evidence)).toEqual([
      expect.stringContaining('missing: lastAppliedWallTime, lastCommittedWallTime'),
    ]);
  });
});
