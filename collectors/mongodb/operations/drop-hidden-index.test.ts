import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../../tests/support/mongod/deployment.ts';
import { actOf, LeapingClock, planOf, recheck, stageOn, startOrders, unusedRow } from './testing/stage.ts';

const subject = 'shop.orders.customer_1';
function hide(deployment: Deployment): void {
  const index = deployment.collection('shop.orders').indexes.get('customer_1');
  if (index === undefined) throw new Error('no index');
  index.spec = { ...index.spec, hidden: true };
  for (const member of deployment.set.members) member.resetUsage(index);
}

function show(deployment: Deployment): void {
  const index = deployment.collection('shop.orders').indexes.get('customer_1');
  if (index === undefined) throw new Error('no index');
  const { hidden: _hidden, ...visible } = index.spec;
  index.spec = visible;
  for (const member of deployment.set.members) member.resetUsage(index);
}

function names(deployment: Deployment): readonly string[] {
  return [...deployment.collection('shop.orders').indexes.keys()];
}

describe('drop_hidden_index', () => {
  it('is prepared after an index was hidden, only for the one that is asked for, and only while it is hidden', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    const stage = stageOn(deployment, { clock });
    const { find } = stage.action('drop_hidden_index');
    const ask = (only: string | undefined) => find({ subject: undefined, only, limit: 5 }, stage.context);

    expect(stage.action('hide_index').followUp).toBe('drop_hidden_index');
    expect(await ask(subject)).toEqual([]);
    hide(deployment);
    expect(await ask(undefined)).toEqual([]);
    expect(await ask('nonsense')).toEqual([]);
    expect((await ask(subject)).map((candidate) => candidate.subject)).toEqual([subject]);
  });

  it('says that taking it back is a build, and for how long it was hidden', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock, 90_000_000);
    hide(deployment);
    await clock.advance(3 * 86_400_000);

    const plan = await planOf(stageOn(deployment, { clock }), 'drop_hidden_index', subject);

    expect(actOf(plan).undoKind).toBe('rebuild');
    expect(plan.title).toContain('hidden for 3 days');
    expect(plan.cost).toContain('over 90000000 documents, by estimate 30 minutes, on a busy server hours');
    expect(plan.warnings.join()).toContain('can take hours');
    expect(plan.warnings.join()).toContain('7 days are usual');
    expect(JSON.parse(actOf(plan).undo[0] ?? '').indexes).toEqual([
      { v: 2, key: { customer: 1 }, name: 'customer_1', collation: { locale: 'de', strength: 2 } },
    ]);
  });

  it('drops by name on every member, once, and builds exactly the saved index again', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    hide(deployment);
    const stage = stageOn(deployment, { clock });
    const plan = await planOf(stage, 'drop_hidden_index', subject);
    const { apply, undo } = stage.action('drop_hidden_index');

    expect(await recheck(stage, plan)).toEqual([]);
    expect((await apply(plan, actOf(plan), stage.context)).result).toBe('done');
    expect(names(deployment)).toEqual(['_id_', 'status_1']);
    expect((await apply(plan, actOf(plan), stage.context)).result).toBe('already');
    expect((await undo(plan, actOf(plan), stage.context)).result).toBe('done');
    expect(deployment.collection('shop.orders').indexes.get('customer_1')?.spec).toEqual({
      v: 2,
      key: { customer: 1 },
      name: 'customer_1',
      collation: { locale: 'de', strength: 2 },
    });
    expect((await undo(plan, actOf(plan), stage.context)).result).toBe('already');
  });

  it('refuses when somebody showed the index again, or made another of its name', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    hide(deployment);
    const stage = stageOn(deployment, { clock });
    const plan = await planOf(stage, 'drop_hidden_index', subject);
    const orders = deployment.collection('shop.orders');
    deployment.set.catalog.addIndex(orders, {
      key: { customer: 1 },
      options: { collation: { locale: 'de', strength: 2 } },
    });
    expect(await recheck(stage, plan)).toEqual(['still_hidden']);

    orders.indexes.delete('customer_1');
    deployment.set.catalog.addIndex(orders, { key: { customer: -1 }, name: 'customer_1' });

    expect(await recheck(stage, plan)).toContain('same_everywhere');
    expect((await stage.action('drop_hidden_index').apply(plan, actOf(plan), stage.context)).result).toBe(
      'refused',
    );
    expect(names(deployment)).toContain('customer_1');
  });

  it('drops nothing that somebody showed again after the recheck', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    hide(deployment);
    const stage = stageOn(deployment, { clock });
    const plan = await planOf(stage, 'drop_hidden_index', subject);
    expect(await recheck(stage, plan)).toEqual([]);
    show(deployment);

    const outcome = await stage.action('drop_hidden_index').apply(plan, actOf(plan), stage.context);

    expect(outcome.result).toBe('refused');
    expect(outcome.detail).toContain('is visible');
    expect(names(deployment)).toContain('customer_1');
  });

  it('refuses when it was shown and hidden again since the plan: it may have served in between', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    hide(deployment);
    const stage = stageOn(deployment, { clock });
    const plan = await planOf(stage, 'drop_hidden_index', subject);
    await clock.advance(60_000);
    show(deployment);
    await clock.advance(60_000);
    hide(deployment);

    expect(await recheck(stage, plan)).toContain('still_hidden');
  });

  it('knows what was done when the agent died between the command and its confirmation', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    hide(deployment);
    const stage = stageOn(deployment, { clock });
    const plan = await planOf(stage, 'drop_hidden_index', subject);
    deployment.member(1).freezeIndexes();
    const abort = new AbortController();
    deployment.node(0).faults.answer('dropIndexes', (answer) => {
      abort.abort();
      return answer;
    });
    const killed = stage
      .action('drop_hidden_index')
      .apply(plan, actOf(plan), { ...stage.context, signal: abort.signal });
    await expect(killed).rejects.toThrow();

    const after = stageOn(deployment, { clock });
    const { inspect, apply } = after.action('drop_hidden_index');
    expect((await inspect(plan, actOf(plan), after.context)).state).toBe('half_applied');
    deployment.member(1).thawIndexes();
    expect((await inspect(plan, actOf(plan), after.context)).state).toBe('done');
    expect((await apply(plan, actOf(plan), after.context)).result).toBe('already');
  });

  it('is half done while the build that takes it back goes on, and failed when that build does not begin', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    hide(deployment);
    const stage = stageOn(deployment, { clock });
    const plan = await planOf(stage, 'drop_hidden_index', subject);
    const { apply, undo, inspect } = stage.action('drop_hidden_index');
    await apply(plan, actOf(plan), stage.context);
    deployment.set.holdBuilds();
    deployment.node(0).faults.fail('createIndexes', 14_031, 'OutOfDiskSpace', 1);

    expect((await undo(plan, actOf(plan), stage.context)).result).toBe('failed');
    const undone = undo(plan, actOf(plan), stage.context);
    await expect
      .poll(async () => (await inspect(plan, actOf(plan), stage.context)).detail)
      .toContain('building');
    expect((await inspect(plan, actOf(plan), stage.context)).state).toBe('half_applied');
    deployment.set.releaseBuilds();
    expect((await undone).result).toBe('done');
  });
});

