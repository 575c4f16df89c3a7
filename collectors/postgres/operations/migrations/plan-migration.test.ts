import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ActOutcome, isRefusal, type Plan } from '../../../../src/sdk.ts';
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

describe('the plan of a migration on a large table', () => {
  let large: Shop;
  beforeAll(async () => {
    large = await ground.shop({
      target: `INSERT INTO orders SELECT g, 1, g, 'n' FROM generate_series(1001, 100000) g; ANALYZE orders`,
    });
  });

  it.each([
    [
      'gives every row another default',
      'ALTER TABLE orders ADD COLUMN a uuid DEFAULT gen_random_uuid()',
      'it holds ACCESS EXCLUSIVE on public.orders while its default differs from row to row',
    ],
    [
      'writes a large table anew',
      'ALTER TABLE orders ALTER COLUMN total TYPE bigint',
      'that writes the whole table anew while nobody can read it',
    ],
    [
      'looks at every row under its lock',
      'ALTER TABLE orders ALTER COLUMN note SET NOT NULL',
      'first add CHECK (note IS NOT NULL) NOT VALID',
    ],
    [
      'fills what it just locked',
      'ALTER TABLE orders ADD COLUMN a int; UPDATE orders SET a = 1 WHERE id > 0',
      'it writes rows of public.orders while the locks of statements before it are held',
    ],
  ])('is refused when it %s', async (_, up, text) => {
    const answer = await large.draft([migrationFile('0001_x', up, 'ALTER TABLE orders DROP COLUMN a')]);

    expect(isRefusal(answer)).toBe(true);
    expect(answer).toMatchObject({ text: expect.stringContaining(`0001_x up:1: `) });
    expect(answer).toMatchObject({ text: expect.stringContaining(text) });
  });
});

describe('the plan of a migration', () => {
  it('is refused for a narrower type that is not declared, and passes with it', async () => {
    const shop = await ground.shop();
    const up = 'ALTER TABLE orders ALTER COLUMN total TYPE smallint';
    const down = 'ALTER TABLE orders ALTER COLUMN total TYPE integer';

    const answer = await shop.draft([migrationFile('0001_x', up, down)]);
    const plan = await shop.plan([migrationFile('0001_x', `-- reeve: narrows orders.total\n${up}`, down)]);

    expect(answer).toMatchObject({ id: 'undeclared_narrowing' });
    expect(plan.warnings).toContain('0001_x declares that it narrows orders.total');
    expect((await shop.rehearse(plan)).verdict).toBe('passed');
  });

  it('is refused when the login that acts may not act as the owner', async () => {
    const shop = await ground.shop({ both: 'CREATE TABLE theirs (a int)' });

    const answer = await shop.draft([
      migrationFile('0001_x', 'ALTER TABLE theirs ADD COLUMN b int', 'ALTER TABLE theirs DROP COLUMN b'),
    ]);

    expect(answer).toMatchObject({
      id: 'may_act_as_owner',
      text: expect.stringContaining('GRANT postgres TO it'),
    });
  });

  it('does not hold any more when a table, the history or its text changed', async () => {
    const shop = await ground.shop();
    const plan = await shop.plan([column]);
    const [first] = plan.acts;
    if (first === undefined) throw new Error('no act');
    await shop.query('ALTER TABLE orders ADD COLUMN colour text');

    const refusals = await shop.action.recheck(plan, context());
    const judged = await shop.operations.judge?.({
      ...plan,
      acts: [{ ...first, statement: 'DROP TABLE orders' }],
    });

    expect(refusals.map(({ text }) => text)).toEqual([
      'public.orders was changed since it was planned: plan again',
    ]);
    expect(judged?.map(({ id }) => id)).toEqual(['text_unchanged', 'undeclared_drop']);
  });

  it.each([
    [
      'dbmate',
      `CREATE TABLE schema_migrations (version text); INSERT INTO schema_migrations VALUES ('0001')`,
    ],
    [
      'golang-migrate',
      'CREATE TABLE schema_migrations (version bigint, dirty bool); INSERT INTO schema_migrations VALUES (1, false)',
    ],
    [
      'flyway',
      `CREATE TABLE flyway_schema_history (version text, description text); INSERT INTO flyway_schema_history VALUES ('1', 'phone')`,
    ],
  ] as const)('leaves out what the history of %s has already', async (tool, history) => {
    const name = tool === 'flyway' ? 'flyway_schema_history' : 'schema_migrations';
    const shop = await ground.shop({ target: `${history}; ALTER TABLE orders ADD COLUMN phone text` });
    const files = [
      column,
      migrationFile(
        '0002_fax',
        'ALTER TABLE orders ADD COLUMN fax text',
        'ALTER TABLE orders DROP COLUMN fax',
      ),
    ];

    const blind = await shop.draft(files.map((file) => ({ ...file, tool })));
    await shop.query(`GRANT SELECT ON ${name} TO reader`);
    const plan = await shop.plan(files.map((file) => ({ ...file, tool })));

    expect(blind).toMatchObject({
      id: 'foreign_history',
      text: expect.stringContaining(`GRANT SELECT ON public.${name}`),
    });
    expect(plan.acts.map(({ id }) => id)).toEqual(['0002_fax']);
    expect((await shop.rehearse(plan)).verdict).toBe('passed');
  });

  it('of files of another tool is judged and rehearsed, never applied', async () => {
    const shop = await ground.shop();
    const plan = await shop.plan([{ ...column, tool: 'dbmate' }]);

    const refusals = await shop.action.recheck(plan, context());
    const outcome = await act(shop, plan, 'apply');

    expect((await shop.rehearse(plan)).verdict).toBe('passed');
    expect(refusals).toMatchObject([{ id: 'own_tool' }]);
    expect(outcome).toMatchObject({
      result: 'refused',
      detail: '0001_phone is a file of dbmate, which has to apply it',
    });
  });
});
