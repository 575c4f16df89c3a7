import { describe, expect, it } from 'vitest';
import { startReplicaSet, startSharded } from '../../../tests/support/mongod/deployment.ts';
import { engine } from '../index.ts';
import {
  actOf,
  LeapingClock,
  logins,
  orderIndexes,
  planOf,
  stageOn,
  startOrders,
  unusedRow,
} from './testing/stage.ts';

describe('a sharded cluster', () => {
  const users = {
    ...logins,
    reeve: { ...logins.reeve, roles: [...logins.reeve.roles, 'directShardOperations'] },
  };
  const shards = [{ name: 'alpha' }, { name: 'beta' }];

  it('is changed through mongos, and every member of every shard is looked at', async () => {
    const clock = new LeapingClock();
    await using deployment = await startSharded({
      users,
      clock,
      shards,
      databases: { shop: { orders: { documents: 1_000, indexes: orderIndexes, shardKey: { region: 1 } } } },
    });
    const stage = stageOn(deployment, { clock, indexes: [unusedRow('orders', 'customer_1')] });
    const plan = await planOf(stage, 'hide_index');
    deployment.shard('beta').set.member(2).freezeIndexes();
    const { apply, undo } = stage.action('hide_index');

    const half = await apply(plan, actOf(plan), stage.context);
    deployment.shard('beta').set.member(2).thawIndexes();
    const whole = await apply(plan, actOf(plan), stage.context);

    expect(plan.identity).toMatchObject({ deployment: 'sharded', clusterId: '65a000000000000000000002' });
    expect(half.result).toBe('half_applied');
    expect(half.detail).toContain(deployment.shard('beta').nodes[2]?.address);
    expect(whole.result).toBe('already');
    expect((await undo(plan, actOf(plan), stage.context)).result).toBe('done');
  });

  it('is not taken back while nobody knows of a shard', async () => {
    const clock = new LeapingClock();
    await using deployment = await startSharded({
      users,
      clock,
      shards,
      databases: { shop: { orders: { documents: 1_000, indexes: orderIndexes, shardKey: { region: 1 } } } },
    });
    const stage = stageOn(deployment, { clock, indexes: [unusedRow('orders', 'customer_1')] });
    const plan = await planOf(stage, 'hide_index');
    const { apply, undo } = stage.action('hide_index');
    await apply(plan, actOf(plan), stage.context);
    for (const node of deployment.shard('beta').nodes)
      node.faults.fail('aggregate $indexStats', 13, 'Unauthorized', 1_000);

    const outcome = await undo(plan, actOf(plan), stage.context);

    expect(outcome.result).toBe('half_applied');
    expect(outcome.detail).toContain('nothing is known of shard beta');
  });

  it('refuses what serves the shard key, and what differs between shards', async () => {
    const clock = new LeapingClock();
    await using deployment = await startSharded({
      users,
      clock,
      shards,
      databases: {
        shop: {
          orders: {
            documents: 1_000,
            indexes: [...orderIndexes, { key: { region: 1, day: 1 } }],
            shardKey: { region: 1 },
          },
        },
      },
    });
    deployment.shard('beta').set.catalog.get('shop.orders').indexes.delete('customer_1');
    const refusal = async (index: string): Promise<string> => {
      const stage = stageOn(deployment, { clock, indexes: [unusedRow('orders', index)] });
      return planOf(stage, 'hide_index').then(
        () => 'planned',
        (thrown: unknown) => String(thrown),
      );
    };

    expect(await refusal('region_1_day_1')).toContain('shard_key');
    expect(await refusal('customer_1')).toContain('same_everywhere');
  });
});

describe('check', () => {
  it('is content with one login that reads and one that acts, and prints the role that is missing', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    const { operations, context } = stageOn(deployment, { clock });

    expect(await operations.check(context.signal)).toEqual([]);
    deployment.setRoles('acts', ['privilege:collMod@shop']);
    const [lacking] = await operations.check(context.signal);
    expect(lacking?.message).toContain('lacks dropIndex, createIndex, replSetGetConfig');
    expect(lacking?.remedy).toContain("createRole({ role: 'reeveActs'");
    deployment.setRoles('acts', ['root']);
    deployment.setRoles('reeve', ['clusterMonitor', 'dbAdminAnyDatabase']);
    const messages = (await operations.check(context.signal)).map(({ message }) => message);
    expect(messages).toEqual([
      expect.stringContaining('the collecting login is able to act (collMod, dropIndex, createIndex)'),
      expect.stringContaining('may do more than its actions need (anyAction)'),
    ]);
  });

  it('notices that the login that acts leads to another deployment', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    await using other = await startReplicaSet({ users: logins, clock, setName: 'rs9' });
    const { operations, context } = stageOn(
      { ...deployment, uriFor: (choice) => other.uriFor(choice) },
      { clock },
    );

    const [item] = await operations.check(context.signal);

    expect(item?.message).toContain(
      'lead to another deployment than the url of the target: set was rs0 and is rs9',
    );
  });

  it('says that nothing can be applied without a login that acts', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    const { operations, context } = stageOn(deployment, { clock, acting: false });

    const items = await operations.check(context.signal);

    expect(items.map(({ message }) => message)).toEqual([expect.stringContaining('none can be applied')]);
    expect(JSON.stringify(items)).not.toContain('canary');
  });
});

describe('guards of the engine', () => {
  it('are metrics that it has', () => {
    const { guards = [], metrics } = engine;

    expect(guards.map(({ metric }) => metric in metrics)).toEqual(guards.map(() => true));
    expect(new Set(guards.map(({ guard }) => guard))).toEqual(
      new Set(['latency', 'errors', 'lag', 'throttling']),
    );
  });
});
