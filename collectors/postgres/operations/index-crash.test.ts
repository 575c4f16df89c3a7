import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import type { Plan } from '../../../src/sdk.ts';
import { operationContext } from '../../../tests/support/postgres/operations-input.ts';
import { spawnReeve } from '../../../tests/support/process.ts';
import { createTempDir } from '../../../tests/support/temp-dir.ts';
import { waitUntil } from '../../../tests/support/wait-until.ts';
import { actOf, type IndexGround, indexGround } from './testing/index-ground.ts';

vi.setConfig({ testTimeout: 90_000, hookTimeout: 60_000 });

const entry = fileURLToPath(new URL('testing/act.program.ts', import.meta.url));

/** Lets another process act, and kills it when the condition holds. */
async function killedWhile(
  ground: IndexGround,
  plan: Plan,
  direction: 'apply' | 'undo',
  condition: string,
): Promise<void> {
  await using folder = await createTempDir('act');
  const file = join(folder.path, 'order.json');
  const url = ground.server.url('postgres', 'reader');
  const actingUrl = ground.server.url('postgres', 'dba');
  await writeFile(file, JSON.stringify({ url, actingUrl, lockTimeoutMs: 3_000, direction, draft: plan }));
  await using agent = await spawnReeve([file], { entry });
  await waitUntil(
    condition,
    async () => {
      if (agent.stdout !== '') throw new Error(`it ended: ${agent.stdout}`);
      return (await ground.server.query(condition)).length > 0;
    },
    { timeoutMs: 20_000 },
  );
  agent.signal('SIGKILL');
  await agent.exit;
}

const invalid = `SELECT 1 AS one FROM pg_index WHERE indexrelid = to_regclass('shop.orders_total') AND NOT indisvalid`;

describe('an agent that is killed', () => {
  it('in the middle of a drop leaves what the next one finishes', async () => {
    await using ground = await indexGround({ major: 18 });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    const holder = await ground.session();
    await holder.query('BEGIN; SELECT count(*) FROM shop.orders');

    await killedWhile(ground, plan, 'apply', invalid);
    const seen = await action.inspect(plan, actOf(plan), operationContext());
    // The server works on until its lock timeout, and holds the lock for as long.
    const next = action.apply(plan, actOf(plan), operationContext());
    await waitUntil(
      'the orphan to end',
      async () =>
        (
          await ground.server.query(
            `SELECT 1 AS one FROM pg_stat_activity WHERE application_name LIKE 'reeve/test run=%' AND query LIKE 'DROP INDEX%'`,
          )
        ).length === 0,
      { timeoutMs: 20_000 },
    );
    await holder.query('COMMIT');

    expect(seen.state).toBe('half_applied');
    expect((await next).result).toBe('done');
    expect(await ground.server.query(`SELECT to_regclass('shop.orders_total') AS index`)).toEqual([
      { index: null },
    ]);
  });

  it('in the middle of a drop leaves what the custodian finds without any journal', async () => {
    await using ground = await indexGround({ major: 13 });
    const plan = await ground.plan('drop_unused_index');
    const holder = await ground.session();
    await holder.query('BEGIN; SELECT count(*) FROM shop.orders');

    await killedWhile(ground, plan, 'apply', invalid);
    await waitUntil(
      'the orphan to end',
      async () =>
        (
          await ground.server.query(
            `SELECT 1 AS one FROM pg_stat_activity WHERE application_name LIKE 'reeve/test run=%'`,
          )
        ).length === 0,
      { timeoutMs: 20_000 },
    );
    await holder.query('COMMIT');

    expect(await ground.subjects('finish_drop')).toEqual([plan.subject]);
  });

  it('in the middle of the undo leaves what the next undo clears away and builds', async () => {
    await using ground = await indexGround({ major: 18 });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    await action.apply(plan, actOf(plan), operationContext());
    const holder = await ground.session();
    await holder.query('BEGIN; INSERT INTO shop.orders (id) VALUES (-1)');

    await killedWhile(ground, plan, 'undo', invalid);
    const seen = await action.inspect(plan, actOf(plan), operationContext());
    // An operator ends the orphan; otherwise it goes on building.
    await ground.server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'reeve/test run=%'`,
    );
    await holder.query('COMMIT');
    const undone = await action.undo(plan, actOf(plan), operationContext());

    expect(seen.state).toBe('half_applied');
    expect(undone.result).toBe('done');
    expect(await ground.server.query(invalid)).toEqual([]);
    expect((await action.inspect(plan, actOf(plan), operationContext())).state).toBe('pending');
  });
});
