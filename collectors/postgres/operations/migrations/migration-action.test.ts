import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { operationContext } from '../../../../tests/support/postgres/operations-input.ts';
import {
  contentsSql,
  type MigrationGround,
  migrationFile,
  migrationGround,
} from './testing/migration-ground.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const phone = migrationFile(
  '0001_phone',
  `ALTER TABLE orders ADD COLUMN phone text;\nUPDATE orders SET phone = '1' WHERE id < 100;\nCREATE TABLE calls (id int PRIMARY KEY, order_id int REFERENCES orders (id));`,
  'DROP TABLE calls;\nALTER TABLE orders DROP COLUMN phone;',
);
const index = migrationFile(
  '0002_phone_index',
  'CREATE INDEX CONCURRENTLY orders_phone ON orders (phone)',
  'DROP INDEX CONCURRENTLY orders_phone',
);

describe.each([13, 18] as const)('migrations on PostgreSQL %i', (major) => {
  let ground: MigrationGround;
  beforeAll(async () => {
    ground = await migrationGround(major);
  });
  afterAll(() => ground[Symbol.asyncDispose]());

  it('are rehearsed, applied and rolled back, and the database is as before', async () => {
    const shop = await ground.shop();
    const { action } = shop;
    const context = operationContext();
    const before = await shop.query(contentsSql);
    const thereBefore = await shop.there(contentsSql);

    const plan = await shop.plan([phone, index]);
    const judged = await shop.operations.judge?.(plan);
    const rehearsal = await shop.rehearse(plan);
    const refusals = await action.recheck(plan, context);
    const [first, second] = plan.acts;
    if (first === undefined || second === undefined) throw new Error('two files, two acts');
    const states = [];
    const outcomes = [];
    for (const act of plan.acts) {
      states.push((await action.inspect(plan, act, context)).state);
      outcomes.push(await action.apply(plan, act, context));
      states.push((await action.inspect(plan, act, context)).state);
      outcomes.push(await action.apply(plan, act, context));
    }
    const owners = await shop.query(
      `SELECT tableowner FROM pg_tables WHERE tablename IN ('calls', 'orders')`,
    );
    const status = await shop.operations.migrations?.status([phone, index], context);
    const undone = [];
    for (const act of plan.acts.toReversed()) {
      undone.push(await action.undo(plan, act, context));
      undone.push(await action.undo(plan, act, context));
      states.push((await action.inspect(plan, act, context)).state);
    }

    expect(rehearsal).toMatchObject({ verdict: 'passed', figures: { rollback: { verified: true } } });
    expect(rehearsal.rows).toEqual({ 'public.orders': { target: 1000, rehearsal: 1000 } });
    expect(await shop.there(contentsSql)).toEqual(thereBefore);
    expect(judged).toEqual([]);
    expect(refusals).toEqual([]);
    expect(outcomes.map(({ result, detail }) => [result, detail])).toMatchObject([
      ['done', expect.stringContaining('0001_phone was applied')],
      ['already', expect.anything()],
      ['done', expect.stringContaining('0002_phone_index was applied')],
      ['already', expect.anything()],
    ]);
    expect(outcomes[0]?.migration).toMatchObject({ rowsLost: 0, verified: true });
    expect(owners).toEqual([{ tableowner: 'shop' }, { tableowner: 'shop' }]);
    expect(status).toMatchObject([{ state: 'applied' }, { state: 'applied' }]);
    expect(undone.map(({ result }) => result)).toEqual(['done', 'already', 'done', 'already']);
    expect(undone[2]?.migration?.verified).toBe(true);
    expect(states).toEqual(['pending', 'done', 'pending', 'done', 'pending', 'pending']);
    expect(await shop.query(contentsSql)).toEqual(before);
  });
});
