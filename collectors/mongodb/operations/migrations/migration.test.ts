import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/sdk.ts';
import { startStandalone } from '../../../../tests/support/mongod/deployment.ts';
import {
  addDay,
  apply,
  clock,
  databases,
  indexesOf,
  inspect,
  ordersOf,
  planned,
  refused,
  rehearse,
  rows,
  stageFor,
  undo,
  users,
  useSets,
} from '../testing/migration-stage.ts';
import { stageOn } from '../testing/stage.ts';

const sets = useSets();

describe('a migration', () => {
  it('is planned, rehearsed up, down and up, applied with its row of history, and taken back', async () => {
    const stage = stageFor(sets.target(), 'shop');
    const plan = await planned(stage, [addDay]);
    expect(plan).toMatchObject({ subject: 'shop: 0001_add_day', expectation: { kind: 'in_force' } });

    const tried = await rehearse(plan, sets.rehearsal());
    expect(tried.text).toContain('up again came to the same');
    expect(tried).toMatchObject({
      verdict: 'passed',
      figures: { commands: 3, rollback: { verified: true } },
    });
    expect(tried.rows).toEqual({ 'shop.orders': { target: 3, rehearsal: 3 } });
    expect(ordersOf(sets.rehearsal())).toEqual(rows);
    expect(sets.rehearsal().set.catalog.find('shop', 'visits')).toBeUndefined();

    expect(await stage.action('apply_migration').recheck(plan, stage.context)).toEqual([]);
    expect(await inspect(stage, plan)).toBe('pending');
    expect(await apply(stage, plan)).toMatchObject({
      result: 'done',
      migration: { rowsLost: 0, verified: true },
    });
    expect(await inspect(stage, plan)).toBe('done');
    expect(indexesOf(sets.target(), 'visits')).toEqual(['_id_', 'day_1']);
    expect(ordersOf(sets.target()).every(({ day }) => day === 7)).toBe(true);
    expect(await apply(stage, plan)).toMatchObject({ result: 'already' });

    expect(await undo(stage, plan)).toMatchObject({ result: 'done', migration: { verified: true } });
    expect(await inspect(stage, plan)).toBe('pending');
    expect(ordersOf(sets.target())).toEqual(rows);
  });

  it('is found again once its row is gone, and not while it is applied; the status says which', async () => {
    const stage = stageFor(sets.target(), 'shop');
    const plan = await planned(stage, [addDay]);
    await apply(stage, plan);
    const { migrations } = stage.operations;

    const request: JsonObject = { directory: 'migrations', files: [{ ...addDay }] };
    const wanted = { subject: undefined, only: undefined, limit: 1, request };
    expect(await stage.action('apply_migration').find(wanted, stage.context)).toEqual([]);
    const next = { ...addDay, name: '0002_next' };
    const states = await migrations?.status([{ ...addDay, up: '[]' }, next], stage.context);
    expect(states?.map(({ name, state }) => `${name} ${state}`)).toEqual([
      '0001_add_day changed',
      '0002_next pending',
    ]);
    const missing = await migrations?.status([next], stage.context);
    expect(missing?.map(({ state }) => state)).toEqual(['missing', 'pending']);
  });

  it('is refused with files that do not fit the history', async () => {
    const stage = stageFor(sets.target(), 'shop');
    await apply(stage, await planned(stage, [addDay]));
    const early = { ...addDay, name: '0000_early', up: '[{"create": "early"}]', down: '[{"drop": "early"}]' };

    expect(await refused(stage, [{ ...addDay, down: '[{"drop": "visits"}]' }])).toContain(
      'was changed after it was applied',
    );
    expect(await refused(stage, [early])).toContain('0001_add_day was applied and is not among the files');
    expect(await refused(stage, [early, addDay])).toContain('0000_early comes before 0001_add_day');
  });

  it('is refused when a command finds the schema otherwise than it needs it, with file and line', async () => {
    const up = '[{"create": "visits"},\n{"dropIndexes": "orders", "index": "nobody_1"}]';

    expect(await refused(stageFor(sets.target(), 'shop'), [{ ...addDay, up }])).toContain(
      '0001_add_day.up.json:2: dropIndexes: orders has no index nobody_1',
    );
  });

  it('is refused when nobody says which database is meant', async () => {
    const stage = stageOn(sets.target(), { clock });

    expect(await refused(stage, [addDay])).toContain('says not which database');
  });

  it('is not applied to a schema or a history that changed since it was planned', async () => {
    const stage = stageFor(sets.target(), 'shop');
    const plan = await planned(stage, [addDay]);
    const other = await planned(stage, [
      { ...addDay, name: '0000_other', up: '[{"create": "other"}]', down: '[{"drop": "other"}]' },
    ]);
    await apply(stage, other);
    sets
      .target()
      .set.catalog.addIndex(sets.target().set.catalog.get('shop.orders'), { key: { surprise: 1 } });

    const refusals = await stage.action('apply_migration').recheck(plan, stage.context);

    expect(refusals.map(({ id }) => id)).toEqual(['same_history', 'schema_as_planned']);
  });

  it('of another tool is rehearsed and never applied', async () => {
    const stage = stageFor(sets.target(), 'shop');
    const plan = await planned(stage, [{ ...addDay, tool: 'golang-migrate' }]);

    expect((await rehearse(plan, sets.rehearsal())).verdict).toBe('passed');
    expect((await stage.action('apply_migration').recheck(plan, stage.context)).map(({ id }) => id)).toEqual([
      'own_files',
    ]);
    expect(await apply(stage, plan)).toMatchObject({ result: 'refused' });
    expect(sets.target().set.catalog.find('shop', 'visits')).toBeUndefined();
  });
});

