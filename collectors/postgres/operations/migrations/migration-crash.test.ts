import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ActOutcome, Plan } from '../../../../src/sdk.ts';
import { operationContext as context } from '../../../../tests/support/postgres/operations-input.ts';
import { spawnReeve } from '../../../../tests/support/process.ts';
import { createTempDir } from '../../../../tests/support/temp-dir.ts';
import { waitUntil } from '../../../../tests/support/wait-until.ts';
import { type Cut, cutConnections } from './testing/cut-connections.ts';
import {
  type MigrationGround,
  migrationFile,
  migrationGround,
  type Shop,
} from './testing/migration-ground.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const entry = fileURLToPath(new URL('testing/act.program.ts', import.meta.url));

let ground: MigrationGround;
beforeAll(async () => {
  ground = await migrationGround(18);
});
afterAll(() => ground[Symbol.asyncDispose]());

const column = migrationFile(
  '0001_phone',
  `ALTER TABLE orders ADD COLUMN phone text; UPDATE orders SET phone = '1' WHERE id < 10; INSERT INTO visits VALUES (77, 1)`,
  'DELETE FROM visits WHERE id = 77; ALTER TABLE orders DROP COLUMN phone',
);
const index = migrationFile(
  '0001_index',
  'CREATE INDEX CONCURRENTLY orders_total ON orders (total)',
  'DROP INDEX CONCURRENTLY orders_total',
);

/** What stands in the database of either file, in one line. */
const standing = `
  SELECT format('%s columns, %s visits, index %s, history %s',
                (SELECT count(*) FROM pg_attribute WHERE attrelid = 'orders'::regclass AND attname = 'phone'), (SELECT count(*) FROM visits),
                coalesce((SELECT indisvalid::text FROM pg_index WHERE indexrelid = to_regclass('orders_total')), 'none'),
                coalesce((SELECT string_agg(name || ' ' || state, ',') FROM reeve.migrations), 'empty')) AS line`;
const as = {
  before: '0 columns, 50 visits, index none, history empty',
  column: '1 columns, 51 visits, index none, history 0001_phone applied',
  index: '0 columns, 50 visits, index true, history 0001_index applied',
};

async function act(shop: Shop, plan: Plan, direction: 'apply' | 'undo'): Promise<ActOutcome> {
  const [first] = plan.acts;
  if (first === undefined) throw new Error('the plan has no act');
  return shop.action[direction](plan, first, context());
}

async function lineOf(shop: Shop): Promise<unknown> {
  return (await shop.query(standing))[0]?.['line'];
}

/** Does it and dies in the middle; does it again. */
async function survive(shop: Shop, plan: Plan, direction: 'apply' | 'undo', cut: Cut): Promise<ActOutcome> {
  {
    using death = cutConnections(cut);
    await act(shop, plan, direction).catch(() => undefined);
    expect(death.wasReached()).toBe(true);
  }
  return act(shop, plan, direction);
}

const commits: readonly Cut[] = [
  { text: 'COMMIT', when: 'before' },
  { text: 'COMMIT', when: 'after' },
];

