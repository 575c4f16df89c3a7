import { describe, expect, it } from 'vitest';
import { type Deployment, startReplicaSet } from '../../../tests/support/mongod/deployment.ts';
import {
  actOf,
  LeapingClock,
  logins,
  planOf,
  recheck,
  refusalOf,
  type Stage,
  stageOn,
  unusedRow,
} from './testing/stage.ts';

const day = 86_400_000;

async function shopWith(
  options: Readonly<Record<string, unknown>> = {},
  name = 'customer_1',
): Promise<{ deployment: Deployment; clock: LeapingClock } & AsyncDisposable> {
  const clock = new LeapingClock();
  const deployment = await startReplicaSet({
    users: logins,
    clock,
    databases: {
      shop: {
        orders: {
          documents: 1_000,
          indexes: [{ key: { customer: 1, day: -1 }, name, options }, { key: { status: 1 } }],
        },
      },
    },
  });
  return { deployment, clock, [Symbol.asyncDispose]: () => deployment[Symbol.asyncDispose]() };
}

function stageFor(deployment: Deployment, clock: LeapingClock): Stage {
  return stageOn(deployment, { clock, indexes: [unusedRow('orders', 'customer_1')] });
}

function hiddenOn(deployment: Deployment, index = 'customer_1'): readonly boolean[] {
  const collection = deployment.collection('shop.orders');
  return deployment.set.members.map((member) =>
    member.indexesOf(collection).some(({ spec }) => spec['name'] === index && spec['hidden'] === true),
  );
}

