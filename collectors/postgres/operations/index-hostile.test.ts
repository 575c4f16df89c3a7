import { describe, expect, it, vi } from 'vitest';
import { operationContext } from '../../../tests/support/postgres/operations-input.ts';
import { waitUntil } from '../../../tests/support/wait-until.ts';
import { actOf, type IndexGround, indexGround } from './testing/index-ground.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

async function definitionOf({ server }: IndexGround, name: string): Promise<unknown> {
  const sql = `SELECT pg_get_indexdef(indexrelid) AS definition, spcname AS tablespace FROM pg_index JOIN pg_class c ON c.oid = indexrelid
                 LEFT JOIN pg_tablespace s ON s.oid = reltablespace WHERE indexrelid = to_regclass('${name}')`;
  return (await server.query(sql))[0];
}

describe('a drop', () => {
  it.each(['schema', 'tablespace'] as const)(
    'is refused when the login may not build the index again in its %s',
    async (what) => {
      await using ground = await indexGround({
        major: 18,
        ...(what === 'schema'
          ? {}
          : {
              prepare: async (server) => {
                const client = await server.connect();
                await client.query('SET allow_in_place_tablespaces = on');
                await client.query(`CREATE TABLESPACE fast LOCATION ''`);
                await client.query('ALTER INDEX shop.orders_total SET TABLESPACE fast');
                await client.end();
              },
            }),
      });
      const action = ground.action('drop_unused_index');
      const plan = await ground.plan('drop_unused_index');
      if (what === 'schema')
        await ground.server.query(
          'ALTER SCHEMA shop OWNER TO postgres; REVOKE ALL ON SCHEMA shop FROM dba; GRANT USAGE ON SCHEMA shop TO dba',
        );

      const outcome = await action.apply(plan, actOf(plan), operationContext());

      expect(outcome).toMatchObject({ result: 'refused', detail: expect.stringContaining('CREATE ON') });
      expect(await definitionOf(ground, 'shop.orders_total')).toBeDefined();
    },
  );

  it('is refused at the act when another feature refers to the index by then', async () => {
    await using ground = await indexGround({
      major: 13,
      sql: 'DROP INDEX shop.orders_total; CREATE INDEX orders_total ON shop.orders (total)',
    });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    await ground.server.query('ALTER TABLE shop.orders CLUSTER ON orders_total');

    const outcome = await action.apply(plan, actOf(plan), operationContext());

    expect(outcome).toMatchObject({ result: 'refused', detail: expect.stringContaining('clustered') });
    expect(await definitionOf(ground, 'shop.orders_total')).toBeDefined();
  });

  it('leaves another index alone that takes the name between two attempts', async () => {
    await using ground = await indexGround({ major: 18, lockTimeoutMs: 300 });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    const holder = await ground.session();
    await holder.query('BEGIN; SELECT count(*) FROM shop.orders');
    const other = await ground.session();

    const acting = action.apply(plan, actOf(plan), operationContext());
    await waitUntil('the index to be invalid', async () => {
      const sql = `SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('shop.orders_total') AND NOT indisvalid`;
      return (await ground.server.query(sql)).length === 1;
    });
    await waitUntil('the name to be taken', () =>
      other
        .query(
          `SET lock_timeout = '2s'; BEGIN; ALTER INDEX shop.orders_total RENAME TO orders_old; CREATE INDEX orders_total ON shop.orders (total); COMMIT`,
        )
        .then(
          () => true,
          async () => (await other.query('ROLLBACK'), false),
        ),
    );
    await holder.query('COMMIT');
    const outcome = await acting;

    expect(outcome.result).toBe('half_applied');
    expect(await definitionOf(ground, 'shop.orders_total')).toMatchObject({
      definition: 'CREATE INDEX orders_total ON shop.orders USING btree (total)',
    });
  });

  it.each([13, 18] as const)(
    'and its undo stand above the settings of roles on PostgreSQL %i',
    async (major) => {
      await using ground = await indexGround({
        major,
        lockTimeoutMs: 5_000,
        sql: `
        ALTER TABLE shop.orders ADD seen timestamptz;
        DROP INDEX shop.orders_total;
        CREATE INDEX orders_total ON shop.orders (total) WHERE seen > timestamptz '2030-02-01 00:00+00' AND total > 0.1::float8;
        ALTER ROLE reader SET DateStyle = 'SQL, DMY'; ALTER ROLE reader SET TimeZone = 'Asia/Tokyo';
        ALTER ROLE dba SET DateStyle = 'SQL, MDY'; ALTER ROLE dba SET quote_all_identifiers = on;
        ALTER ROLE dba SET default_transaction_read_only = on; ALTER ROLE dba SET statement_timeout = '1s';
        ALTER ROLE dba SET search_path = shop, public;
        ${major >= 17 ? `ALTER ROLE dba SET transaction_timeout = '1s'; ALTER ROLE dba SET idle_session_timeout = '1s';` : ''}`,
      });
      const action = ground.action('drop_unused_index');
      const plan = await ground.plan('drop_unused_index');
      const before = await definitionOf(ground, 'shop.orders_total');
      const holder = await ground.session();
      await holder.query('BEGIN; SELECT count(*) FROM shop.orders');

      const acting = action.apply(plan, actOf(plan), operationContext());
      await holder.query('SELECT pg_sleep(1.5)');
      await holder.query('COMMIT');

      expect(await acting).toMatchObject({ result: 'done' });
      expect(await action.undo(plan, actOf(plan), operationContext())).toMatchObject({ result: 'done' });
      expect(await definitionOf(ground, 'shop.orders_total')).toEqual(before);
    },
  );

  it('is taken back to where the index was, whatever tablespace the role prefers', async () => {
    await using ground = await indexGround({
      major: 18,
      prepare: async (server) => {
        const client = await server.connect();
        await client.query('SET allow_in_place_tablespaces = on');
        await client.query(`CREATE TABLESPACE slow LOCATION ''`);
        await client.query('GRANT CREATE ON TABLESPACE slow TO dba');
        await client.query('ALTER ROLE dba SET default_tablespace = slow');
        await client.end();
      },
    });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    const before = await definitionOf(ground, 'shop.orders_total');

    await action.apply(plan, actOf(plan), operationContext());
    await action.undo(plan, actOf(plan), operationContext());

    expect(await definitionOf(ground, 'shop.orders_total')).toEqual(before);
  });
});

