import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { operationContext } from '../../../tests/support/postgres/operations-input.ts';
import { waitUntil } from '../../../tests/support/wait-until.ts';
import { actOf, type IndexGround, indexGround, type Major } from './testing/index-ground.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const major: Major = 17;

/** `valid`, `ready`; undefined when the index is gone. */
async function stateOf({ server }: IndexGround, name = 'shop.orders_total'): Promise<unknown> {
  const [row] = await server.query(
    `SELECT indisvalid AS valid, indisready AS ready FROM pg_index WHERE indexrelid = to_regclass('${name}')`,
  );
  return row;
}

/** A transaction that has used the table and stays open: a concurrent drop waits for it after it made the index invalid. */
async function holdTable(ground: IndexGround): Promise<() => Promise<void>> {
  const client = await ground.session();
  await client.query('BEGIN; SELECT count(*) FROM shop.orders');
  return async () => {
    await client.query('COMMIT');
  };
}

async function untilInvalid(ground: IndexGround): Promise<void> {
  await waitUntil('the index to be invalid', async () => {
    const state = await stateOf(ground);
    return JSON.stringify(state) === JSON.stringify({ valid: false, ready: true });
  });
}

const acting = `application_name LIKE 'reeve/test run=%' AND query LIKE 'DROP INDEX%'`;

