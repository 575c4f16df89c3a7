import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../../tests/support/mongod/deployment.ts';
import { hiddenOn, shopWith, stageFor } from './testing/shop.ts';
import { actOf, planOf, recheck, refusalOf, stageOn, unusedRow } from './testing/stage.ts';

const day = 86_400_000;

describe('hide_index refuses', () => {
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
});
