import { describe, expect, it } from 'vitest';
import { FakeClock } from '../fake-clock.ts';
import { createAuthority } from '../net/certificates.ts';
import { waitUntil } from '../wait-until.ts';
import { connect } from './client.ts';
import { startReplicaSet, startStandalone } from './deployment.ts';
import { docOf, listOf, numberOf } from './values.ts';

const reeve = { password: 'secret', roles: ['clusterMonitor', 'read@local'] };

describe('connecting to the double with the official driver', () => {
  it('authenticates by SCRAM-SHA-256 and says who and what it is', async () => {
    await using deployment = await startStandalone({ users: { reeve }, version: '7.0.14' });
    await using session = await connect(deployment.uri, { appName: 'reeve' });

    const status = docOf((await session.command({ connectionStatus: 1 }))['authInfo']);
    const build = await session.command({ buildInfo: 1 });

    expect(status['authenticatedUsers']).toEqual([{ user: 'reeve', db: 'admin' }]);
    expect(status['authenticatedUserRoles']).toEqual([
      { role: 'clusterMonitor', db: 'admin' },
      { role: 'read', db: 'local' },
    ]);
    expect(build).toMatchObject({
      version: '7.0.14',
      gitVersion: 'not-mongod-a-double-in-the-tests-of-reeve',
    });
    expect(deployment.connectionCount('reeve')).toBeGreaterThan(0);
  });

  it('refuses a wrong password and an unknown user with code 18', async () => {
    await using deployment = await startStandalone({ users: { reeve } });

    const connectAs = (user: string, password: string) => connect(deployment.uriFor({ user, password }));

    await expect(connectAs('reeve', 'wrong')).rejects.toMatchObject({
      code: 18,
      codeName: 'AuthenticationFailed',
    });
    await expect(connectAs('nobody', 'secret')).rejects.toMatchObject({ code: 18 });
  });

  it('answers nothing but the handshake to a client without credentials', async () => {
    await using deployment = await startStandalone({ users: { reeve } });
    const { host } = new URL(deployment.uri);
    await using session = await connect(`mongodb://${host}/`);

    expect(await session.command({ hello: 1 })).toMatchObject({ isWritablePrimary: true, ok: 1 });
    await expect(session.command({ serverStatus: 1 })).rejects.toMatchObject({ code: 13 });
  });

  it('is a replica set that the driver discovers from one member, hidden ones and arbiters aside', async () => {
    await using deployment = await startReplicaSet({
      users: { reeve },
      members: [
        {},
        {},
        { priority: 0 },
        { hidden: true, priority: 0, secondaryDelaySecs: 60 },
        { state: 'ARBITER' },
      ],
    });
    await using session = await connect(deployment.uriFor({ node: deployment.node(1) }));

    const hello = await session.command({ hello: 1 });

    expect(hello).toMatchObject({
      setName: 'rs0',
      secondary: true,
      hosts: [deployment.node(0).address, deployment.node(1).address],
      passives: [deployment.node(2).address],
      arbiters: [deployment.node(4).address],
      primary: deployment.node(0).address,
      me: deployment.node(1).address,
    });
  });

  it('has arbiters without users, which tell their role to anybody', async () => {
    await using deployment = await startReplicaSet({
      users: { reeve },
      members: [{}, {}, { state: 'ARBITER' }],
    });
    const arbiter = deployment.node(2);
    // The driver knows that arbiters hold no users, and does not log in there.
    await using session = await connect(deployment.uriFor({ node: arbiter }));

    expect(await session.command({ hello: 1 })).toMatchObject({ arbiterOnly: true, setName: 'rs0' });
    await expect(session.command({ replSetGetStatus: 1 })).rejects.toMatchObject({ code: 13 });
  });

  it('speaks TLS with the certificate it is given, and an expired one is refused', async () => {
    const authority = createAuthority();
    const { cert, key } = authority.issue();
    const past = authority.issue({ toMs: Date.now() - 60_000 });
    await using good = await startStandalone({ tls: { certificate: cert, key } });
    await using expired = await startStandalone({ tls: { certificate: past.cert, key: past.key } });

    await using session = await connect(good.uri, { ca: authority.ca });

    expect(await session.command({ ping: 1 })).toMatchObject({ ok: 1 });
    await expect(connect(expired.uri, { ca: authority.ca })).rejects.toThrow(/expired/u);
  });
});

