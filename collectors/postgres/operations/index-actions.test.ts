import { describe, expect, it, vi } from 'vitest';
import { operationContext } from '../../../tests/support/postgres/operations-input.ts';
import { actOf, type IndexGround, indexGround } from './testing/index-ground.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const definitionSql = `
  SELECT pg_get_indexdef(indexrelid) AS definition, obj_description(indexrelid) AS comment, indisvalid AS valid
    FROM pg_index WHERE indexrelid = to_regclass('shop.orders_total')`;

describe.each([13, 18] as const)('index management on PostgreSQL %i', (major) => {
  it('drops what nobody used, and builds it again exactly as it was', async () => {
    await using ground = await indexGround({ major });
    await using development = await indexGround({ major });
    const action = ground.action('drop_unused_index');
    const before = await ground.server.query(definitionSql);
    const context = operationContext();

    const plan = await ground.plan('drop_unused_index');
    const act = actOf(plan);
    const rehearsal = await development.action('drop_unused_index').rehearse(plan, context);
    const refusals = await action.recheck(plan, context);
    const judged = await ground.operations.judge?.(plan);
    const inspected = await action.inspect(plan, act, context);
    const dropped = await action.apply(plan, act, context);
    const afterwards = await action.inspect(plan, act, context);
    const again = await action.apply(plan, act, context);
    const gone = await ground.server.query(definitionSql);
    const undone = await action.undo(plan, act, context);
    const undoneAgain = await action.undo(plan, act, context);
    const after = await ground.server.query(definitionSql);

    expect(plan.subject).toBe('postgres.shop.orders_total');
    expect(act.statement).toBe('DROP INDEX CONCURRENTLY "shop"."orders_total"');
    expect(act.undo).toHaveLength(2);
    expect(judged).toEqual([]);
    expect(rehearsal).toMatchObject({
      on: 'orders',
      verdict: 'passed',
      rows: { 'shop.orders': { target: 1000, rehearsal: 1000 } },
    });
    expect(await development.server.query(definitionSql)).toEqual(before);
    expect(refusals).toEqual([]);
    expect(inspected.state).toBe('pending');
    expect(dropped).toEqual({ result: 'done', detail: 'the index is gone' });
    expect(gone).toEqual([]);
    expect(afterwards.state).toBe('done');
    expect(again.result).toBe('already');
    expect(undone.result).toBe('done');
    expect(undoneAgain.result).toBe('already');
    expect(after).toEqual(before);
    expect((await action.inspect(plan, act, context)).state).toBe('pending');
  });

  it('fails its rehearsal when the test of its user fails while the index is gone, and builds it again', async () => {
    await using ground = await indexGround({ major });
    await using development = await indexGround({ major });
    const before = await development.server.query(definitionSql);
    const seen: unknown[][] = [];
    const whileChanged = async (): Promise<void> => {
      seen.push([...(await development.server.query(definitionSql))]);
      throw new Error('the test command ended with 1');
    };

    const rehearsal = await development
      .action('drop_unused_index')
      .rehearse(await ground.plan('drop_unused_index'), { ...operationContext(), whileChanged });

    expect(seen).toEqual([[]]);
    expect(rehearsal).toMatchObject({ verdict: 'failed' });
    expect(rehearsal.text).toContain('the test command ended with 1');
    expect(await development.server.query(definitionSql)).toEqual(before);
  });

  it('works in every database of the server, whatever it is called', async () => {
    const database = `app "x"; ä`;
    const quoted = `"${database.replaceAll('"', '""')}"`;
    await using ground = await indexGround({
      major,
      prepare: async (server) => {
        await server.query('DROP SCHEMA shop CASCADE');
        await server.query(`CREATE DATABASE ${quoted}`);
        await server.query(
          'CREATE TABLE lone (a int); ALTER TABLE lone OWNER TO dba; CREATE INDEX lone_a ON lone (a); GRANT CREATE ON SCHEMA public TO dba',
          database,
        );
      },
    });
    const action = ground.action('drop_unused_index');
    const plan = await ground.plan('drop_unused_index');
    await ground.server.query('INSERT INTO lone VALUES (1)', database);

    const refusals = await action.recheck(plan, operationContext());
    const { series } = await action.counters(plan, operationContext());
    const outcome = await action.apply(plan, actOf(plan), operationContext());

    expect(plan.facts['database']).toBe(database);
    expect(refusals).toEqual([]);
    expect(Object.keys(series)).toHaveLength(1);
    expect(outcome.result).toBe('done');
    expect(await ground.server.query(`SELECT to_regclass('lone_a') AS index`, database)).toEqual([
      { index: null },
    ]);
  });

  it('does nothing when it was interrupted before it began', async () => {
    await using ground = await indexGround({ major });
    const plan = await ground.plan('drop_unused_index');

    const outcome = await ground
      .action('drop_unused_index')
      .apply(plan, actOf(plan), operationContext(AbortSignal.abort()));

    expect(outcome.result).toBe('gave_up');
  });

  it('never finds what something depends on, or what was used', async () => {
    await using ground = await indexGround({ major, sql: kept });

    const found = await ground.subjects('drop_unused_index');

    expect(found).toEqual(['postgres.shop.orders_total']);
  });

  it('counts the statements that touch the table, its views too', async () => {
    await using ground = await indexGround({
      major,
      sql: 'CREATE VIEW shop.dear AS SELECT id FROM shop.orders WHERE total > 500',
    });
    const plan = await ground.plan('drop_unused_index');
    await ground.server.query('SELECT pg_stat_statements_reset()');
    await ground.server.query('SELECT sum(id) FROM shop.orders WHERE total > 7');
    await ground.server.query('SELECT count(*) FROM shop.dear');
    await ground.server.query('SELECT 1 AS elsewhere');

    const { series } = await ground.action('drop_unused_index').counters(plan, operationContext());

    expect(Object.values(series).map(({ count }) => count)).toEqual([1, 1]);
  });

  it('refuses what was used between plan and execution, at the check and at the act', async () => {
    await using ground = await indexGround({ major });
    const plan = await ground.plan('drop_unused_index');
    await use(ground);

    const refusals = await ground.action('drop_unused_index').recheck(plan, operationContext());
    const outcome = await ground.action('drop_unused_index').apply(plan, actOf(plan), operationContext());

    expect(refusals.map(({ id }) => id)).toContain('still_unused');
    expect(outcome.result).toBe('refused');
    expect(outcome.detail).toContain('is 1 now');
    expect((await ground.server.query(definitionSql))[0]?.['valid']).toBe(true);
  });
});

