import { describe, expect, it } from 'vitest';
import { hiddenOn, shopWith, stageFor } from './testing/shop.ts';
import { actOf, planOf, recheck, refusalOf, stageOn, unusedRow } from './testing/stage.ts';

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

  it('does not give up taking back for a lock or an election', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    const { apply, undo } = stage.action('hide_index');
    await apply(plan, actOf(plan), stage.context);
    shop.deployment.node(0).faults.fail('collMod', 50, 'MaxTimeMSExpired', 2);

    expect((await undo(plan, actOf(plan), stage.context)).result).toBe('done');
    await apply(plan, actOf(plan), stage.context);
    shop.deployment.set.stepDown();
    const undone = undo(plan, actOf(plan), stage.context);
    shop.deployment.set.elect(1);
    expect((await undone).result).toBe('done');
    expect(hiddenOn(shop.deployment)).toEqual([false, false, false]);
  });

  it('tries again to take back when the primary steps down under it', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');
    const { apply, undo } = stage.action('hide_index');
    await apply(plan, actOf(plan), stage.context);
    shop.deployment.node(0).faults.fail('collMod', 10_107, 'NotWritablePrimary', 1);
    shop.deployment.node(0).faults.fail('collMod', 189, 'PrimarySteppedDown', 1);

    expect((await undo(plan, actOf(plan), stage.context)).result).toBe('done');
    expect(hiddenOn(shop.deployment)).toEqual([false, false, false]);
  });

  it('says why an index that was asked for is no candidate', async () => {
    await using shop = await shopWith();
    const used = { ...unusedRow('orders', 'customer_1'), verdict: 'used', reasons: ['used_on_member'] };
    const stage = stageOn(shop.deployment, { clock: shop.clock, indexes: [used] });

    expect(await refusalOf(stage, 'hide_index', 'shop.orders.customer_1')).toBe('nothing found');
    expect(stage.evidence.map(({ title }) => title)).toEqual([
      'shop.orders.customer_1 is not proven unused: used (used_on_member)',
    ]);
  });

  it('serves several runs at the same time', async () => {
    await using shop = await shopWith();
    const stage = stageFor(shop.deployment, shop.clock);
    const plan = await planOf(stage, 'hide_index');

    const answers = await Promise.all(Array.from({ length: 8 }, () => recheck(stage, plan)));

    expect(answers.flat()).toEqual([]);
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
