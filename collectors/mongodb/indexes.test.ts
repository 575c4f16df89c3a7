import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryHistory } from '../../tests/support/engine-tests.ts';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import {
  type Deployment,
  type ReplicaSetOptions,
  startReplicaSet,
  startStandalone,
} from '../../tests/support/mongod/deployment.ts';
import { type DataWatching, linesOf, readFor, verdictOn, watchGroup } from './testing/watch-data.ts';

const minute = 60_000;
const hour = 60 * minute;

async function replicaSet(options: ReplicaSetOptions = {}): Promise<{
  readonly deployment: Deployment;
  readonly clock: FakeClock;
}> {
  const clock = new FakeClock();
  const deployment = await startReplicaSet({
    clock,
    members: [{}, {}, { hidden: true, priority: 0 }, { state: 'ARBITER' }],
    users: { reeve: { password: 'canary-pass', roles: ['clusterMonitor', 'read@local'] } },
    databases: {
      shop: {
        orders: {
          documents: 1_000,
          indexes: [
            { key: { customer: 1 }, sizeBytes: 40_960 },
            { key: { customer: 1, day: -1 } },
            { key: { number: 1 }, options: { unique: true } },
            { key: { old: 1 }, sizeBytes: 8_192 },
            { key: { gone: 1 }, options: { hidden: true } },
          ],
        },
        open_orders: { type: 'view', options: { viewOn: 'orders', pipeline: [] } },
        weather: { type: 'timeseries', options: { timeseries: { timeField: 'at' } } },
      },
    },
    ...options,
  });
  onTestFinished(() => deployment[Symbol.asyncDispose]());
  return { deployment, clock };
}

function watch(
  deployment: Deployment,
  clock: FakeClock,
  target: Readonly<Record<string, unknown>> = {},
): DataWatching {
  return watchGroup(deployment, {
    group: 'indexes',
    clock,
    target: { unusedAfter: '4h', deadline: '4s', ...target },
  });
}

