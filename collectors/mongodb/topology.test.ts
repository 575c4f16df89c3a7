import { describe, expect, it, onTestFinished } from 'vitest';
import type { Memory } from '../../src/sdk.ts';
import {
  type Deployment,
  type ReplicaSetOptions,
  startReplicaSet,
  startSharded,
  startStandalone,
} from '../../tests/support/mongod/deployment.ts';
import { startTcpProxy } from '../../tests/support/net/tcp-proxy.ts';
import { errorsOf, linesOf, users, watchDeployment } from './testing/watch-deployment.ts';

async function replicaSet(options: ReplicaSetOptions = {}): Promise<Deployment> {
  const deployment = await startReplicaSet({
    users,
    members: [{}, {}, { hidden: true, priority: 0 }, { state: 'ARBITER' }],
    ...options,
  });
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  return deployment;
}

function memory(): Memory {
  const values = new Map<string, string>();
  return { read: (key) => values.get(key), write: (key, value) => void values.set(key, value) };
}

const up = (deployment: Deployment): readonly string[] =>
  deployment.nodes.map(({ address }) => `member_up{${address}} 1`).sort();

describe('discovery', () => {
  it.each([
    ['the primary', 0],
    ['a replica', 1],
    ['a hidden member, which no other member names', 2],
    ['an arbiter, which knows no users', 3],
  ])('finds all members from %s', async (_what, index) => {
    const deployment = await replicaSet();
    const watching = watchDeployment(deployment, {
      uri: deployment.uriFor({ node: deployment.node(index) }),
    });

    const snapshot = await watching.collect();

    expect(linesOf(snapshot, 'member_up')).toEqual(up(deployment));
    expect(linesOf(snapshot, 'replica_set_members{')).toEqual([]);
    expect(linesOf(snapshot, 'replica_set_members')).toContain('replica_set_members{rs0} 4');
    expect(errorsOf(snapshot)).toEqual([]);
  });

  it('reads a member by its own name where that can be reached, whatever address it was named by', async () => {
    const deployment = await replicaSet();
    const proxy = await startTcpProxy({ targetPort: deployment.node(1).listener.port });
    onTestFinished(() => proxy.close());
    const uri = deployment.uriFor({ node: deployment.node(1) });
    const through = uri.replace(deployment.node(1).address, `127.0.0.1:${proxy.port}`);
    const watching = watchDeployment(deployment, { uri: through });
    expect(linesOf(await watching.collect(), 'member_up')).toEqual(up(deployment));

    await proxy.set({ kind: 'refuse' });

    expect(linesOf(await watching.collect(), 'member_up')).toEqual(up(deployment));
    expect(errorsOf(watching.latest())).toEqual([]);
  });

  it('reads a member by the address it was named by where its own name leads nowhere', async () => {
    const deployment = await replicaSet({ members: [{}] });
    const proxy = await startTcpProxy({ targetPort: deployment.node(0).listener.port });
    onTestFinished(() => proxy.close());
    // As behind a forwarded port: it calls itself by a name that only its own network knows.
    const inside = 'db1.internal.invalid:27017';
    for (const command of ['hello', 'ismaster'])
      deployment
        .node(0)
        .faults.answer(command, (answer) => ({ ...answer, me: inside, hosts: [inside], primary: inside }));
    deployment.node(0).faults.answer('replSetGetConfig', (answer) => ({
      ...answer,
      config: { _id: 'rs0', version: 1, members: [{ _id: 0, host: inside }], settings: {} },
    }));
    const uri = deployment.uri.replace(deployment.node(0).address, `127.0.0.1:${proxy.port}`);

    const snapshot = await watchDeployment(deployment, { uri }).collect();

    expect(linesOf(snapshot, 'member_up')).toEqual([`member_up{${inside}} 1`]);
    expect(linesOf(snapshot, 'connections_current')).toHaveLength(1);
  });

  it('keeps the members while the one that was named is down, and after a restart of the agent', async () => {
    const deployment = await replicaSet();
    const uri = deployment.uriFor({ node: deployment.node(1) });
    const remembered = memory();
    const watching = watchDeployment(deployment, { uri, memory: remembered });
    await watching.collect();
    await deployment.node(1).stop();

    const later = await watching.collect();
    const restarted = await watchDeployment(deployment, { uri, memory: remembered }).collect();

    for (const snapshot of [later, restarted]) {
      expect(snapshot.up).toBe(true);
      expect(linesOf(snapshot, 'member_up')).toHaveLength(4);
      expect(linesOf(snapshot, 'member_up')).toContain(`member_up{${deployment.node(1).address}} 0`);
    }
  });

  it('leaves the members of another deployment alone that the target named before', async () => {
    const [before, after] = [await replicaSet(), await replicaSet({ setName: 'rs1' })];
    const remembered = memory();
    const watching = watchDeployment(before, { memory: remembered });
    await watching.collect();
    await watching[Symbol.asyncDispose]();

    const snapshot = await watchDeployment(after, { memory: remembered }).collect();

    expect(linesOf(snapshot, 'member_up')).toEqual(up(after));
  });

  it('is unreachable when nobody answers', async () => {
    const deployment = await replicaSet();
    const watching = watchDeployment(deployment);
    await watching.collect();
    for (const node of deployment.nodes) await node.stop();

    const snapshot = await watching.collect();

    expect(snapshot.up).toBe(false);
    expect(snapshot.failure?.code).toBe('unreachable');
  });

  it('names everybody but hidden members without the privilege to read the configuration, and says so', async () => {
    const deployment = await replicaSet();
    deployment.setRoles('reeve', ['read@local']);
    const watching = watchDeployment(deployment, { uri: deployment.uriFor({ node: deployment.node(0) }) });

    const snapshot = await watching.collect();

    expect(linesOf(snapshot, 'member_up')).toHaveLength(3);
    expect(linesOf(snapshot, 'replica_set_members{')).toEqual([]);
    expect(linesOf(snapshot, 'replica_set_members')).toEqual(['replica_set_members_up{rs0} 3']);
  });

  it('leaves out members that are excluded', async () => {
    const deployment = await replicaSet();
    const excluded = deployment.node(1).address;
    const watching = watchDeployment(deployment, {
      uri: deployment.uriFor({ node: deployment.node(0) }),
      target: { exclude: [excluded] },
    });

    const snapshot = await watching.collect();

    expect(linesOf(snapshot, 'member_up').join()).not.toContain(excluded);
    expect(deployment.node(1).connections()).toEqual([]);
  });

  it('knows a standalone server as such', async () => {
    const deployment = await startStandalone();
    onTestFinished(() => deployment[Symbol.asyncDispose]());

    const snapshot = await watchDeployment(deployment).collect();

    expect(snapshot.server.role).toBe('standalone');
    expect(errorsOf(snapshot)).toEqual([]);
    expect(linesOf(snapshot, 'replica_set')).toEqual([]);
  });
});