describe('the rehearsal', () => {
  it('fails when the rollback does not bring back the schema, and says what differs', async () => {
    const down = JSON.stringify([
      { update: 'orders', updates: [{ q: { day: 7 }, u: { $unset: { day: '' } }, multi: true }] },
    ]);
    const plan = await planned(stageFor(sets.target(), 'shop'), [{ ...addDay, down }]);

    const tried = await rehearse(plan, sets.rehearsal());

    expect(tried).toMatchObject({ verdict: 'failed', figures: { rollback: { verified: false } } });
    expect(tried.text).toContain('its rollback does not restore what was there: + collection visits');
  });

  it('fails when the rollback does not bring back the documents', async () => {
    const plan = await planned(stageFor(sets.target(), 'shop'), [
      {
        ...addDay,
        up: JSON.stringify([{ update: 'orders', updates: [{ q: { old: 10 }, u: { $unset: { old: '' } } }] }]),
        down: JSON.stringify([{ update: 'orders', updates: [{ q: { _id: 1 }, u: { $set: { old: 11 } } }] }]),
      },
    ]);

    expect((await rehearse(plan, sets.rehearsal())).text).toContain(
      'documents of orders are not what they were',
    );
  });

  it('fails when a command would delete more than it declares, and leaves everything there', async () => {
    const plan = await planned(stageFor(sets.target(), 'shop'), [
      {
        ...addDay,
        up: JSON.stringify([
          { delete: 'orders', deletes: [{ q: { old: { $gte: 20 } }, limit: 0 }], $reeve: { deletes: 1 } },
        ]),
        down: JSON.stringify([{ insert: 'orders', documents: [rows[1], rows[2]] }]),
      },
    ]);

    const tried = await rehearse(plan, sets.rehearsal());

    expect(tried.verdict).toBe('failed');
    expect(tried.text).toContain('it would delete 2 documents of shop.orders and declares 1');
    expect(ordersOf(sets.rehearsal())).toEqual(rows);
  });

  it('fails when documents vanish behind its back', async () => {
    const plan = await planned(stageFor(sets.target(), 'shop'), [addDay]);
    sets
      .rehearsal()
      .node(0)
      .faults.answer(
        'createIndexes',
        (answer) => {
          sets.rehearsal().set.catalog.get('shop.orders').documents -= 1;
          return answer;
        },
        1,
      );

    expect((await rehearse(plan, sets.rehearsal())).text).toContain(
      'it loses 1 documents of orders that it does not declare',
    );
  });

  it('is not possible on a standalone server, on another schema, nor on the target itself', async () => {
    const plan = await planned(stageFor(sets.target(), 'shop'), [addDay]);
    await using alone = await startStandalone({ users, clock, databases });

    expect(await rehearse(plan, alone)).toMatchObject({
      verdict: 'not_possible',
      text: expect.stringContaining('on a replica set first'),
    });
    expect(await rehearse(plan, sets.target())).toMatchObject({
      verdict: 'failed',
      text: expect.stringContaining('the target itself'),
    });
    sets
      .rehearsal()
      .set.catalog.addIndex(sets.rehearsal().set.catalog.get('shop.orders'), { key: { surprise: 1 } });
    expect(await rehearse(plan, sets.rehearsal())).toMatchObject({
      verdict: 'not_possible',
      text: expect.stringContaining('+ index of orders'),
    });
  });

  it('that was cut short is cleaned up by the next one', async () => {
    const plan = await planned(stageFor(sets.target(), 'shop'), [addDay]);
    const { catalog } = sets.rehearsal().set;
    catalog.add('shop', 'visits');
    const left = {
      state: 'rehearsing',
      sha256: 'x',
      run: 'r-000000000000',
      at: new Date(),
      step: 0,
      marks: [],
    };
    catalog.add('shop', 'reeve_migrations', { rows: [{ _id: '0001_add_day', ...left }] });
    for (const row of ordersOf(sets.rehearsal())) row['day'] = 7;

    expect((await rehearse(plan, sets.rehearsal())).verdict).toBe('passed');
  });
});