describe('the indexes of a replica set', () => {
  it('are read from every member with data, without noise from views, time series, system collections and arbiters', async () => {
    const { deployment, clock } = await replicaSet();

    const reading = await watch(deployment, clock).read();

    expect(reading.errors).toEqual([]);
    expect(reading.state).toBe('ok');
    expect(linesOf(reading)).toEqual([
      'mongodb_building_indexes{shop} 0',
      'mongodb_hidden_indexes{shop} 1',
      'mongodb_index_coverage_ratio{} 1',
      'mongodb_index_verdicts{shop,kept} 3',
      'mongodb_index_verdicts{shop,unproven} 3',
      'mongodb_index_verdicts{shop,unused} 0',
      'mongodb_index_verdicts{shop,used} 0',
      'mongodb_index_watch_age_seconds{shop} 0',
      'mongodb_redundant_index_bytes{shop} 40960',
      'mongodb_redundant_indexes{shop} 1',
      'mongodb_unused_index_candidates{shop} 3',
    ]);
  });

  it('are proven unused when no member used them for the whole window, and not before', async () => {
    const { deployment, clock } = await replicaSet();
    const watching = watch(deployment, clock);

    const early = await readFor(watching, 3 * hour);
    const late = await readFor(watching, hour);

    expect(verdictOn(early, 'old_1')).toBe('unproven window_too_short');
    expect(linesOf(early, 'unused_index')).toEqual(['mongodb_unused_index_candidates{shop} 3']);
    expect(verdictOn(late, 'old_1')).toBe('unused');
    expect(linesOf(late, 'unused_index')).toEqual([
      'mongodb_overdue_unused_index_bytes{shop} 0',
      'mongodb_unused_index_bytes{shop} 65152',
      'mongodb_unused_index_candidates{shop} 0',
      'mongodb_unused_indexes{shop} 3',
    ]);
    expect(verdictOn(late, 'number_1')).toBe('kept unique');
    expect(verdictOn(late, 'gone_1')).toBe('kept hidden');
  });

  it('count as used when only the hidden member used them', async () => {
    const { deployment, clock } = await replicaSet();
    const watching = watch(deployment, clock);
    await readFor(watching, hour);

    deployment.use('shop.orders', 'old_1', 1, 2);
    const reading = await readFor(watching, 3 * hour);
    const later = await readFor(watching, 2 * hour);

    expect(verdictOn(reading, 'old_1')).toBeUndefined();
    expect(linesOf(reading, 'verdicts{shop,used}')).toEqual([]);
    expect(linesOf(reading)).toContain('mongodb_index_verdicts{shop,used} 1');
    expect(verdictOn(later, 'old_1')).toBe('unused');
  });

  it('are not proven while one member does not answer, and none is said to be unused', async () => {
    const { deployment, clock } = await replicaSet();
    const watching = watch(deployment, clock);
    await readFor(watching, 5 * hour);

    await deployment.node(2).stop();
    await clock.advance(minute);
    const reading = await watching.read();

    expect(reading.state).toBe('partial');
    expect(reading.errors).toEqual([
      { subject: deployment.node(2).address, code: 'unreachable', message: expect.any(String) },
    ]);
    expect(verdictOn(reading, 'old_1')).toContain('unproven member_not_collected');
    expect(linesOf(reading, 'unused_index')).toEqual(['mongodb_unused_index_candidates{shop} 3']);
    expect(linesOf(reading, 'coverage')).toEqual(['mongodb_index_coverage_ratio{} 0']);
  });

  it('are never proven while the operator leaves out a member', async () => {
    const { deployment, clock } = await replicaSet();
    const watching = watch(deployment, clock, { exclude: [deployment.node(1).address] });

    const reading = await readFor(watching, 5 * hour);

    expect(verdictOn(reading, 'old_1')).toContain('member_not_collected');
    expect(linesOf(reading, 'unused_indexes')).toEqual([]);
  });

  it('stay watched over a short restart, and are watched anew after a long outage', async () => {
    const { deployment, clock } = await replicaSet();
    const watching = watch(deployment, clock);
    await readFor(watching, 3 * hour);

    await deployment.node(1).restart();
    const proven = await readFor(watching, 2 * hour);
    await deployment.node(1).stop();
    await clock.advance(hour);
    await watching.read();
    await deployment.node(1).start();
    const again = await readFor(watching, hour);

    expect(verdictOn(proven, 'old_1')).toBe('unused');
    expect(verdictOn(again, 'old_1')).toBe('unproven window_too_short');
    expect(linesOf(again, 'unused_indexes')).toEqual([]);
  });

  it('stay proven through an election', async () => {
    const { deployment, clock } = await replicaSet();
    const watching = watch(deployment, clock);
    await readFor(watching, 5 * hour);

    deployment.set.elect(1);
    const reading = await readFor(watching, hour);

    expect(verdictOn(reading, 'old_1')).toBe('unused');
  });

  it('begin anew when one is hidden and shown again, or built again with other options', async () => {
    const { deployment, clock } = await replicaSet();
    const watching = watch(deployment, clock);
    await readFor(watching, 5 * hour);
    const orders = deployment.collection('shop.orders');
    const hide = (hidden: boolean): void => {
      const entry = orders.indexes.get('old_1');
      if (entry === undefined) return;
      entry.spec = { v: 2, key: { old: 1 }, name: 'old_1', ...(hidden ? { hidden: true } : {}) };
      for (const member of deployment.set.members) member.resetUsage(entry);
    };

    hide(true);
    const hidden = await readFor(watching, 10 * minute);
    hide(false);
    const shown = await readFor(watching, 10 * minute);
    orders.indexes.delete('customer_1');
    deployment.set.catalog.addIndex(orders, {
      key: { customer: 1 },
      options: { collation: { locale: 'de' } },
    });
    const rebuilt = await readFor(watching, 10 * minute);

    expect(verdictOn(hidden, 'old_1')).toBe('kept hidden too_young');
    expect(verdictOn(shown, 'old_1')).toBe('unproven too_young');
    expect(verdictOn(rebuilt, 'customer_1')).toBe('unproven too_young');
    expect(verdictOn(rebuilt, 'customer_1_day_-1')).toBe('unused');
  });

  it('are kept when the operator lists them', async () => {
    const { deployment, clock } = await replicaSet();
    const watching = watch(deployment, clock, { keepIndexes: ['shop.*.old_1'] });

    const reading = await readFor(watching, 5 * hour);

    expect(verdictOn(reading, 'old_1')).toBe('kept listed');
  });

  it('are unknown, with the grant that is missing, when clusterMonitor is taken away', async () => {
    const { deployment, clock } = await replicaSet();
    const watching = watch(deployment, clock);
    await readFor(watching, 10 * minute);

    deployment.setRoles('reeve', ['read@local']);
    await clock.advance(10 * minute);
    const reading = await watching.read();

    expect(linesOf(reading, 'unused')).toEqual([]);
    expect(reading.state).toBe('failed');
    expect(reading.errors.map(({ code }) => code)).toEqual(['denied']);
    expect(reading.errors[0]?.message).toContain("grantRolesToUser('reeve'");
  });

  it('make no noise when a collection turns out to be a view', async () => {
    const { deployment, clock } = await replicaSet();
    for (const node of deployment.members) node.faults.fail('aggregate $indexStats', 40_602, 'Location40602');

    const reading = await watch(deployment, clock).read();

    expect(reading.errors).toEqual([]);
  });

  it('of a database are not counted while one collection may not be read', async () => {
    const { deployment, clock } = await replicaSet({
      databases: { shop: { orders: {} }, archive: { old: {}, older: {} } },
    });
    deployment.node(0).faults.fail('aggregate $indexStats', 13, 'Unauthorized', 1);

    const reading = await watch(deployment, clock).read();

    expect(linesOf(reading, 'verdicts')).toContain('mongodb_index_verdicts{shop,kept} 1');
    expect(linesOf(reading, 'verdicts').some((line) => line.includes('archive'))).toBe(false);
    expect(reading.errors.map(({ code }) => code)).toEqual(['denied']);
  });

  it('that are being built are kept and counted', async () => {
    const { deployment, clock } = await replicaSet({
      databases: { shop: { orders: { indexes: [{ key: { fresh: 1 }, building: true }] } } },
    });

    const reading = await watch(deployment, clock).read();

    expect(verdictOn(reading, 'fresh_1')).toMatch(/^kept building/);
    expect(linesOf(reading, 'building')).toEqual(['mongodb_building_indexes{shop} 1']);
  });

  it('of a member that hangs cost this group nothing but the member', async () => {
    const { deployment, clock } = await replicaSet();
    deployment.node(1).faults.slow(60_000, 'aggregate $indexStats');

    const reading = await watch(deployment, clock).read();

    expect(reading.errors.map(({ subject, code }) => `${subject} ${code}`)).toEqual([
      `${deployment.node(1).address} timeout`,
    ]);
    expect(linesOf(reading)).toContain('mongodb_hidden_indexes{shop} 1');
  });

  it('go on being watched when the agent starts again', async () => {
    const { deployment, clock } = await replicaSet();
    const history = createMemoryHistory();
    const target = { unusedAfter: '4h', deadline: '4s' };
    const first = watchGroup(deployment, { group: 'indexes', clock, history, target });
    await readFor(first, 4 * hour);
    await first.watch.close();

    await clock.advance(10 * minute);
    const reading = await watchGroup(deployment, { group: 'indexes', clock, history, target }).read();

    expect(verdictOn(reading, 'old_1')).toBe('unused');
  });

  it('are not proven when a member left while the agent was not running, whatever it served until then', async () => {
    const { deployment, clock } = await replicaSet({ members: [{}, {}, {}] });
    const history = createMemoryHistory();
    const target = { unusedAfter: '4h', deadline: '4s' };
    const first = watchGroup(deployment, { group: 'indexes', clock, history, target });
    expect(verdictOn(await readFor(first, 5 * hour), 'old_1')).toBe('unused');
    await first.watch.close();
    await clock.advance(hour);
    await deployment.node(2).stop();
    deployment.set.removeLast();

    const uri = deployment.uriFor({ node: deployment.node(0) });
    const again = watchGroup({ uri }, { group: 'indexes', clock, history, target });
    const soon = await readFor(again, hour);
    const later = await readFor(again, 4 * hour);

    expect(verdictOn(soon, 'old_1')).toBe('unproven window_too_short');
    expect(verdictOn(later, 'old_1')).toBe('unused');
  });

  it.each([0, 1, 2])(
    'are all or nothing when the connection of member %i breaks in the middle',
    async (at) => {
      const { deployment, clock } = await replicaSet();
      const watching = watch(deployment, clock);
      await readFor(watching, 5 * hour);
      deployment.node(at).faults.dropOn('aggregate $indexStats');

      await clock.advance(10 * minute);
      const broken = await watching.read();
      await clock.advance(10 * minute);
      const mended = await watching.read();

      expect(broken.errors.map(({ code }) => code)).toEqual(['unreachable']);
      expect(linesOf(broken, 'unused_indexes')).toEqual([]);
      expect(linesOf(mended, 'unused_indexes')).toEqual(['mongodb_unused_indexes{shop} 3']);
    },
  );
});