describe('a replica set of the double', () => {
  it('holds an election that a connected driver follows', async () => {
    await using deployment = await startReplicaSet({ users: { reeve } });
    await using session = await connect(deployment.uri);
    const primaryOf = async () => (await session.command({ hello: 1 }))['me'];
    expect(await primaryOf()).toBe(deployment.node(0).address);

    deployment.set.elect(1);

    await waitUntil('the new primary', async () => (await primaryOf()) === deployment.node(1).address);
    const status = await session.command({ replSetGetStatus: 1 });
    expect(listOf(status['members']).map((member) => docOf(member)['stateStr'])).toEqual([
      'SECONDARY',
      'PRIMARY',
      'SECONDARY',
    ]);
    expect(numberOf(status['term'])).toBe(2);
  });

  it('can have no primary, and two', async () => {
    await using deployment = await startReplicaSet({ users: { reeve } });
    const statesOf = async () =>
      await Promise.all(
        deployment.members.map(async (node) => {
          await using session = await connect(deployment.uriFor({ node }));
          return numberOf((await session.command({ replSetGetStatus: 1 }))['myState']);
        }),
      );

    deployment.set.stepDown();
    const leaderless = await statesOf();
    deployment.set.elect(0);
    deployment.set.elect(2, { keepOld: true });
    const split = await statesOf();

    expect(leaderless).toEqual([2, 2, 2]);
    expect(split).toEqual([1, 2, 1]);
  });

  it('shows lag, configured delay and stale heartbeats in replSetGetStatus', async () => {
    const clock = new FakeClock();
    await using deployment = await startReplicaSet({
      users: { reeve },
      clock,
      members: [{}, {}, { hidden: true, priority: 0, secondaryDelaySecs: 60 }],
    });
    deployment.set.lag(1, 5);
    deployment.set.freezeHeartbeats(2);
    await clock.advance(30_000);
    await using primary = await connect(deployment.uriFor({ node: deployment.node(0) }));
    await using replica = await connect(deployment.uriFor({ node: deployment.node(1) }));

    const status = await primary.command({ replSetGetStatus: 1 });
    const own = await replica.command({ replSetGetStatus: 1 });

    const nowMs = clock.now();
    const [, second, third] = listOf(status['members']).map(docOf);
    expect(status['date']).toEqual(new Date(nowMs));
    expect(second?.['lastAppliedWallTime']).toEqual(new Date(nowMs - 5_000));
    expect(third?.['lastHeartbeatRecv']).toEqual(new Date(nowMs - 30_000));
    expect(third?.['lastAppliedWallTime']).toEqual(new Date(nowMs - 90_000));
    expect(docOf(own['optimes'])['lastAppliedWallTime']).toEqual(new Date(nowMs - 5_000));
  });

  it('shows a stopped member as DOWN with an optime of the epoch', async () => {
    await using deployment = await startReplicaSet({ users: { reeve } });
    await using session = await connect(deployment.uriFor({ node: deployment.node(0) }));

    await deployment.node(2).stop();

    const down = docOf(listOf((await session.command({ replSetGetStatus: 1 }))['members'])[2]);
    expect(down).toMatchObject({
      health: 0,
      state: 8,
      stateStr: '(not reachable/healthy)',
      optimeDate: new Date(0),
    });
  });

  it('gives the oplog window in serverStatus when asked, and in oplog.rs', async () => {
    const clock = new FakeClock();
    await using deployment = await startReplicaSet({ users: { reeve }, clock });
    deployment.member(0).oplogWindowMs = 3_600_000;
    await using session = await connect(deployment.uriFor({ node: deployment.node(0) }));

    const plain = await session.command({ serverStatus: 1 });
    const asked = await session.command({ serverStatus: 1, oplog: 1, wiredTiger: 0 });
    const oplog = session.client.db('local').collection('oplog.rs');
    const newest = await oplog.findOne({}, { sort: { $natural: -1 }, projection: { ts: 1 } });

    const second = Math.floor(clock.now() / 1000);
    expect(plain).not.toHaveProperty('oplog');
    expect(asked).not.toHaveProperty('wiredTiger');
    expect(asked['oplog']).toMatchObject({
      latestOptime: { t: second },
      earliestOptime: { t: second - 3600 },
    });
    expect(newest?.['ts']).toMatchObject({ t: second });
  });
});
