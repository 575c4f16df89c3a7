import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ActOutcome, Plan } from '../../../../src/sdk.ts';
import { operationContext as context } from '../../../../tests/support/postgres/operations-input.ts';
import { waitUntil } from '../../../../tests/support/wait-until.ts';
import {
  contentsSql,
  type MigrationGround,
  migrationFile,
  migrationGround,
  type Shop,
} from './testing/migration-ground.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let ground: MigrationGround;
beforeAll(async () => {
  ground = await migrationGround(18);
});
afterAll(() => ground[Symbol.asyncDispose]());

const column = migrationFile(
  '0001_phone',
  'ALTER TABLE orders ADD COLUMN phone text',
  'ALTER TABLE orders DROP COLUMN phone',
);

async function act(shop: Shop, plan: Plan, direction: 'apply' | 'undo'): Promise<ActOutcome> {
  const [first] = plan.acts;
  if (first === undefined) throw new Error('the plan has no act');
  return shop.action[direction](plan, first, context());
}

async function stateOf(shop: Shop, plan: Plan): Promise<string> {
  const [first] = plan.acts;
  return first === undefined ? '' : (await shop.action.inspect(plan, first, context())).state;
}

describe('applying a migration', () => {
  it('rolls back one that deletes more rows than it declares', async () => {
    const shop = await ground.shop({ target: `INSERT INTO orders VALUES (-1, 1, 1, 'n')` });
    const before = await shop.query(contentsSql);
    const file = migrationFile(
      '0001_x',
      '-- reeve: deletes orders 9\nDELETE FROM orders WHERE id < 10',
      'SELECT 1',
    );

    const plan = await shop.plan([file]);
    const rehearsal = await shop.rehearse(plan);
    const outcome = await act(shop, plan, 'apply');

    expect(rehearsal.verdict).toBe('passed');
    expect(outcome).toEqual({
      result: 'refused',
      detail:
        '0001_x: it deletes 10 rows of public.orders and declares 9: everything was rolled back, no row is lost',
    });
    expect(await shop.query(contentsSql)).toEqual(before);
    expect(await stateOf(shop, plan)).toBe('pending');
  });

  it('rolls back all of a file whose last statement fails, and says where', async () => {
    const shop = await ground.shop({ target: 'INSERT INTO visits VALUES (9999, 9999)' });
    const before = await shop.query(contentsSql);
    const plan = await shop.plan([
      migrationFile(
        '0001_x',
        'CREATE TABLE calls (id int);\nALTER TABLE visits ADD CONSTRAINT few CHECK (id < 1000) NOT VALID;\nUPDATE visits SET order_id = 1 WHERE id > 40;',
        'ALTER TABLE visits DROP CONSTRAINT few; DROP TABLE calls',
      ),
    ]);

    const outcome = await act(shop, plan, 'apply');

    expect(outcome).toMatchObject({ result: 'refused' });
    expect(outcome.detail).toMatch(/^0001_x up:3: the server refused: .*few.*: everything was rolled back$/s);
    expect(await shop.query(contentsSql)).toEqual(before);
  });

  it('gives way to who holds the table, and comes when it is free', async () => {
    const shop = await ground.shop({ lockTimeoutMs: 50 });
    const plan = await shop.plan([column]);
    const holder = await ground.server.connect(shop.database);
    await holder.query('BEGIN; SELECT count(*) FROM orders');

    const held = await act(shop, plan, 'apply');
    const next = act(shop, plan, 'apply');
    const waits = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass`;
    await waitUntil('it waits for the lock', async () => (await shop.query(waits)).length > 0);
    await holder.query('COMMIT');
    const done = await next;
    await holder.end();

    expect(held).toMatchObject({
      result: 'gave_up',
      detail: expect.stringContaining('0001_phone up:1: others hold a lock on it for longer than 50 ms'),
    });
    expect(done.result).toBe('done');
  });

  it('clears away an index that could not be built', async () => {
    const shop = await ground.shop();
    const plan = await shop.plan([
      migrationFile(
        '0001_x',
        'CREATE UNIQUE INDEX CONCURRENTLY one_each ON orders (customer)',
        'DROP INDEX CONCURRENTLY one_each',
      ),
    ]);

    const outcome = await act(shop, plan, 'apply');

    expect(outcome).toMatchObject({
      result: 'refused',
      detail: expect.stringContaining('could not create unique index'),
    });
    expect(
      await shop.query(
        `SELECT to_regclass('one_each') AS index, (SELECT count(*)::int FROM reeve.migrations) AS rows`,
      ),
    ).toEqual([{ index: null, rows: 0 }]);
    expect(await stateOf(shop, plan)).toBe('pending');
  });

  it('does not touch an index that somebody else called the same', async () => {
    const shop = await ground.shop();
    const plan = await shop.plan([
      migrationFile(
        '0001_x',
        'CREATE INDEX CONCURRENTLY theirs ON orders (customer)',
        'DROP INDEX CONCURRENTLY theirs',
      ),
    ]);
    await shop.query('CREATE INDEX theirs ON orders (total)');

    const outcome = await act(shop, plan, 'apply');

    expect(outcome).toMatchObject({
      result: 'refused',
      detail: expect.stringContaining('an index of that name is there already'),
    });
    expect(await shop.query(`SELECT to_regclass('theirs') IS NOT NULL AS kept`)).toEqual([{ kept: true }]);
  });

  it('says what the login that acts lacks to keep the history', async () => {
    const shop = await ground.shop();
    const plan = await shop.plan([column]);
    await shop.query(`REVOKE CREATE ON DATABASE ${shop.database} FROM acts`);

    expect(await shop.draft([column])).toMatchObject({ id: 'may_keep_history' });

    expect(await act(shop, plan, 'apply')).toMatchObject({
      result: 'refused',
      detail: expect.stringContaining('CREATE SCHEMA reeve AUTHORIZATION'),
    });
  });
});

describe('taking a migration back', () => {
  const made = migrationFile(
    '0001_calls',
    `CREATE TABLE calls (id int PRIMARY KEY, note text); INSERT INTO calls VALUES (1, 'a'); ALTER TABLE orders ADD COLUMN phone text DEFAULT 'none'; INSERT INTO visits VALUES (77, 1)`,
    'DELETE FROM visits WHERE id >= 77; ALTER TABLE orders DROP COLUMN phone; DROP TABLE calls',
  );

  it('leaves what others did meanwhile, as long as nothing of it would be discarded', async () => {
    const shop = await ground.shop();
    const plan = await shop.plan([made]);
    await act(shop, plan, 'apply');
    await shop.query(
      `INSERT INTO orders VALUES (5000, 1, 1, 'new'); ALTER TABLE orders ADD COLUMN colour text`,
    );

    const undone = await act(shop, plan, 'undo');

    expect(undone).toMatchObject({ result: 'done', migration: { verified: true, rowsLost: 0 } });
    expect(await shop.query(`SELECT colour, note FROM orders WHERE id = 5000`)).toEqual([
      { colour: null, note: 'new' },
    ]);
    expect(await stateOf(shop, plan)).toBe('pending');
  });

  it.each([
    [
      'a value of a column that it would drop',
      `UPDATE orders SET phone = '1' WHERE id = 1`,
      'somebody wrote values of public.orders.phone since it was applied (0 then, 1 now)',
    ],
    [
      'a row of a table that it would drop',
      `INSERT INTO calls VALUES (2, 'b')`,
      'somebody wrote rows of public.calls since it was applied (1 then, 2 now)',
    ],
    [
      'another value in a row of it',
      `UPDATE calls SET note = 'b'`,
      'somebody wrote rows of public.calls since it was applied (1 then, 1 now)',
    ],
    [
      'a row that it would delete',
      'INSERT INTO visits VALUES (78, 1)',
      'taking it back would delete 2 rows of public.visits, and it had inserted 1',
    ],
  ])('is refused when somebody wrote %s', async (_, sql, text) => {
    const shop = await ground.shop();
    const plan = await shop.plan([made]);
    await act(shop, plan, 'apply');
    await shop.query(sql);
    const before = await shop.query(contentsSql);

    const undone = await act(shop, plan, 'undo');

    expect(undone).toMatchObject({
      result: 'refused',
      wouldDiscard: true,
      detail: expect.stringContaining(text),
    });
    expect(await shop.query(contentsSql)).toEqual(before);
    expect(await stateOf(shop, plan)).toBe('done');
  });

  it('says when the schema is not as before', async () => {
    const shop = await ground.shop();
    const plan = await shop.plan([
      migrationFile(
        '0001_x',
        'ALTER TABLE orders ADD COLUMN a text, ADD COLUMN b text',
        'ALTER TABLE orders DROP COLUMN a',
      ),
    ]);
    await act(shop, plan, 'apply');

    const undone = await act(shop, plan, 'undo');

    expect(undone).toMatchObject({
      result: 'done',
      migration: { verified: false },
      detail: expect.stringContaining('NOT everything'),
    });
  });
});
