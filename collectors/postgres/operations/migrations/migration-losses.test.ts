import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ActOutcome, Plan } from '../../../../src/sdk.ts';
import { operationContext as context } from '../../../../tests/support/postgres/operations-input.ts';
import {
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

const purge = `
  SET ROLE shop;
  CREATE FUNCTION purge() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN TRUNCATE visits; RETURN NULL; END';
  CREATE FUNCTION tidy() RETURNS int LANGUAGE plpgsql AS 'BEGIN TRUNCATE visits; RETURN 1; END';
  RESET ROLE;`;

async function act(shop: Shop, plan: Plan, direction: 'apply' | 'undo'): Promise<ActOutcome> {
  const [first] = plan.acts;
  if (first === undefined) throw new Error('the plan has no act');
  return shop.action[direction](plan, first, context());
}

async function countsOf(shop: Shop): Promise<unknown> {
  return shop.query(
    'SELECT (SELECT count(*)::int FROM orders) AS orders, (SELECT count(*)::int FROM visits) AS visits, (SELECT count(note)::int FROM orders) AS notes',
  );
}

describe('applying a file that hides what it loses', () => {
  it.each([
    ['TRUNCATE in a function', 'SELECT tidy()', 'public.visits'],
    ['TRUNCATE in a block', 'DO $$ BEGIN TRUNCATE visits; END $$', 'public.visits'],
    [
      'TRUNCATE in a block, and fewer rows put back',
      `DO $$ BEGIN TRUNCATE visits; INSERT INTO visits VALUES (1, 1); END $$`,
      'public.visits',
    ],
    [
      'TRUNCATE in a trigger',
      'CREATE TRIGGER t AFTER UPDATE ON orders EXECUTE FUNCTION purge(); UPDATE orders SET total = 1 WHERE id = 1',
      'public.visits',
    ],
    ['DROP TABLE in a block', 'DO $$ BEGIN DROP TABLE visits; END $$', 'public.visits'],
    [
      'DROP COLUMN in a block',
      'DO $$ BEGIN ALTER TABLE orders DROP COLUMN note; END $$',
      'public.orders.note',
    ],
    [
      'a name of its own that is another table by then',
      'CREATE TABLE t1 (a int); ALTER TABLE t1 RENAME TO t2; ALTER TABLE visits RENAME TO t1; DROP TABLE t1',
      'public.t1',
    ],
    [
      'rows of a table under another name',
      'ALTER TABLE visits RENAME TO v2; DO $$ BEGIN DELETE FROM v2; END $$',
      'public.v2',
    ],
  ])('rolls back %s', async (_, up, name) => {
    const shop = await ground.shop({ both: purge });
    const before = await countsOf(shop);
    const plan = await shop.plan([migrationFile('0001_x', up, 'SELECT 1')]);

    const outcome = await act(shop, plan, 'apply');

    expect(outcome).toMatchObject({ result: 'refused', detail: expect.stringContaining(name) });
    expect(await countsOf(shop)).toEqual(before);
  });

  it('leaves alone what it makes itself, and what it only writes anew', async () => {
    const shop = await ground.shop();
    const plan = await shop.plan([
      migrationFile(
        '0001_x',
        `CREATE TEMP TABLE t AS SELECT id FROM orders; CREATE TABLE made (a int); INSERT INTO made VALUES (1);
         DO $$ BEGIN DELETE FROM made; TRUNCATE made; ALTER TABLE visits ALTER COLUMN order_id TYPE bigint; DROP TABLE made; END $$; DROP TABLE t`,
        'ALTER TABLE visits ALTER COLUMN order_id TYPE int',
      ),
    ]);

    expect(await act(shop, plan, 'apply')).toMatchObject({ result: 'done', migration: { rowsLost: 0 } });
  });
});

describe('taking back a file whose way back discards', () => {
  it.each([
    [
      'all rows of a table by TRUNCATE',
      'INSERT INTO visits VALUES (77, 1)',
      'TRUNCATE visits',
      'SELECT 1',
      'public.visits',
    ],
    [
      'a table that it drops in a block',
      'CREATE TABLE calls (id int)',
      'DO $$ BEGIN DROP TABLE calls; END $$',
      'INSERT INTO calls VALUES (1)',
      'public.calls',
    ],
    [
      'digits that the old type has not',
      'ALTER TABLE orders ALTER COLUMN total TYPE numeric',
      'ALTER TABLE orders ALTER COLUMN total TYPE int',
      'UPDATE orders SET total = 1.2345 WHERE id = 1',
      'public.orders.total',
    ],
  ])('refuses %s', async (_, up, down, since, name) => {
    const shop = await ground.shop();
    const plan = await shop.plan([migrationFile('0001_x', up, down)]);
    const applied = await act(shop, plan, 'apply');
    await shop.query(since);

    const undone = await act(shop, plan, 'undo');

    expect(applied.result).toBe('done');
    expect(undone).toMatchObject({
      result: 'refused',
      wouldDiscard: true,
      detail: expect.stringContaining(name),
    });
  });
});

describe('rehearsing', () => {
  it.each([
    [
      'a sequence that begins again',
      'ALTER TABLE tickets ALTER COLUMN id DROP IDENTITY',
      'ALTER TABLE tickets ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY',
      'tickets_id_seq',
    ],
    ['an inheritance that is gone', 'ALTER TABLE child NO INHERIT parent', 'SELECT 1', 'child inherits'],
    [
      'a storage that is another',
      'ALTER TABLE orders ALTER COLUMN note SET STORAGE EXTERNAL',
      'SELECT 1',
      'storage',
    ],
    [
      'a statistics target',
      'ALTER TABLE orders ALTER COLUMN note SET STATISTICS 7',
      'SELECT 1',
      'statistics',
    ],
    [
      'default privileges',
      'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader',
      'SELECT 1',
      'default privileges',
    ],
    ['who owns a sequence', 'ALTER SEQUENCE alone OWNED BY orders.id', 'SELECT 1', 'alone'],
    ['a right on a type', 'REVOKE USAGE ON TYPE mood FROM public', 'SELECT 1', 'mood'],
    ['a rule that is off', 'ALTER TABLE orders DISABLE RULE quiet', 'SELECT 1', 'quiet'],
    ['a right on a function', 'REVOKE EXECUTE ON FUNCTION one() FROM public', 'SELECT 1', 'one'],
    ['a policy', 'CREATE POLICY p ON orders USING (true)', 'SELECT 1', 'policy'],
    [
      'an operator',
      'CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.texteq)',
      'SELECT 1',
      '===',
    ],
    ['a collation', `CREATE COLLATION quick (LOCALE = 'C')`, 'SELECT 1', 'quick'],
    [
      'values that it writes over',
      `DO $$ BEGIN UPDATE orders SET note = 'x'; END $$`,
      'SELECT 1',
      'other values',
    ],
  ])('fails for a way back that leaves %s', async (_, up, down, text) => {
    const shop = await ground.shop({
      both: `SET ROLE shop;
        CREATE TABLE tickets (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY); INSERT INTO tickets SELECT FROM generate_series(1, 9);
        CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent); CREATE SEQUENCE alone; CREATE TYPE mood AS ENUM ('a', 'b');
        CREATE RULE quiet AS ON DELETE TO orders DO ALSO NOTHING; CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'; RESET ROLE`,
    });
    const rehearsal = await shop.rehearse(await shop.plan([migrationFile('0001_x', up, down)]));

    expect(rehearsal).toMatchObject({ verdict: 'failed', text: expect.stringContaining(text) });
  });

  it('fails where a table that it writes has no rows to write', async () => {
    const shop = await ground.shop({ development: 'TRUNCATE orders' });
    const plan = await shop.plan([
      migrationFile('0001_x', `UPDATE orders SET note = 'x' WHERE id > 1`, 'SELECT 1'),
    ]);

    expect(await shop.rehearse(plan)).toMatchObject({
      verdict: 'failed',
      text: expect.stringContaining('public.orders has no rows there'),
    });
  });
});