describe('a drop that is interrupted', () => {
  it('is half applied when it gives up waiting, and is finished by the next attempt', async () => {
    await using ground = await indexGround({ major, lockTimeoutMs: 50 });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    const release = await holdTable(ground);

    const outcome = await action.apply(plan, actOf(plan), operationContext());
    const seen = await action.inspect(plan, actOf(plan), operationContext());
    await release();
    const finished = await action.apply(plan, actOf(plan), operationContext());

    expect(outcome.result).toBe('half_applied');
    expect(outcome.detail).toContain('others held a lock');
    expect(seen).toMatchObject({ state: 'half_applied' });
    expect(finished.result).toBe('done');
    expect(await stateOf(ground)).toBeUndefined();
  });

  it('is cancelled on the server when it is aborted, and its undo makes the index valid again', async () => {
    await using ground = await indexGround({ major, lockTimeoutMs: 20_000 });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    const release = await holdTable(ground);
    const abort = new AbortController();

    const running = action.apply(plan, actOf(plan), operationContext(abort.signal));
    await untilInvalid(ground);
    abort.abort();
    const outcome = await running;
    const left = await ground.server.query(
      `SELECT pid FROM pg_stat_activity WHERE ${acting} AND state = 'active'`,
    );
    await release();
    const undone = await action.undo(plan, actOf(plan), operationContext());

    expect(outcome.result).toBe('half_applied');
    expect(outcome.detail).toContain('interrupted');
    expect(left).toEqual([]);
    expect(undone).toMatchObject({ result: 'done' });
    expect(await stateOf(ground)).toEqual({ valid: true, ready: true });
  });

  it('is told from the catalogue when its session is killed, and the custodian finishes it', async () => {
    await using ground = await indexGround({ major, lockTimeoutMs: 20_000 });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    const release = await holdTable(ground);

    const running = action.apply(plan, actOf(plan), operationContext());
    await untilInvalid(ground);
    await ground.server.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${acting}`);
    const outcome = await running;
    await release();
    const custodian = await ground.plan('finish_drop');
    const finish = ground.action('finish_drop');
    const refusals = await finish.recheck(custodian, operationContext());
    const finished = await finish.apply(custodian, actOf(custodian), operationContext());

    expect(outcome.result).toBe('half_applied');
    expect(outcome.detail).toContain('the connection was lost');
    expect(refusals).toEqual([]);
    expect(finished.result).toBe('done');
    expect(await stateOf(ground)).toBeUndefined();
  });

  it('is mended by a rebuild when the index was used within the window', async () => {
    await using ground = await indexGround({ major, lockTimeoutMs: 50 });
    const plan = await ground.plan('drop_unused_index');
    const release = await holdTable(ground);
    await ground.action('drop_unused_index').apply(plan, actOf(plan), operationContext());
    await release();
    // As if somebody had dropped an index in use: the statistics say so, and the collector has read them.
    await useOfInvalid(ground);
    await ground.collect();

    const finishes = await ground.subjects('finish_drop');
    const custodian = await ground.plan('rebuild_invalid_index');
    const rebuild = ground.action('rebuild_invalid_index');
    const refusals = await rebuild.recheck(custodian, operationContext());
    const rebuilt = await rebuild.apply(custodian, actOf(custodian), operationContext());
    const again = await rebuild.apply(custodian, actOf(custodian), operationContext());
    const seen = await rebuild.inspect(custodian, actOf(custodian), operationContext());
    const state = await stateOf(ground);
    const undone = await rebuild.undo(custodian, actOf(custodian), operationContext());

    expect(finishes).toEqual([]);
    expect(refusals).toEqual([]);
    expect(rebuilt.result).toBe('done');
    expect(again.result).toBe('already');
    expect(seen.state).toBe('done');
    expect(state).toEqual({ valid: true, ready: true });
    expect(undone.result).toBe('done');
    expect(await stateOf(ground)).toBeUndefined();
  });
});

/** An invalid index is not used; its counter is moved by making it valid for one statement, which only a superuser can. */
async function useOfInvalid({ server }: IndexGround): Promise<void> {
  const set = (valid: boolean): string =>
    `UPDATE pg_index SET indisvalid = ${valid} WHERE indexrelid = 'shop.orders_total'::regclass`;
  await server.query(set(true));
  await server.query(
    'SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT total FROM shop.orders WHERE total > 990 ORDER BY total DESC NULLS LAST LIMIT 1',
  );
  await server.query(set(false));
}

describe('a lock storm', () => {
  it('is given way to in time, and nobody queues behind Reeve for longer than the lock timeout', async () => {
    await using ground = await indexGround({ major, lockTimeoutMs: 100 });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    const holder = await ground.session();
    await holder.query('BEGIN; LOCK TABLE shop.orders IN SHARE MODE');
    let longestMs = 0;
    const over = new AbortController();
    const watching = (async () => {
      while (!over.signal.aborted) {
        const [row] = await ground.server.query(
          `SELECT coalesce(max(extract(epoch FROM clock_timestamp() - l.waitstart)) * 1000, 0)::float8 AS ms
             FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE NOT l.granted AND ${acting}`,
        );
        longestMs = Math.max(longestMs, Number(row?.['ms']));
        await delay(10);
      }
    })();
    const beganAt = performance.now();

    const outcome = await action.apply(plan, actOf(plan), operationContext());
    const tookMs = performance.now() - beganAt;
    over.abort();
    await watching;

    expect(outcome.result).toBe('gave_up');
    expect(await stateOf(ground)).toEqual({ valid: true, ready: true });
    expect(tookMs).toBeLessThan(10_000);
    expect(longestMs).toBeGreaterThan(0);
    expect(longestMs).toBeLessThan(1_000);
  });

  it('leaves even the definition unread behind an exclusive lock', async () => {
    await using ground = await indexGround({ major, lockTimeoutMs: 50 });
    const plan = await ground.plan('drop_unused_index');
    const holder = await ground.session();
    await holder.query('BEGIN; LOCK TABLE shop.orders IN ACCESS EXCLUSIVE MODE');

    const outcome = await ground.action('drop_unused_index').apply(plan, actOf(plan), operationContext());

    expect(outcome.result).toBe('gave_up');
    expect(outcome.detail).toContain('nothing was done');
  });
});

describe('recheck', () => {
  it.each([
    ['definition_unchanged', `ALTER INDEX shop.orders_total SET (fillfactor = 80)`],
    ['definition_unchanged', `COMMENT ON INDEX shop.orders_total IS 'another'`],
    ['definition_unchanged', `ALTER INDEX shop.orders_total RENAME TO orders_sum`],
    [
      'definition_unchanged',
      `DROP INDEX shop.orders_total; CREATE INDEX orders_total ON shop.orders (total)`,
    ],
    ['still_unused', `ALTER TABLE shop.orders CLUSTER ON orders_total_all`],
    ['replicas_connected', `SELECT pg_create_physical_replication_slot('away', true)`],
  ])('refuses by %s after %s', async (id, sql) => {
    await using ground = await indexGround({ major });
    const plan = await ground.plan('drop_unused_index');
    const changed = sql.replace('orders_total_all', 'orders_total');
    await ground.server.query(
      changed.includes('CLUSTER')
        ? `UPDATE pg_index SET indisclustered = true WHERE indexrelid = 'shop.orders_total'::regclass`
        : changed,
    );

    const refusals = await ground.action('drop_unused_index').recheck(plan, operationContext());

    expect(refusals.map((each) => each.id)).toContain(id);
  });

  it('refuses while somebody builds on the table', async () => {
    await using ground = await indexGround({ major });
    const plan = await ground.plan('drop_unused_index');
    const holder = await ground.session();
    await holder.query('BEGIN; LOCK TABLE shop.orders IN SHARE UPDATE EXCLUSIVE MODE');

    const refusals = await ground.action('drop_unused_index').recheck(plan, operationContext());

    expect(refusals.map(({ id }) => id)).toContain('no_other_build');
  });
});