/** One index for each reason to keep it; all are unused. */
const kept = `
  SET ROLE dba;
  CREATE TABLE shop.kept (id int PRIMARY KEY, code int CONSTRAINT kept_code_key UNIQUE, tag int, at int4range, word text, parent int, spare int, EXCLUDE USING gist (at WITH &&));
  CREATE UNIQUE INDEX kept_tag ON shop.kept (tag);
  ALTER TABLE shop.kept ALTER tag SET NOT NULL;
  ALTER TABLE shop.kept REPLICA IDENTITY USING INDEX kept_tag;
  CREATE INDEX kept_word ON shop.kept (lower(word));
  CREATE INDEX kept_clustered ON shop.kept (spare);
  CLUSTER shop.kept USING kept_clustered;
  ALTER TABLE shop.kept ADD FOREIGN KEY (parent) REFERENCES shop.kept (id);
  CREATE INDEX kept_parent ON shop.kept (parent);
  CREATE TABLE shop.parts (id int, day int) PARTITION BY RANGE (day);
  CREATE TABLE shop.part_1 PARTITION OF shop.parts FOR VALUES FROM (0) TO (10);
  CREATE INDEX parts_id ON shop.parts (id);
  CREATE UNLOGGED TABLE shop.quick (id int);
  CREATE INDEX quick_id ON shop.quick (id);
  RESET ROLE;`;

export async function use({ server }: IndexGround): Promise<void> {
  await server.query(
    'SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT total FROM shop.orders WHERE total > 990 ORDER BY total DESC NULLS LAST LIMIT 1',
  );
  await vi.waitFor(
    async () => {
      const [row] = await server.query(
        `SELECT pg_stat_get_numscans('shop.orders_total'::regclass)::int AS scans`,
      );
      expect(row?.['scans']).toBe(1);
    },
    { timeout: 5_000, interval: 50 },
  );
}