describe('hide_index', () => {
  it('plans one command and its way back, and saves definition and uses before', async () => {
    await using shop = await shopWith();
    shop.deployment.use('shop.orders', 'customer_1', 7, 1);
    const stage = stageFor(shop.deployment, shop.clock);

    const plan = await planOf(stage, 'hide_index');

    const { statement, undo, undoKind } = actOf(plan);
    expect(JSON.parse(statement)).toEqual({
      collMod: 'orders',
      index: { name: 'customer_1', hidden: true },
      writeConcern: { w: 'majority', wtimeout: 30_000 },
      maxTimeMS: 2_000,
      comment: 'reeve run=r-0123456789ab',
      $db: 'shop',
    });
    expect(undo.map((each) => JSON.parse(each).index.hidden)).toEqual([false]);
    expect(undoKind).toBe('immediate');
    expect(plan.identity).toMatchObject({ deployment: 'replica_set', set: 'rs0', version: '8.0.4' });
    expect(plan.facts['definition']).toBe('{"v":2,"key":{"customer":1,"day":-1},"name":"customer_1"}');
    expect(plan.warnings.join()).toContain('30 days only');
    const uses = stage.evidence.find(({ kind, title }) => kind === 'statistics' && title.startsWith('uses'));
    expect(uses?.body['use']).toMatchObject([{ ops: 0 }, { ops: 7 }, { ops: 0 }]);
  });

  it('hides on every member, changes nothing when it is asked again, and shows the index again', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    const { apply, undo, inspect } = stage.action('hide_index');

    expect(await recheck(stage, plan)).toEqual([]);
    expect((await inspect(plan, actOf(plan), stage.context)).state).toBe('pending');
    expect((await apply(plan, actOf(plan), stage.context)).result).toBe('done');
    expect(hiddenOn(shop.deployment)).toEqual([true, true, true]);
    expect((await apply(plan, actOf(plan), stage.context)).result).toBe('already');
    expect((await undo(plan, actOf(plan), stage.context)).result).toBe('done');
    expect(hiddenOn(shop.deployment)).toEqual([false, false, false]);
    expect((await undo(plan, actOf(plan), stage.context)).result).toBe('already');
  });

  it('acts in a session that its run can be told by, after asking whether the lease is held', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    const seen: (string | undefined)[] = [];
    const assertHeld = async (): Promise<void> => {
      const acting = shop.deployment
        .node(0)
        .connections()
        .filter(({ user }) => user === 'acts@admin');
      seen.push(...acting.map(({ appName }) => appName));
      throw new Error('the lease was lost');
    };

    const applied = stage.action('hide_index').apply(plan, actOf(plan), { ...stage.context, assertHeld });

    await expect(applied).rejects.toThrow('the lease was lost');
    expect(seen).toEqual(['reeve/test run=r-0123456789ab']);
    expect(hiddenOn(shop.deployment)).toEqual([false, false, false]);
  });

  it('does not believe an answer of ok after which nothing changed', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    shop.deployment.node(0).faults.ignore('collMod');

    const outcome = await stage.action('hide_index').apply(plan, actOf(plan), stage.context);

    expect(outcome.result).toBe('failed');
    expect(outcome.detail).toContain('the server answered ok and nothing changed');
  });

  it('is half done while a member does not follow, and whole once it does', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    shop.deployment.member(2).freezeIndexes();
    const { apply, inspect, undo } = stage.action('hide_index');

    const outcome = await apply(plan, actOf(plan), stage.context);

    expect(outcome.result).toBe('half_applied');
    expect(outcome.detail).toContain(`visible on ${shop.deployment.node(2).address}`);
    expect((await inspect(plan, actOf(plan), stage.context)).state).toBe('half_applied');
    shop.deployment.member(2).thawIndexes();
    expect((await apply(plan, actOf(plan), stage.context)).result).toBe('already');
    expect((await undo(plan, actOf(plan), stage.context)).result).toBe('done');
  });

  it('finds out what came of it when the connection breaks before the answer', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    shop.deployment.node(0).faults.dropOn('collMod');

    const outcome = await stage.action('hide_index').apply(plan, actOf(plan), stage.context);

    expect(outcome.result).toBe('done');
    expect(hiddenOn(shop.deployment)).toEqual([true, true, true]);
  });

  it('gives way when it does not get its lock in time', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    shop.deployment.node(0).faults.fail('collMod', 50, 'MaxTimeMSExpired', 1);

    expect((await stage.action('hide_index').apply(plan, actOf(plan), stage.context)).result).toBe('gave_up');
    expect(hiddenOn(shop.deployment)).toEqual([false, false, false]);
  });

  it('refuses after an election, and takes back all the same', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    const { apply, undo } = stage.action('hide_index');
    await apply(plan, actOf(plan), stage.context);
    shop.deployment.set.elect(1);

    expect(await recheck(stage, plan)).toContain('same_server');
    expect((await undo(plan, actOf(plan), stage.context)).result).toBe('done');
    const outcome = await apply(plan, actOf(plan), stage.context);
    expect(outcome.result).toBe('refused');
    expect(outcome.detail).toContain('primary was');
    expect(hiddenOn(shop.deployment)).toEqual([false, false, false]);
  });

  it('refuses without a primary, and when the primary steps down under it', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    const { apply } = stage.action('hide_index');
    shop.deployment.node(0).faults.fail('collMod', 10_107, 'NotWritablePrimary', 1);

    expect((await apply(plan, actOf(plan), stage.context)).result).toBe('refused');
    shop.deployment.set.stepDown();
    expect((await apply(plan, actOf(plan), stage.context)).result).toBe('refused');
    expect(await recheck(stage, plan)).toContain('members_healthy');
  });

  it('refuses once a member used the index, or counts anew', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');

    shop.deployment.use('shop.orders', 'customer_1', 1, 2);
    expect(await recheck(stage, plan)).toEqual(['still_unused']);
    await shop.deployment.node(2).restart();
    expect(await recheck(stage, plan)).toEqual(['still_unused']);
  });

  it.each([
    ['members_answer', (deployment: Deployment) => deployment.node(1).stop()],
    ['members_healthy', (deployment: Deployment) => deployment.set.freezeReplication(1, day)],
    ['members_healthy', (deployment: Deployment) => deployment.set.setState(1, 'RECOVERING')],
    [
      'no_build_running',
      (deployment: Deployment) =>
        deployment
          .member(0)
          .running({ namespace: 'shop.other', seconds: 5, extra: { msg: 'Index Build: scanning' } }),
    ],
    [
      'same_everywhere',
      (deployment: Deployment) => deployment.collection('shop.orders').indexes.delete('customer_1'),
    ],
  ] as const)('refuses before it acts: %s', async (id, harm) => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');

    await harm(shop.deployment);

    expect(await recheck(stage, plan)).toContain(id);
  });

  it.each([
    ['unique', { unique: true }],
    ['ttl', { expireAfterSeconds: 60 }],
    ['partial', { partialFilterExpression: { status: 'open' } }],
    ['sparse', { sparse: true }],
    ['hidden', { hidden: true }],
  ])('never touches an index that is %s', async (id, options) => {
    await using shop = await shopWith(options);

    expect(await refusalOf(stageFor(shop.deployment, shop.clock), 'hide_index')).toBe(id);
  });

  it('never touches what the operator keeps, nor an index that it could not build again as it is', async () => {
    await using shop = await shopWith();
    const kept = stageOn(shop.deployment, {
      clock: shop.clock,
      indexes: [unusedRow('orders', 'customer_1')],
      options: { keepIndexes: ['shop.orders.*'] },
    });
    const { catalog } = shop.deployment.set;
    catalog.addIndex(shop.deployment.collection('shop.orders'), { key: { b: 1, '7': 1 }, name: 'odd' });
    const odd = stageOn(shop.deployment, { clock: shop.clock, indexes: [unusedRow('orders', 'odd')] });

    expect(await refusalOf(kept, 'hide_index')).toBe('listed');
    expect(await refusalOf(odd, 'hide_index')).toBe('definition_exact');
  });

  it('touches nothing that was made anew under the name in the meantime', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    const orders = shop.deployment.collection('shop.orders');
    orders.indexes.delete('customer_1');
    shop.deployment.set.catalog.addIndex(orders, { key: { other: 1 }, name: 'customer_1' });

    expect((await stage.action('hide_index').apply(plan, actOf(plan), stage.context)).result).toBe('refused');
    expect(hiddenOn(shop.deployment)).toEqual([false, false, false]);
  });

  it('acts only with a login of its own', async () => {
    await using shop = await shopWith();
    const stage = stageOn(shop.deployment, {
      clock: shop.clock,
      indexes: [unusedRow('orders', 'customer_1')],
      acting: false,
    });
    const plan = await planOf(stage, 'hide_index');

    const outcome = await stage.action('hide_index').apply(plan, actOf(plan), stage.context);

    expect(outcome).toMatchObject({ result: 'refused' });
    expect(outcome.detail).toContain('remediation.credentials');
  });

  it.each(['a.b$c_1', 'naïve "名" \\ index', '$where', "x'; db.dropDatabase()"])(
    'names an index %s as it is',
    async (name) => {
      await using shop = await shopWith({}, name);
      const stage = stageOn(shop.deployment, { clock: shop.clock, indexes: [unusedRow('orders', name)] });
      const plan = await planOf(stage, 'hide_index');

      expect((await stage.action('hide_index').apply(plan, actOf(plan), stage.context)).result).toBe('done');
      expect(hiddenOn(shop.deployment, name)).toEqual([true, true, true]);
      const drop = await planOf(stage, 'drop_hidden_index', plan.subject);
      expect((await stage.action('drop_hidden_index').apply(drop, actOf(drop), stage.context)).result).toBe(
        'done',
      );
      expect([...shop.deployment.collection('shop.orders').indexes.keys()]).toEqual(['_id_', 'status_1']);
    },
  );

  it('counts the reads of the collection on each member', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    shop.deployment.member(1).observeReads(shop.deployment.collection('shop.orders'), 2_000, 50);

    const { series } = await stage.action('hide_index').counters(plan, stage.context);

    expect(Object.keys(series)).toHaveLength(3);
    expect(Object.values(series)).toContainEqual({ sum: 0.1, count: 50 });
  });

  it('keeps as evidence what the review found beside it', async () => {
    await using shop = await shopWith();
    const stage = stageOn(shop.deployment, {
      clock: shop.clock,
      details: {
        differing_indexes: [
          { database: 'shop', collection: 'orders', index: 'x', kind: 'missing', shards: ['beta'] },
        ],
      },
    });

    await stage.action('hide_index').find({ subject: undefined, only: undefined, limit: 5 }, stage.context);

    expect(stage.evidence).toMatchObject([
      { kind: 'catalogue', title: '1 indexes that differ between shards' },
    ]);
  });
});
