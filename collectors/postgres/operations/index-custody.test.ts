import { describe, expect, it, vi } from 'vitest';
import { operationContext } from '../../../tests/support/postgres/operations-input.ts';
import { actOf, indexGround, type Major } from './testing/index-ground.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const major: Major = 16;
const waiting = { timeout: 10_000, interval: 50 };

describe('duplicate indexes', () => {
  const twins = `
    SET ROLE dba;
    CREATE INDEX orders_customer ON shop.orders (customer);
    CREATE INDEX orders_customer_again ON shop.orders (customer);
    CREATE INDEX orders_customer_full ON shop.orders (customer) WITH (fillfactor = 50);
    CREATE UNIQUE INDEX orders_id_again ON shop.orders (id);
    RESET ROLE;`;

  it('are found when one repeats another exactly; options and uniqueness make a difference', async () => {
    await using ground = await indexGround({ major, sql: twins });

    const found = await ground.subjects('drop_duplicate_index');

    expect(found).toEqual(['postgres.shop.orders_customer_again']);
  });

  it('are dropped while the other one stays, and kept when it went', async () => {
    await using ground = await indexGround({ major, sql: twins });
    const action = ground.action('drop_duplicate_index');
    const plan = await ground.plan('drop_duplicate_index');

    const before = await action.recheck(plan, operationContext());
    await ground.server.query('DROP INDEX shop.orders_customer');
    const after = await action.recheck(plan, operationContext());

    expect(before).toEqual([]);
    expect(after.map(({ id }) => id)).toContain('twin_serves');
  });
});

describe('broken indexes', () => {
  it('are dropped after a build that failed, also a unique one', async () => {
    await using ground = await indexGround({ major });
    const client = await ground.session();
    await client.query('SET ROLE dba');
    const failed = await client
      .query('CREATE UNIQUE INDEX CONCURRENTLY orders_customer_once ON shop.orders (customer)')
      .then(() => '', String);
    const action = ground.action('drop_invalid_index');

    const plan = await ground.plan('drop_invalid_index');
    const refusals = await action.recheck(plan, operationContext());
    const outcome = await action.apply(plan, actOf(plan), operationContext());

    expect(failed).toContain('could not create unique index');
    expect(plan.subject).toBe('postgres.shop.orders_customer_once');
    expect(refusals).toEqual([]);
    expect(outcome.result).toBe('done');
    expect(await ground.subjects('drop_invalid_index')).toEqual([]);
  });

  it('are rehearsed by building and dropping them where they are not', async () => {
    await using ground = await indexGround({ major });
    await using development = await indexGround({ major });
    const client = await ground.session();
    await client
      .query('CREATE UNIQUE INDEX CONCURRENTLY orders_note_once ON shop.orders (total, customer)')
      .then(() =>
        client.query(
          `UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid = 'shop.orders_note_once'::regclass`,
        ),
      );
    const plan = await ground.plan('drop_invalid_index');

    const rehearsal = await development.action('drop_invalid_index').rehearse(plan, operationContext());

    expect(rehearsal.verdict).toBe('passed');
    expect(await development.server.query(`SELECT to_regclass('shop.orders_note_once') AS index`)).toEqual([
      { index: null },
    ]);
  });

  it('are finished when a drop came so far that nothing maintains them any more', async () => {
    await using ground = await indexGround({ major });
    await ground.server.query(
      `UPDATE pg_index SET indisvalid = false, indisready = false, indislive = false WHERE indexrelid = 'shop.orders_total'::regclass`,
    );
    const action = ground.action('drop_invalid_index');
    const plan = await ground.plan('drop_invalid_index');

    const outcome = await action.apply(plan, actOf(plan), operationContext());
    const undone = await action.undo(plan, actOf(plan), operationContext());

    expect(outcome.result).toBe('done');
    expect(undone.result).toBe('done');
  });

  it('are left alone while somebody builds them', async () => {
    await using ground = await indexGround({ major });
    const holder = await ground.session();
    await holder.query('BEGIN; INSERT INTO shop.orders (id) VALUES (-1)');
    const builder = await ground.session();
    const building = builder
      .query('CREATE INDEX CONCURRENTLY orders_slow ON shop.orders (customer)')
      .catch(() => undefined);
    await vi.waitFor(async () => {
      expect(await ground.server.query(`SELECT 1 AS one FROM pg_index WHERE NOT indisvalid`)).toHaveLength(1);
    }, waiting);

    const found = [
      ...(await ground.subjects('drop_invalid_index')),
      ...(await ground.subjects('finish_drop')),
      ...(await ground.subjects('rebuild_invalid_index')),
    ];
    await holder.query('COMMIT');
    await building;

    expect(found).toEqual([]);
  });

  it('give way to whoever waits behind a build, which is begun again', async () => {
    await using ground = await indexGround({ major, lockTimeoutMs: 300 });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    await action.apply(plan, actOf(plan), operationContext());
    const holder = await ground.session();
    await holder.query('BEGIN; INSERT INTO shop.orders (id) VALUES (-1)');
    const waiter = await ground.session();

    const undoing = action.undo(plan, actOf(plan), operationContext());
    await vi.waitFor(async () => {
      expect(
        await ground.server.query(
          `SELECT 1 AS one FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND wait_event_type = 'Lock'`,
        ),
      ).toHaveLength(1);
    }, waiting);
    const vacuumed = waiter.query('VACUUM shop.orders');
    await vacuumed;
    await holder.query('COMMIT');
    const undone = await undoing;

    expect(undone.result).toBe('done');
    expect(
      await ground.server.query(
        `SELECT relname FROM pg_index JOIN pg_class ON oid = indexrelid WHERE NOT indisvalid`,
      ),
    ).toEqual([]);
  });
});
