import { describe, expect, it } from 'vitest';
import { isRefusal } from '../../../src/sdk.ts';
import { type Deployment, startReplicaSet } from '../../../tests/support/mongod/deployment.ts';
import type { IndexSetup } from '../../../tests/support/mongod/model/catalog.ts';
import { gainOf, type Measurement } from './query-gain.ts';
import { indexKeyOf, shapeOf, shapeText } from './query-shape.ts';
import {
  actOf,
  LeapingClock,
  logins,
  planOf,
  recheck,
  refusalOf,
  type Stage,
  stageOn,
} from './testing/stage.ts';

const rows = Array.from({ length: 1_000 }, (_, at) => ({
  _id: at,
  customer: at % 100,
  day: at % 30,
  secret: 'canary-row',
}));

function entry(over: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    op: 'query',
    ns: 'shop.orders',
    command: {
      find: 'orders',
      filter: { customer: 'canary-value', day: { $gte: 3 } },
      sort: { placed: -1 },
      $db: 'shop',
    },
    millis: 400,
    docsExamined: 1_000,
    nreturned: 10,
    planSummary: 'COLLSCAN',
    ...over,
  };
}

interface Shop {
  readonly profile?: readonly Record<string, unknown>[];
  readonly indexes?: readonly IndexSetup[];
  readonly documents?: number;
}

async function start(
  clock: LeapingClock,
  { profile = [entry()], indexes = [], documents = 1_000 }: Shop = {},
): Promise<Deployment> {
  return startReplicaSet({
    clock,
    users: {
      reeve: { ...logins.reeve, roles: [...logins.reeve.roles, 'privilege:find@shop.system.profile'] },
      acts: logins.acts,
    },
    databases: { shop: { orders: { documents, rows, indexes }, 'system.profile': { rows: profile } } },
  });
}

async function staged(
  shop: Shop = {},
): Promise<{ deployment: Deployment; stage: Stage; clock: LeapingClock } & AsyncDisposable> {
  const clock = new LeapingClock();
  const deployment = await start(clock, shop);
  return {
    deployment,
    clock,
    stage: stageOn(deployment, { clock }),
    [Symbol.asyncDispose]: () => deployment[Symbol.asyncDispose](),
  };
}

function indexNames(deployment: Deployment): readonly string[] {
  return [...deployment.collection('shop.orders').indexes.keys()];
}

describe('the shape of a query', () => {
  it.each([
    [
      { find: 'o', filter: { b: 1, a: { $in: [1] } }, sort: { c: -1 } },
      'o.find({ a: ?, b: ? }).sort({ c: -1 })',
      'a1 b1 c-1',
    ],
    [
      { find: 'o', filter: { a: { $gt: 1 }, b: 'x' }, sort: { c: 1 }, limit: 5 },
      'o.find({ b: ?, a: { $gte: ? } }).sort({ c: 1 }).limit(?)',
      'b1 c1 a1',
    ],
    [
      { aggregate: 'o', pipeline: [{ $match: { $and: [{ a: 1 }, { 'b.c': { $lt: 2 } }] } }, { $group: {} }] },
      'o.find({ a: ?, "b.c": { $gte: ? } })',
      'a1 b.c1',
    ],
    [{ count: 'o', query: { a: 1, b: { $ne: 2 } } }, 'o.find({ a: ? })', 'a1'],
    [{ find: 'o', filter: { a: /x/, b: 1 } }, 'o.find({ b: ? })', 'b1'],
  ])('%j is equality, then sort, then range', (command, text, key) => {
    const shape = shapeOf(command);

    expect(shape === undefined ? undefined : shapeText(shape)).toBe(text);
    expect((shape && indexKeyOf(shape))?.map(({ name, kind }) => `${name}${kind}`).join(' ')).toBe(key);
  });

  it.each([
    [{ find: 'o', filter: { $or: [{ a: 1 }, { b: 1 }] } }],
    [{ find: 'o', filter: { $text: { $search: 'x' } } }],
    [{ find: 'o', filter: {} }],
    [{ find: 'o', filter: { a: 1 }, sort: { $natural: 1 } }],
    [{ insert: 'o' }],
  ])('%j is none that one index serves', (command) => {
    expect(shapeOf(command)).toBeUndefined();
  });
});