describe('the clock of the agent', () => {
  it('proves nothing when it was set ahead, and spoils nothing', async () => {
    const clock = new FakeClock();
    const begin = clock.now();
    const { deployment } = await replicaSet({ clock: { now: () => begin + clock.monotonicMs() } });
    const watching = watch(deployment, clock);
    await readFor(watching, hour);

    clock.jump(200 * 24 * hour);
    const ahead = await watching.read();
    clock.jump(-200 * 24 * hour);
    const right = await readFor(watching, hour);

    expect(ahead.state).toBe('failed');
    expect(ahead.errors[0]?.message).toContain('288000 min ahead of');
    expect(verdictOn(right, 'old_1')).toContain('window_too_short');
  });
});

describe('the indexes of a standalone server', () => {
  it('are proven unused by its own counts', async () => {
    const clock = new FakeClock();
    const deployment = await startStandalone({
      clock,
      databases: { shop: { orders: { indexes: [{ key: { old: 1 } }] } } },
    });
    onTestFinished(() => deployment[Symbol.asyncDispose]());

    const reading = await readFor(watch(deployment, clock), 5 * hour);

    expect(verdictOn(reading, 'old_1')).toBe('unused');
    expect(linesOf(reading, 'unused_indexes')).toEqual(['mongodb_unused_indexes{shop} 1']);
  });
});