describe('an agent that dies while it', () => {
  let shop: Shop;
  let plans: { readonly column: Plan; readonly index: Plan };
  beforeAll(async () => {
    shop = await ground.shop();
    plans = { column: await shop.plan([column]), index: await shop.plan([index]) };
    await act(shop, plans.column, 'apply');
    await act(shop, plans.column, 'undo');
  });

  it.each<Cut>([
    { text: 'BEGIN', when: 'before' },
    { text: 'ADD COLUMN', when: 'after' },
    { text: 'INSERT INTO visits', when: 'after' },
    { text: 'INSERT INTO reeve.migrations', when: 'after' },
    ...commits,
  ])('applies a file ($when $text) leaves all of it or nothing, and the next one finishes', async (cut) => {
    const outcome = await survive(shop, plans.column, 'apply', cut);
    const after = await lineOf(shop);
    await act(shop, plans.column, 'undo');

    expect(outcome.result).toBe(cut.text === 'COMMIT' && cut.when === 'after' ? 'already' : 'done');
    expect(after).toBe(as.column);
    expect(await lineOf(shop)).toBe(as.before);
  });

  it.each<Cut>([
    { text: 'LOCK TABLE', when: 'after' },
    { text: 'DROP COLUMN', when: 'after' },
    { text: 'DELETE FROM reeve.migrations', when: 'after' },
    ...commits,
  ])(
    'takes a file back ($when $text) leaves all of it or nothing, and the next one finishes',
    async (cut) => {
      await act(shop, plans.column, 'apply');
      const outcome = await survive(shop, plans.column, 'undo', cut);

      expect(outcome.result).toBe(cut.text === 'COMMIT' && cut.when === 'after' ? 'already' : 'done');
      expect(await lineOf(shop)).toBe(as.before);
    },
  );

  it.each<Cut>([
    { text: 'INSERT INTO reeve.migrations', when: 'before' },
    { text: 'INSERT INTO reeve.migrations', when: 'after' },
    { text: 'CREATE INDEX CONCURRENTLY', when: 'after' },
    { text: 'INSERT INTO reeve.migrations', when: 'before', skip: 1 },
    { text: 'INSERT INTO reeve.migrations', when: 'after', skip: 1 },
  ])('builds an index ($when $text, $skip) leaves what the next one finishes or takes back', async (cut) => {
    const outcome = await survive(shop, plans.index, 'apply', cut);
    const after = await lineOf(shop);
    await act(shop, plans.index, 'undo');

    expect(outcome.result).toBe(cut.when === 'after' && cut.skip === 1 ? 'already' : 'done');
    expect(after).toBe(as.index);
    expect(await lineOf(shop)).toBe(as.before);
  });

  it.each<Cut>([
    { text: 'INSERT INTO reeve.migrations', when: 'after' },
    { text: 'DROP INDEX CONCURRENTLY', when: 'after' },
    { text: 'DELETE FROM reeve.migrations', when: 'after' },
  ])('drops it again ($when $text) leaves what the next one finishes', async (cut) => {
    await act(shop, plans.index, 'apply');
    await survive(shop, plans.index, 'undo', cut);

    expect(await lineOf(shop)).toBe(as.before);
  });

  it('begins, and is taken back without ever being finished', async () => {
    {
      using death = cutConnections({ text: 'INSERT INTO reeve.migrations', when: 'after' });
      await act(shop, plans.index, 'apply').catch(() => undefined);
      expect(death.wasReached()).toBe(true);
    }
    const [first] = plans.index.acts;
    const seen = first === undefined ? undefined : await shop.action.inspect(plans.index, first, context());
    const undone = await act(shop, plans.index, 'undo');

    expect(seen?.state).toBe('half_applied');
    expect(undone.result).toBe('done');
    expect(await lineOf(shop)).toBe(as.before);
  });
});

describe('an agent killed with kill -9', () => {
  it.each([
    [
      'a statement that waits for its lock',
      column,
      `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'orders'::regclass`,
      as.column,
    ],
    [
      'the build of an index',
      index,
      `SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('orders_total') AND NOT indisvalid`,
      as.index,
    ],
  ])('in the middle of %s leaves what the next one finishes, once', async (_, file, condition, expected) => {
    const shop = await ground.shop({ lockTimeoutMs: 2_000 });
    const plan = await shop.plan([file]);
    const holder = await ground.server.connect(shop.database);
    await holder.query('BEGIN; UPDATE orders SET note = note WHERE id = 1');

    await using folder = await createTempDir('act');
    const path = join(folder.path, 'order.json');
    await writeFile(path, JSON.stringify({ ...shop.urls, lockTimeoutMs: 2_000, direction: 'apply', plan }));
    await using agent = await spawnReeve([path], { entry });
    await waitUntil(condition, async () => (await shop.query(condition)).length > 0, { timeoutMs: 20_000 });
    agent.signal('SIGKILL');
    await agent.exit;
    const next = act(shop, plan, 'apply');
    await holder.query('ROLLBACK');
    await holder.end();

    expect(['done', 'already']).toContain((await next).result);
    expect(await lineOf(shop)).toBe(expected);
  });
});