describe('create_mongodb_index', () => {
  it('finds the costliest shapes, and keeps no value of a query', async () => {
    const cheap = entry({ command: { find: 'orders', filter: { day: 1 } }, millis: 20 });
    const good = entry({ command: { find: 'orders', filter: { other: 1 } }, docsExamined: 10 });
    await using shop = await staged({ profile: [cheap, good, entry(), entry()] });

    const found = await shop.stage
      .action('create_mongodb_index')
      .find({ subject: undefined, only: undefined, limit: 5 }, shop.stage.context);

    expect(found.map(({ subject }) => subject)).toEqual([
      'shop.orders.customer_1_placed_-1_day_1',
      'shop.orders.day_1',
    ]);
    expect(JSON.stringify([found, shop.stage.evidence])).not.toContain('canary');
    expect(shop.stage.evidence[0]?.body['queries']).toMatchObject([
      { executions: 6, seconds: 2.4 },
      { executions: 3 },
    ]);
  });

  it('finds what scans right now where there is no profile, and says whose profile it may not read', async () => {
    await using shop = await staged({ profile: [] });
    shop.deployment.setRoles('reeve', ['clusterMonitor', 'read@local']);
    shop.deployment.member(0).running({
      namespace: 'shop.orders',
      seconds: 60,
      command: { find: 'orders', filter: { customer: 1 } },
    });

    const found = await shop.stage
      .action('create_mongodb_index')
      .find({ subject: 'shop', only: undefined, limit: 5 }, shop.stage.context);

    expect(found.map(({ subject }) => subject)).toEqual(['shop.orders.customer_1']);
    expect(JSON.stringify(shop.stage.evidence)).toContain('grant the collecting login find on it');
  });

  it('plans one build and its drop, builds on every member, and drops again', async () => {
    await using shop = await staged();
    const plan = await planOf(shop.stage, 'create_mongodb_index');
    const { apply, undo, inspect } = shop.stage.action('create_mongodb_index');

    expect(JSON.parse(actOf(plan).statement)).toEqual({
      createIndexes: 'orders',
      indexes: [{ key: { customer: 1, placed: -1, day: 1 }, name: 'customer_1_placed_-1_day_1' }],
      commitQuorum: 'votingMembers',
      writeConcern: { w: 'majority' },
      comment: 'reeve run=r-0123456789ab',
      $db: 'shop',
    });
    expect(plan.expectation).toMatchObject({ kind: 'faster', byAtLeast: 0.2 });
    expect(await recheck(shop.stage, plan)).toEqual([]);
    expect((await inspect(plan, actOf(plan), shop.stage.context)).state).toBe('pending');
    expect((await apply(plan, actOf(plan), shop.stage.context)).result).toBe('done');
    expect((await apply(plan, actOf(plan), shop.stage.context)).result).toBe('already');
    expect(await recheck(shop.stage, plan)).toEqual(['still_missing']);
    expect((await undo(plan, actOf(plan), shop.stage.context)).result).toBe('done');
    expect((await undo(plan, actOf(plan), shop.stage.context)).result).toBe('already');
    expect(indexNames(shop.deployment)).toEqual(['_id_']);
  });

  it('proposes nothing that an index does already', async () => {
    await using shop = await staged({ indexes: [{ key: { customer: -1, placed: -1, day: 1, more: 1 } }] });
    await using hidden = await staged({
      indexes: [{ key: { customer: 1, placed: -1, day: 1, more: 1 }, options: { hidden: true } }],
    });

    expect(await refusalOf(shop.stage, 'create_mongodb_index')).toBe('still_missing');
    expect(await refusalOf(hidden.stage, 'create_mongodb_index')).toBe('planned');
  });

  it('refuses when the collection grew, and when a build runs', async () => {
    await using shop = await staged();
    const plan = await planOf(shop.stage, 'create_mongodb_index');

    shop.deployment.collection('shop.orders').documents = 5_000;
    expect(await recheck(shop.stage, plan)).toEqual(['size_as_planned']);
    shop.deployment.set.catalog.addIndex(shop.deployment.collection('shop.orders'), {
      key: { x: 1 },
      building: true,
    });
    expect(await recheck(shop.stage, plan)).toContain('no_build_running');
  });

  it('stops its build when a member falls behind', async () => {
    await using shop = await staged();
    const plan = await planOf(shop.stage, 'create_mongodb_index');
    shop.deployment.set.holdBuilds();
    shop.deployment.set.lag(1, 120);

    const outcome = await shop.stage
      .action('create_mongodb_index')
      .apply(plan, actOf(plan), shop.stage.context);

    expect(outcome.result).toBe('gave_up');
    expect(outcome.detail).toContain('the build was stopped');
    expect(indexNames(shop.deployment)).toEqual(['_id_']);
  });

  it('says that a build failed and left nothing', async () => {
    await using shop = await staged();
    const plan = await planOf(shop.stage, 'create_mongodb_index');
    shop.deployment.node(0).faults.fail('createIndexes', 14_031, 'OutOfDiskSpace');

    const outcome = await shop.stage
      .action('create_mongodb_index')
      .apply(plan, actOf(plan), shop.stage.context);

    expect(outcome.result).toBe('failed');
    expect(outcome.detail).toContain('OutOfDiskSpace');
  });

  it('finds its own build again after the agent died in it', async () => {
    await using shop = await staged();
    const plan = await planOf(shop.stage, 'create_mongodb_index');
    shop.deployment.set.holdBuilds();
    const abort = new AbortController();
    const killed = shop.stage
      .action('create_mongodb_index')
      .apply(plan, actOf(plan), { ...shop.stage.context, signal: abort.signal });
    await expect.poll(() => indexNames(shop.deployment)).toContain('customer_1_placed_-1_day_1');
    abort.abort();
    await expect(killed).rejects.toThrow();

    const after = stageOn(shop.deployment, { clock: shop.clock });
    const { inspect, apply } = after.action('create_mongodb_index');
    expect((await inspect(plan, actOf(plan), after.context)).state).toBe('half_applied');
    const again = apply(plan, actOf(plan), after.context);
    shop.deployment.set.releaseBuilds();
    expect(['done', 'already']).toContain((await again).result);
  });
});

