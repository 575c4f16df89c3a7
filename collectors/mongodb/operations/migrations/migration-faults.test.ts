import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../../src/sdk.ts';
import { startSharded } from '../../../../tests/support/mongod/deployment.ts';
import {
  addDay,
  apply,
  clock,
  databases,
  indexesOf,
  inspect,
  ordersOf,
  planned,
  stageFor,
  undo,
  users,
  useSets,
} from '../testing/migration-stage.ts';

const sets = useSets();

describe('a migration that is cut short', () => {
  it.each([
    ['before its first command', 'create', 1],
    ['in its second command', 'createIndexes', 1],
    ['between a command and its history', 'update', 1],
    ['in its last command', 'update', 3],
  ])('%s goes on from the history and ends whole', async (_, command, times) => {
    const stage = stageFor(sets.target(), 'shop');
    const plan = await planned(stage, [addDay]);
    const { faults } = sets.target().node(0);
    // The command is done, and nobody hears of it.
    for (let count = 1; count < times; count += 1) faults.answer(command, (answer) => answer, 1);
    faults.dropOn(command, 1);
    const first = await apply(stage, plan).catch(() => ({ result: 'threw' }));
    expect(['half_applied', 'threw']).toContain(first.result);
    expect(await inspect(stage, plan)).toBe('half_applied');

    const second = await apply(stage, plan);

    expect(second).toMatchObject({
      result: 'done',
      detail: expect.stringContaining('after an interruption'),
    });
    expect(await inspect(stage, plan)).toBe('done');
    expect(ordersOf(sets.target()).every(({ day }) => day === 7)).toBe(true);
  });

  it('by an error of its first command has done nothing, and leaves no row', async () => {
    const stage = stageFor(sets.target(), 'shop');
    const plan = await planned(stage, [addDay]);
    sets.target().node(0).faults.fail('create', 50, 'MaxTimeMSExpired', 1);

    expect(await apply(stage, plan)).toMatchObject({ result: 'gave_up' });
    expect(await inspect(stage, plan)).toBe('pending');
  });

  it('by an error in the middle is half done, and taken back whole', async () => {
    const stage = stageFor(sets.target(), 'shop');
    const plan = await planned(stage, [addDay]);
    sets.target().node(0).faults.fail('createIndexes', 67, 'CannotCreateIndex', 1);

    expect(await apply(stage, plan)).toMatchObject({
      result: 'half_applied',
      detail: expect.stringContaining('1 of 3 commands are done'),
    });
    expect(await undo(stage, plan)).toMatchObject({ result: 'done', migration: { verified: true } });
    expect(sets.target().set.catalog.find('shop', 'visits')).toBeUndefined();
  });

  it('leaves alone what somebody else made under the name that a later command wanted', async () => {
    const stage = stageFor(sets.target(), 'shop');
    const up = JSON.stringify([
      { createIndexes: 'orders', indexes: [{ key: { day: 1 }, name: 'day_1' }] },
      { create: 'visits' },
    ]);
    const down = JSON.stringify([{ drop: 'visits' }, { dropIndexes: 'orders', index: 'day_1' }]);
    const plan = await planned(stage, [{ ...addDay, up, down }]);
    sets.target().set.catalog.add('shop', 'visits', { rows: [{ _id: 'theirs' }] });

    expect(await apply(stage, plan)).toMatchObject({ result: 'half_applied' });
    expect(await undo(stage, plan)).toMatchObject({ result: 'done', migration: { verified: false } });
    expect(sets.target().set.catalog.get('shop.visits').rows).toEqual([{ _id: 'theirs' }]);
  });
});

describe('taking back', () => {
  it('is refused when documents were written since, and says where', async () => {
    const stage = stageFor(sets.target(), 'shop');
    const plan = await planned(stage, [addDay]);
    await apply(stage, plan);
    const visits = sets.target().set.catalog.get('shop.visits');
    visits.rows.push({ _id: 1 });
    visits.documents += 1;

    const outcome = await undo(stage, plan);

    expect(outcome).toMatchObject({ result: 'refused', wouldDiscard: true });
    expect(outcome.detail).toContain('visits held 0 documents when 0001_add_day was applied, holds 1 now');
    expect(await inspect(stage, plan)).toBe('done');
  });

  it('of indexes alone discards nothing, whatever was written', async () => {
    const stage = stageFor(sets.target(), 'shop');
    const up = JSON.stringify([{ createIndexes: 'orders', indexes: [{ key: { day: 1 }, name: 'day_1' }] }]);
    const down = JSON.stringify([{ dropIndexes: 'orders', index: 'day_1' }]);
    const plan = await planned(stage, [{ ...addDay, up, down }]);
    await apply(stage, plan);
    sets.target().set.catalog.get('shop.orders').rows.push({ _id: 4 });

    expect(await undo(stage, plan)).toMatchObject({ result: 'done' });
    expect(indexesOf(sets.target(), 'orders')).toEqual(['_id_', 'customer_1']);
  });

  it('goes on after a failover, and is not begun on another deployment', async () => {
    const stage = stageFor(sets.target(), 'shop');
    const plan = await planned(stage, [addDay]);
    await apply(stage, plan);
    const elsewhere: Plan = { ...plan, identity: { ...plan.identity, replicaSetId: 'another' } };

    expect(await undo(stage, elsewhere)).toMatchObject({ result: 'refused' });
    expect(await undo(stage, { ...plan, identity: { ...plan.identity, election: 'before' } })).toMatchObject({
      result: 'done',
    });
  });
});

describe('judge', () => {
  it('reads the files of a plan once more, and refuses one that was tampered with', async () => {
    const stage = stageFor(sets.target(), 'shop');
    const plan = await planned(stage, [addDay]);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');

    const forged = { ...plan, acts: [{ ...act, statement: '[{"dropDatabase": 1}]' }] };

    expect(await stage.operations.judge?.(plan)).toEqual([]);
    expect((await stage.operations.judge?.(forged))?.[0]?.text).toContain('deletes a whole database');
  });
});

/** Shards hold users of their own, and let nobody past mongos who may not. */
const onShards = {
  ...users,
  reeve: { ...users.reeve, roles: [...users.reeve.roles, 'directShardOperations'] },
};

describe('a migration of a sharded cluster', () => {
  it('goes through mongos to every shard, and back', async () => {
    const shards = [
      { name: 's0', members: [{}] },
      { name: 's1', members: [{}] },
    ];
    const own = { shop: { orders: { ...databases.shop.orders, shardKey: { customer: 1 } } } };
    await using cluster = await startSharded({ users, shardUsers: onShards, clock, shards, databases: own });
    const stage = stageFor(cluster, 'shop');
    const up = JSON.stringify([{ createIndexes: 'orders', indexes: [{ key: { day: 1 }, name: 'day_1' }] }]);
    const down = JSON.stringify([{ dropIndexes: 'orders', index: 'day_1' }]);
    const plan = await planned(stage, [{ ...addDay, up, down }]);
    const indexes = () =>
      ['s0', 's1'].map((name) => [...cluster.shard(name).set.catalog.get('shop.orders').indexes.keys()]);

    expect(await apply(stage, plan)).toMatchObject({ result: 'done' });
    expect(indexes()).toEqual([
      ['_id_', 'customer_1', 'day_1'],
      ['_id_', 'customer_1', 'day_1'],
    ]);
    expect(await inspect(stage, plan)).toBe('done');
    expect(await undo(stage, plan)).toMatchObject({ result: 'done' });
    expect(indexes()).toEqual([
      ['_id_', 'customer_1'],
      ['_id_', 'customer_1'],
    ]);
  });
});
