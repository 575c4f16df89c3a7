import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { operationContext as context } from '../../../../tests/support/postgres/operations-input.ts';
import {
  contentsSql,
  type MigrationGround,
  migrationFile,
  migrationGround,
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

/** Nothing of a rehearsal is left: no column, no row of the history, no copy of the database. */
const leftSql = `
  SELECT (SELECT count(*)::int FROM reeve.migrations) AS rows,
         (SELECT count(*)::int FROM pg_database WHERE datname LIKE 'reeve%') AS copies`;

describe('the rehearsal of a migration', () => {
  it.each([
    [
      'that deletes more rows than it declares',
      '-- reeve: deletes orders 9\nDELETE FROM orders WHERE id <= 10',
      'SELECT 1',
      '0002_x: it deletes 10 rows of public.orders and declares 9: everything was rolled back',
    ],
    [
      'that loses rows where no counter shows it',
      `DO $$ BEGIN EXECUTE 'TRUNCATE visits'; END $$`,
      'SELECT 1',
      '0002_x: it deletes 50 rows of public.visits and declares 0',
    ],
    [
      'that loses rows by a cascade',
      `-- reeve: deletes orders 10\nALTER TABLE visits ADD CONSTRAINT c FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE NOT VALID;\nDELETE FROM orders WHERE id <= 10`,
      'ALTER TABLE visits DROP CONSTRAINT c',
      'it deletes 10 rows of public.visits and declares 0',
    ],
    [
      'whose rollback does not restore the schema',
      'ALTER TABLE orders ADD COLUMN phone text, ADD COLUMN fax text',
      'ALTER TABLE orders DROP COLUMN phone',
      'its rollback does not restore: the schema is not as before (+ column public.orders.fax text)',
    ],
    [
      'whose rollback does not restore the data',
      'UPDATE orders SET total = total + 1 WHERE id < 5',
      'UPDATE orders SET total = total + 1 WHERE id < 5',
      'its rollback does not restore: the data are not as before (public.orders has 1000 rows as before, with other values)',
    ],
    [
      'whose rollback fails',
      'ALTER TABLE orders ADD COLUMN phone text',
      'ALTER TABLE orders DROP COLUMN fax',
      'column "fax" of relation "orders" does not exist',
    ],
    [
      'that fails itself',
      'CREATE TABLE a (b int);\n\nALTER TABLE nowhere ADD COLUMN b int',
      'DROP TABLE a',
      '0002_x up:3: the server refused: relation "nowhere" does not exist',
    ],
    [
      'that blocks others for longer than the lock timeout',
      'ALTER TABLE orders ADD COLUMN phone text; SELECT pg_sleep(0.6)',
      'ALTER TABLE orders DROP COLUMN phone',
      /it held AccessExclusiveLock on public.orders for \d+ ms with 1000 rows \(the target has 1000\), and everybody else would wait longer than remediation.lockTimeout \(500 ms\)/,
    ],
  ])('fails for one %s, and leaves nothing', async (_, up, down, text) => {
    const shop = await ground.shop({ lockTimeoutMs: 500 });
    const before = await shop.there(contentsSql);

    const plan = await shop.plan([migrationFile('0002_x', up, down)]);
    const rehearsal = await shop.rehearse(plan);

    expect(rehearsal.verdict).toBe('failed');
    expect(rehearsal.text).toMatch(text);
    expect(await shop.there(contentsSql)).toEqual(before);
    expect(await shop.there(leftSql)).toEqual([{ rows: 0, copies: 0 }]);
  });

  it('brings the rehearsal target to where the target is, and back', async () => {
    const shop = await ground.shop();
    const plan = await shop.plan([column]);
    for (const act of plan.acts) await shop.action.apply(plan, act, context());
    const before = await shop.there(contentsSql);

    const next = await shop.plan([
      column,
      migrationFile(
        '0002_area',
        `UPDATE orders SET phone = '0' WHERE id < 5`,
        'UPDATE orders SET phone = NULL WHERE id < 5',
      ),
    ]);
    const rehearsal = await shop.rehearse(next);

    expect(rehearsal).toMatchObject({ verdict: 'passed' });
    expect(await shop.there(contentsSql)).toEqual(before);
    expect(await shop.there(leftSql)).toEqual([{ rows: 0, copies: 0 }]);
  });

  it('is not possible where the schema is another one, and says which', async () => {
    const shop = await ground.shop({ development: 'ALTER TABLE orders ADD COLUMN colour text' });

    const rehearsal = await shop.rehearse(await shop.plan([column]));

    expect(rehearsal.verdict).toBe('not_possible');
    expect(rehearsal.text).toContain(
      `its schema is not the target's: public.orders: + column public.orders.colour text`,
    );
  });

  it('takes back what a rehearsal whose agent died left, first', async () => {
    const shop = await ground.shop();
    const plan = await shop.plan([column]);
    await shop.rehearse(plan);
    const before = await shop.there(contentsSql);
    await shop.there(`
      ALTER TABLE orders ADD COLUMN phone text;
      INSERT INTO reeve.migrations VALUES ('0001_phone', '', 'rehearsing', 'r-dead', now(), 'ALTER TABLE orders DROP COLUMN phone')`);

    const rehearsal = await shop.rehearse(plan);

    expect(rehearsal.verdict).toBe('passed');
    expect(await shop.there(contentsSql)).toEqual(before);
    expect(await shop.there(leftSql)).toEqual([{ rows: 0, copies: 0 }]);
  });

  it('fails with the test of its user, which sees the change', async () => {
    const shop = await ground.shop();
    const seen: unknown[][] = [];

    const rehearsal = await shop.rehearse(await shop.plan([column]), async () => {
      seen.push([
        ...(await shop.there(
          `SELECT column_name FROM information_schema.columns WHERE column_name = 'phone'`,
        )),
      ]);
      throw new Error('the test command ended with 1');
    });

    expect(seen).toEqual([[{ column_name: 'phone' }]]);
    expect(rehearsal).toMatchObject({
      verdict: 'failed',
      text: expect.stringContaining('the test command ended with 1'),
    });
    expect(await shop.there(leftSql)).toEqual([{ rows: 0, copies: 0 }]);
  });

  it('works in a copy of the database where one can be made, and drops it', async () => {
    const shop = await ground.shop();
    await ground.development.query('ALTER ROLE acts CREATEDB');
    await ground.development.query(`ALTER DATABASE ${shop.database} OWNER TO acts`);

    const rehearsal = await shop.rehearse(await shop.plan([column]));
    await ground.development.query('ALTER ROLE acts NOCREATEDB');

    expect(rehearsal).toMatchObject({
      verdict: 'passed',
      text: expect.stringContaining('in a copy of shop'),
    });
    expect(
      await ground.development.query(`SELECT datname FROM pg_database WHERE datname LIKE 'reeve%'`),
    ).toEqual([]);
    expect(await shop.there(`SELECT to_regclass('reeve.migrations') AS kept`)).toEqual([{ kept: null }]);
  });

  it('refuses the very server that the plan is for', async () => {
    const shop = await ground.shop();
    const plan = await shop.plan([column]);

    const rehearsal = await shop.action.rehearse(plan, context());

    expect(rehearsal).toMatchObject({ verdict: 'failed', text: expect.stringContaining('the very server') });
  });
});