describe('discovery of a sharded cluster', () => {
  it('finds shards and config servers from a mongos, and their hidden members', async () => {
    const cluster = await startSharded({
      users,
      shards: [
        { name: 's0', members: [{}, { hidden: true, priority: 0 }] },
        { name: 's1', members: [{}] },
      ],
    });
    onTestFinished(() => cluster[Symbol.asyncDispose]());

    const snapshot = await watchDeployment(cluster).collect();

    expect(linesOf(snapshot, 'member_up')).toEqual(up(cluster));
    const shards = linesOf(snapshot, 'member_info').map((line) => line.replace(/^member_info\{[^,]+,/, ''));
    expect(shards.sort()).toEqual([
      ',,mongos,8.0.4} 1',
      'config,config,data,8.0.4} 1',
      's0,s0,data,8.0.4} 1',
      's0,s0,data,8.0.4} 1',
      's1,s1,data,8.0.4} 1',
    ]);
    expect(errorsOf(snapshot)).toEqual([]);
  });

  it('knows the shards after a restart of the agent while no mongos answers', async () => {
    const shards = [
      { name: 's0', members: [{}] },
      { name: 's1', members: [{}] },
    ];
    const cluster = await startSharded({ users, shards });
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const remembered = memory();
    const before = watchDeployment(cluster, { memory: remembered });
    await before.collect();
    await before[Symbol.asyncDispose]();
    for (const node of [...cluster.routers, ...cluster.shard('s1').nodes]) await node.stop();

    const snapshot = await watchDeployment(cluster, { memory: remembered }).collect();

    const told = linesOf(snapshot, 'member_info').map((line) => line.replace(/^member_info\{[^,]+,/, ''));
    expect(told.sort()).toEqual(['config,config,data,8.0.4} 1', 's0,s0,data,8.0.4} 1']);
    expect(errorsOf(snapshot)).toContain('availability s1 unreachable');
  });

  it('is denied by shards that do not know the user, and reads the rest', async () => {
    const cluster = await startSharded({ users, shardUsers: {}, shards: [{ name: 's0', members: [{}] }] });
    onTestFinished(() => cluster[Symbol.asyncDispose]());

    const snapshot = await watchDeployment(cluster).collect();

    const shard = cluster.node(0).address;
    expect(snapshot.up).toBe(true);
    expect(linesOf(snapshot, 'member_up')).toContain(`member_up{${cluster.routers[0]?.address}} 1`);
    expect(errorsOf(snapshot)).toContain(`connections ${shard} denied`);
  });
});