describe('the performance test on the rehearsal target', () => {
  async function rehearse(
    shop: Shop,
    development: Shop,
    find = true,
  ): Promise<{ verdict: string; text: string; left: readonly string[]; said: string }> {
    await using here = await staged(shop);
    await using there = await staged(development);
    there.deployment.setRoles('acts', [...logins.acts.roles, ...(find ? ['privilege:find@shop'] : [])]);
    const stage = stageOn(there.deployment, { clock: there.clock, id: 'shop-dev' });
    const plan = await planOf(here.stage, 'create_mongodb_index');
    expect(isRefusal(plan)).toBe(false);
    const rehearsal = await stage.action('create_mongodb_index').rehearse(plan, stage.context);
    return {
      ...rehearsal,
      left: indexNames(there.deployment),
      said: JSON.stringify([rehearsal, stage.evidence]),
    };
  }

  it('shows the gain with its noise, compares results, drops the index again, and keeps no value', async () => {
    const done = await rehearse({}, {});

    expect(done.verdict).toBe('passed');
    expect(done.text).toMatch(/saves 9\d %.*noise 0 ms.*1000 documents here, 1000 on the target/);
    expect(done.left).toEqual(['_id_']);
    expect(done.said).not.toContain('canary');
    expect(done.said).toContain('"kind":"explain"');
  });

  it.each([
    ['too few documents', {}, { documents: 50 }, true, 'cannot be compared'],
    ['no right to read', {}, {}, false, 'needs the action find'],
    [
      'an index there that does it already',
      {},
      { indexes: [{ key: { customer: 1, x: 1 } }] },
      true,
      'as many documents with it as without it',
    ],
    [
      'fields that no document has',
      { profile: [entry({ command: { find: 'orders', filter: { unknown: 1 } } })] },
      {},
      true,
      'no document',
    ],
  ])('proposes nothing with %s', async (_, shop, development, find, text) => {
    const done = await rehearse(shop, development, find);

    expect(done.verdict).toBe('failed');
    expect(done.text).toContain(text);
    expect(done.left).not.toContain('customer_1_placed_-1_day_1');
  });
});

describe('gainOf', () => {
  const round = (isVisible: boolean, milliseconds: number): Measurement => ({
    isVisible,
    milliseconds,
    examined: isVisible ? 1 : 100,
    returned: 1,
  });
  const asked = { isSame: true, minimum: 0.2 };

  it('is proven by a clear difference only', () => {
    const clear = [round(false, 100), round(true, 10), round(false, 102), round(true, 11)];
    const noisy = [round(false, 100), round(true, 10), round(false, 20), round(true, 60)];

    expect(gainOf(clear, asked).isProven).toBe(true);
    expect(gainOf(noisy, asked)).toMatchObject({ isProven: false });
    expect(gainOf(noisy, asked).text).toContain('noise of the measurement');
    expect(gainOf(clear, { ...asked, minimum: 0.95 }).text).toContain('less than the 95 %');
    expect(gainOf(clear, { ...asked, isSame: false }).text).toContain('other documents');
    expect(gainOf([round(false, 0), round(true, 0)], asked).text).toContain('too fast');
  });
});