describe('rehearsing on another deployment', () => {
  it('hides and shows, drops and builds there, counts documents here and there, and leaves the index as it was', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock, 1_000);
    await using development = await startOrders(clock, 400);
    const stage = stageOn(deployment, { clock, indexes: [unusedRow('orders', 'customer_1')] });
    const there = stageOn(development, { clock, id: 'shop-dev' });
    const before = deployment.collection('shop.orders').indexes.get('customer_1')?.spec;

    const hiding = await planOf(stage, 'hide_index');
    const hidden = await there.action('hide_index').rehearse(hiding, there.context);
    hide(deployment);
    const dropping = await planOf(stage, 'drop_hidden_index', subject);
    const dropped = await there.action('drop_hidden_index').rehearse(dropping, there.context);

    expect(hidden).toMatchObject({
      on: 'shop-dev',
      verdict: 'passed',
      rows: { 'shop.orders': { target: 1_000, rehearsal: 400 } },
    });
    expect(dropped.verdict).toBe('passed');
    expect(dropped.text).toContain('built anew in');
    expect(development.collection('shop.orders').indexes.get('customer_1')?.spec).toEqual(before);
    expect(there.evidence.map(({ kind }) => kind)).toEqual(['rehearsal', 'rehearsal']);
  });

  it('fails when the test of its user fails while the change stands, and takes it back', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    await using development = await startOrders(clock);
    const stage = stageOn(deployment, { clock, indexes: [unusedRow('orders', 'customer_1')] });
    const there = stageOn(development, { clock, id: 'shop-dev' });
    const spec = () => development.collection('shop.orders').indexes.get('customer_1')?.spec;
    const seen: unknown[] = [];
    const whileChanged = async (): Promise<void> => {
      seen.push(spec()?.['hidden']);
      throw new Error('the test command ended with 1');
    };

    const rehearsal = await there
      .action('hide_index')
      .rehearse(await planOf(stage, 'hide_index'), { ...there.context, whileChanged });

    expect(seen).toEqual([true]);
    expect(rehearsal).toMatchObject({ verdict: 'failed' });
    expect(rehearsal.text).toContain('the test command ended with 1');
    expect(spec()?.['hidden']).toBeUndefined();
  });

  it('builds what is missing there first, as after a rehearsal that was killed in its middle', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    await using development = await startOrders(clock);
    development.collection('shop.orders').indexes.delete('customer_1');
    const stage = stageOn(deployment, { clock, indexes: [unusedRow('orders', 'customer_1')] });
    const there = stageOn(development, { clock, id: 'shop-dev' });

    const rehearsal = await there
      .action('hide_index')
      .rehearse(await planOf(stage, 'hide_index'), there.context);

    expect(rehearsal.text).toContain('built, because it was missing here');
    expect(rehearsal.verdict).toBe('passed');
  });

  it('fails on the target itself after a failover, too', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    const stage = stageOn(deployment, { clock, indexes: [unusedRow('orders', 'customer_1')] });
    hide(deployment);
    const plan = await planOf(stage, 'drop_hidden_index', subject);
    deployment.set.elect(1);

    const rehearsal = await stage.action('drop_hidden_index').rehearse(plan, stage.context);

    expect(rehearsal).toMatchObject({ verdict: 'failed' });
    expect(rehearsal.text).toContain('the target itself');
  });

  it('fails on the target itself, and where hiding does nothing', async () => {
    const clock = new LeapingClock();
    await using deployment = await startOrders(clock);
    await using development = await startOrders(clock);
    const stage = stageOn(deployment, { clock, indexes: [unusedRow('orders', 'customer_1')] });
    const there = stageOn(development, { clock, id: 'shop-dev' });
    const plan = await planOf(stage, 'hide_index');
    development.node(0).faults.ignore('collMod');

    const onItself = await stage.action('hide_index').rehearse(plan, stage.context);
    const inVain = await there.action('hide_index').rehearse(plan, there.context);

    expect(onItself).toMatchObject({ verdict: 'failed' });
    expect(onItself.text).toContain('the target itself');
    expect(inVain).toMatchObject({ verdict: 'failed' });
    expect(inVain.text).toContain('the server answered ok and nothing changed');
  });
});