describe('an index that must never be dropped', () => {
  it('is not rebuilt when taking that back would drop it', async () => {
    await using ground = await indexGround({
      major: 16,
      sql: `CREATE UNIQUE INDEX orders_one ON shop.orders (total);
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.orders_one'::regclass`,
    });

    expect(await ground.subjects('rebuild_invalid_index')).toEqual([]);
    expect(await ground.subjects('finish_drop')).toEqual([]);
    expect(await ground.subjects('drop_invalid_index')).toEqual([]);
  });

  it('is not dropped by the undo of a rebuild either', async () => {
    await using ground = await indexGround({
      major: 16,
      sql: `CREATE INDEX orders_two ON shop.orders (total);
            SET enable_seqscan = off; SELECT count(*) FROM shop.orders WHERE total = 5;
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.orders_two'::regclass`,
    });
    const action = ground.action('rebuild_invalid_index');
    const plan = await ground.plan('rebuild_invalid_index');
    expect(await action.apply(plan, actOf(plan), operationContext())).toMatchObject({ result: 'done' });
    await ground.server.query('ALTER TABLE shop.orders CLUSTER ON orders_two');

    expect(await action.undo(plan, actOf(plan), operationContext())).toMatchObject({ result: 'refused' });
    expect(await definitionOf(ground, 'shop.orders_two')).toBeDefined();
  });
});

describe('the unfinished copy of a unique index', () => {
  it('is dropped, because its original enforces the same', async () => {
    await using ground = await indexGround({
      major: 16,
      sql: `CREATE UNIQUE INDEX orders_one ON shop.orders (total); CREATE UNIQUE INDEX orders_one_ccnew ON shop.orders (total);
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'shop.orders_one_ccnew'::regclass`,
    });
    const plan = await ground.plan('drop_invalid_index');

    const outcome = await ground.action('drop_invalid_index').apply(plan, actOf(plan), operationContext());

    expect(outcome.result).toBe('done');
    expect(await definitionOf(ground, 'shop.orders_one')).toBeDefined();
    expect(await definitionOf(ground, 'shop.orders_one_ccnew')).toBeUndefined();
  });
});

describe('the indexes of a foreign key', () => {
  it('stay, one in each manner: a summary, or another collation, does not serve it as well', async () => {
    await using ground = await indexGround({
      major: 18,
      sql: `CREATE TABLE shop.kinds (name text PRIMARY KEY); CREATE TABLE shop.items (kind text REFERENCES shop.kinds);
            CREATE INDEX by_summary ON shop.items USING brin (kind); CREATE INDEX by_c ON shop.items (kind COLLATE "C");
            CREATE INDEX by_kind ON shop.items (kind)`,
    });

    expect(await ground.subjects('drop_unused_index')).toEqual(['postgres.shop.orders_total']);
  });
});

describe('of two equal indexes', () => {
  it('the one that queries use stays', async () => {
    await using ground = await indexGround({
      major: 18,
      sql: 'CREATE INDEX a_old ON shop.orders (customer); CREATE INDEX b_new ON shop.orders (customer)',
    });
    const client = await ground.session();
    await client.query('SET enable_seqscan = off');
    for (let nth = 0; nth < 3; nth += 1)
      await client.query('SELECT note FROM shop.orders WHERE customer = 3');
    await client.query('SELECT pg_stat_force_next_flush()');
    await client.query('SELECT 1');
    const used = await ground.server.query(
      `SELECT indexrelname AS name FROM pg_stat_user_indexes WHERE indexrelname IN ('a_old', 'b_new') AND idx_scan > 0`,
    );
    await ground.collect();
    const idle = used[0]?.['name'] === 'a_old' ? 'b_new' : 'a_old';

    const dropped = [
      ...(await ground.subjects('drop_duplicate_index')),
      ...(await ground.subjects('drop_unused_index')),
    ];
    expect(used).toHaveLength(1);
    expect(dropped).toContain(`postgres.shop.${idle}`);
    expect(dropped).not.toContain(`postgres.shop.${String(used[0]?.['name'])}`);
  });
});
