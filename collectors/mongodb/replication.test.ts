import { describe, expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import {
  type Deployment,
  type ReplicaSetOptions,
  startReplicaSet,
} from '../../tests/support/mongod/deployment.ts';
import {
  type DeploymentWatching,
  errorsOf,
  linesOf,
  users,
  watchDeployment,
} from './testing/watch-deployment.ts';

const poll = 15_000;

async function watched(options: ReplicaSetOptions = {}): Promise<readonly [Deployment, DeploymentWatching]> {
  const clock = new FakeClock();
  const deployment = await startReplicaSet({ clock, users, ...options });
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  return [deployment, watchDeployment(deployment, { clock })];
}

/** The lags of a collection after so many polls, by the index of the member. */
async function lagsAfter(
  [deployment, watching]: readonly [Deployment, DeploymentWatching],
  polls: number,
): Promise<unknown> {
  for (let count = 1; count < polls; count += 1) {
    await watching.collect();
    await watching.clock.advance(poll);
  }
  const snapshot = await watching.collect();
  const names = deployment.nodes.map(({ address }) => address);
  return Object.fromEntries(
    snapshot.samples
      .filter(({ metric }) => metric.name === 'reeve_replication_lag_seconds')
      .map(({ labels, value }) => [names.indexOf(labels[0] ?? ''), value]),
  );
}

/** All but that nobody makes backups of these. */
function findings(watching: DeploymentWatching): readonly string[] {
  return watching
    .latest()
    .readings.filter(({ group }) => group !== 'backups')
    .flatMap((reading) => reading.findings.map(({ code, subject }) => `${code} ${subject}`));
}

describe('replication', () => {
  it('reads each member directly: hidden and delayed ones too, arbiters not', async () => {
    const watch = await watched({
      members: [{}, {}, { hidden: true, priority: 0, secondaryDelaySecs: 600 }, { state: 'ARBITER' }],
    });
    watch[0].set.lag(1, 2.5);

    expect(await lagsAfter(watch, 2)).toEqual({ 1: 2.5, 2: 0 });
    expect(errorsOf(watch[1].latest())).toEqual([]);
    expect(linesOf(watch[1].latest(), 'configured_delay')).toHaveLength(1);
  });

  it('counts a delay that only the delayed member tells, where the configuration is denied', async () => {
    const watch = await watched({ members: [{}, {}, { priority: 0, secondaryDelaySecs: 600 }] });
    for (const { faults } of watch[0].nodes) faults.fail('replSetGetConfig', 13, 'Unauthorized');

    expect(await lagsAfter(watch, 1)).toMatchObject({ 2: 0 });
    expect(await lagsAfter(watch, 2)).toEqual({ 1: 0, 2: 0 });
  });

  it('is at most the time since the last poll on an idle set, and never the age of its last write', async () => {
    const watch = await watched();
    watch[0].set.writes = 'idle';

    expect(await lagsAfter(watch, 4)).toEqual({ 1: 0, 2: 0 });
    watch[0].set.stopWrites();
    await watch[1].clock.advance(67 * 3_600_000);
    expect(await lagsAfter(watch, 1)).toEqual({ 1: 0, 2: 0 });
  });

  it('grows with the clock while a replica stands still', async () => {
    const watch = await watched();
    await watch[1].collect();
    watch[0].set.freezeReplication(1);

    expect(await lagsAfter(watch, 3)).toEqual({ 1: 30, 2: 0 });
  });

  it('is unknown, with a finding, while a replica hears nothing and stands still', async () => {
    const watch = await watched();
    await watch[1].collect();
    watch[0].set.freezeReplication(1);
    watch[0].set.freezeHeartbeats(1);

    expect(await lagsAfter(watch, 3)).toEqual({ 2: 0 });
    expect(findings(watch[1])).toEqual([`replica_cut_off ${watch[0].node(1).address}`]);
  });

  it('is unknown for a member that is being made, without an error', async () => {
    const watch = await watched({ members: [{}, {}, { state: 'STARTUP2' }] });

    expect(await lagsAfter(watch, 1)).toEqual({ 1: 0 });
    expect(errorsOf(watch[1].latest())).toEqual([]);
    expect(linesOf(watch[1].latest(), 'member_state').join()).toContain('STARTUP2');
  });

  it('is unknown without a primary, and the set is said to have none', async () => {
    const watch = await watched();
    await watch[1].collect();
    watch[0].set.stepDown();

    expect(await lagsAfter(watch, 1)).toEqual({});
    expect(findings(watch[1])).toEqual(['no_primary rs0']);
    expect(linesOf(watch[1].latest(), 'set_primaries')).toEqual(['replica_set_primaries{rs0} 0']);

    watch[0].set.elect(2);
    expect(await lagsAfter(watch, 1)).toEqual({ 0: 0, 1: 0 });
  });

  it('does not take a primary that does not answer the agent for none, as long as a member hears it', async () => {
    const watch = await watched();
    const [deployment, watching] = watch;
    deployment.node(0).faults.fail('replSetGetStatus', 6, 'HostUnreachable');

    await lagsAfter(watch, 1);

    expect(linesOf(watching.latest(), 'set_primaries')).toEqual(['replica_set_primaries{rs0} 1']);
  });

  it('follows the primary of the highest term when an old one does not know yet', async () => {
    const watch = await watched();
    watch[0].set.elect(1, { keepOld: true });

    expect(Object.keys(Object(await lagsAfter(watch, 1)))).toEqual(['2']);
    expect(linesOf(watch[1].latest(), 'set_primaries')).toEqual(['replica_set_primaries{rs0} 2']);
  });

  it('is unknown while the new primary does not answer and the old one does not know yet', async () => {
    const watch = await watched();
    await watch[1].collect();
    watch[0].set.elect(1, { keepOld: true });
    watch[0].set.lag(2, 30);
    await watch[0].node(1).stop();

    expect(await lagsAfter(watch, 2)).toEqual({});
    expect(findings(watch[1])).toEqual(['primary_outdated rs0']);
  });

  it('is unknown with two primaries of one term', async () => {
    const watch = await watched();
    watch[0].set.setState(1, 'PRIMARY');

    expect(await lagsAfter(watch, 1)).toEqual({});
    expect(findings(watch[1])).toEqual(['two_primaries rs0']);
  });

  it('is unknown for a member that does not answer, and known for the others', async () => {
    const watch = await watched();
    await watch[1].collect();
    await watch[0].node(1).stop();

    expect(await lagsAfter(watch, 1)).toEqual({ 2: 0 });
    expect(errorsOf(watch[1].latest())).toContain(`replication ${watch[0].node(1).address} unreachable`);
    expect(linesOf(watch[1].latest(), 'member_up')).toContain(`member_up{${watch[0].node(1).address}} 0`);
  });

  it('compares whole seconds where servers tell no more', async () => {
    const watch = await watched({ version: '5.0.3' });
    watch[0].set.wallTimes = false;
    watch[0].set.lag(1, 3);

    expect(await lagsAfter(watch, 1)).toEqual({ 1: 3, 2: 0 });
  });
});

describe('oplog', () => {
  it('tells what is left for each replica', async () => {
    const watch = await watched();
    watch[0].set.lag(1, 600);
    watch[0].member(0).oplogWindowMs = 3_600_000;

    await watch[1].collect();

    const lines = linesOf(watch[1].latest(), 'oplog_headroom');
    expect(lines).toContain(`oplog_headroom_seconds{${watch[0].node(1).address}} 3000`);
    expect(lines).toContain(`oplog_headroom_seconds{${watch[0].node(2).address}} 3600`);
  });

  it('is read from the oplog where serverStatus fails for want of the oldest entry, and nothing else is lost', async () => {
    const watch = await watched();
    const unreadable = { code: 17_347, name: 'Location17347' };
    for (const { faults } of watch[0].nodes)
      faults.answer('serverStatus', (answer) =>
        'oplog' in answer
          ? {
              ok: 0,
              errmsg: 'Problem reading earliest entry from oplog',
              code: unreadable.code,
              codeName: unreadable.name,
            }
          : answer,
      );

    const snapshot = await watch[1].collect();

    expect(errorsOf(snapshot)).toEqual([]);
    expect(linesOf(snapshot, 'oplog_window')).toHaveLength(3);
    expect(linesOf(snapshot, 'connections_current')).toHaveLength(3);
  });

  it('reads the ends of the oplog where serverStatus does not tell, and is denied without read on local', async () => {
    const watch = await watched();
    for (const { faults } of watch[0].nodes)
      faults.answer('serverStatus', ({ oplog: _oplog, ...answer }) => answer);

    await watch[1].collect();
    expect(linesOf(watch[1].latest(), 'oplog_window')).toHaveLength(3);

    watch[0].setRoles('reeve', ['clusterMonitor']);
    await watch[1].clock.advance(60_000);
    const denied = (await watch[1].collect()).readings.find(({ group }) => group === 'oplog');
    expect(denied?.samples).toEqual([]);
    expect(denied?.errors[0]?.message).toContain(
      "db.getSiblingDB('admin').grantRolesToUser('reeve', [{ role: 'read', db: 'local' }]);",
    );
  });
});
