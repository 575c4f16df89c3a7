import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Plan } from '../../../../src/sdk.ts';
import { operationContext } from '../../../../tests/support/postgres/operations-input.ts';
import { newIndexFacts } from './index-facts.ts';
import {
  actionOn,
  actOf,
  candidateFor,
  indexesOf,
  planOf,
  type QueryGround,
  queryGround,
  slow,
} from './testing/ground.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

describe('an index that is built', () => {
  let ground: QueryGround;
  beforeAll(async () => {
    ground = await queryGround(16);
  });
  beforeEach(async () => {
    await ground.target.query('SELECT pg_stat_statements_reset()');
    await ground.work(slow, 10);
  });
  afterAll(() => ground[Symbol.asyncDispose]());

  async function planned(columns = 'customer_id, seen_at'): Promise<Plan> {
    return planOf(await ground.plan(await candidateFor(ground, columns)));
  }

  it('leaves something else of the same name alone', async () => {
    const plan = await planned();
    const name = newIndexFacts(plan.facts).index;
    await ground.target.query(`CREATE INDEX "${name}" ON shop.visits (note)`);
    try {
      expect(await ground.action.inspect(plan, actOf(plan), operationContext())).toMatchObject({
        state: 'other',
      });
      expect(await ground.action.apply(plan, actOf(plan), operationContext())).toMatchObject({
        result: 'refused',
      });
      expect(await ground.action.undo(plan, actOf(plan), operationContext())).toMatchObject({
        result: 'refused',
      });
      expect(await indexesOf(ground.target)).toEqual([{ relname: name, indisvalid: true }]);
    } finally {
      await ground.target.query(`DROP INDEX shop."${name}"`);
    }
  });

  it('leaves alone what takes its name while it waits to be dropped', async () => {
    const plan = await planned();
    const name = newIndexFacts(plan.facts).index;
    await ground.action.apply(plan, actOf(plan), operationContext());
    const holder = await ground.target.connect();
    await holder.query('BEGIN; SELECT count(*) FROM shop.visits');
    const undone = ground.action.undo(plan, actOf(plan), operationContext());
    await vi.waitFor(
      async () => expect(await indexesOf(ground.target)).toMatchObject([{ indisvalid: false }]),
      {
        timeout: 30_000,
      },
    );
    await vi.waitFor(
      () =>
        ground.target.query(
          `SET lock_timeout = '3s'; ALTER INDEX shop."${name}" RENAME TO renamed; CREATE INDEX "${name}" ON shop.visits (note)`,
        ),
      { timeout: 30_000 },
    );
    await holder.query('ROLLBACK');
    await holder.end();

    expect((await undone).result).toBe('half_applied');
    expect(await indexesOf(ground.target)).toContainEqual({ relname: name, indisvalid: true });
    await ground.target.query(`DROP INDEX shop."${name}"; DROP INDEX shop.renamed`);
  });

  it.each(['interrupted', 'terminated', 'cancelled'] as const)(
    'is half applied or gone when its build is %s, and taken back',
    async (how) => {
      const plan = await planned();
      const stop = new AbortController();
      const blocker = await ground.target.connect();
      await blocker.query('BEGIN; INSERT INTO shop.visits VALUES (-1, 1, $$open$$, now())');
      const outcome = ground.action.apply(plan, actOf(plan), operationContext(stop.signal));
      await vi.waitFor(async () => expect(await indexesOf(ground.target)).toHaveLength(1), {
        timeout: 30_000,
      });

      if (how === 'interrupted') stop.abort(new Error('stopped'));
      else {
        const end = how === 'terminated' ? 'pg_terminate_backend' : 'pg_cancel_backend';
        await ground.target.query(
          `SELECT ${end}(pid) FROM pg_stat_activity WHERE application_name LIKE 'reeve/test run=%' AND query LIKE 'CREATE INDEX%'`,
        );
      }
      // What a cancelled build leaves is dropped at once, where nothing stands in the way.
      if (how === 'cancelled') await blocker.query('ROLLBACK');
      const { result } = await outcome;
      await blocker.query('ROLLBACK');
      await blocker.end();
      const inspection = await ground.action.inspect(plan, actOf(plan), operationContext());
      const undone = await ground.action.undo(plan, actOf(plan), operationContext());

      expect([result, inspection.state]).toEqual(
        how === 'cancelled' ? ['gave_up', 'pending'] : ['half_applied', 'half_applied'],
      );
      expect(['done', 'already']).toContain(undone.result);
      expect(await indexesOf(ground.target)).toEqual([]);
    },
  );

  it('is built anew where an interrupted build left it invalid', async () => {
    const plan = await planned();
    const stop = new AbortController();
    const blocker = await ground.target.connect();
    await blocker.query('BEGIN; INSERT INTO shop.visits VALUES (-1, 1, $$open$$, now())');
    const outcome = ground.action.apply(plan, actOf(plan), operationContext(stop.signal));
    await vi.waitFor(async () => expect(await indexesOf(ground.target)).toHaveLength(1), { timeout: 30_000 });
    stop.abort(new Error('stopped'));
    await outcome;
    await blocker.query('ROLLBACK');
    await blocker.end();

    const again = await ground.action.apply(plan, actOf(plan), operationContext());

    expect(again).toMatchObject({ result: 'done' });
    expect(await indexesOf(ground.target)).toMatchObject([{ indisvalid: true }]);
    expect(await ground.action.undo(plan, actOf(plan), operationContext())).toMatchObject({ result: 'done' });
  });

  it('gives way when somebody waits behind its build, and leaves nothing', async () => {
    const plan = await planned();
    const blocker = await ground.target.connect();
    const waiting = await ground.target.connect();
    await blocker.query('BEGIN; INSERT INTO shop.visits VALUES (-1, 1, $$open$$, now())');
    const outcome = ground.action.apply(plan, actOf(plan), operationContext());
    await vi.waitFor(async () => expect(await indexesOf(ground.target)).toHaveLength(1), { timeout: 30_000 });

    const altered = waiting.query('ALTER TABLE shop.visits ALTER note SET STATISTICS 50');
    const building = 'SELECT 1 FROM pg_stat_progress_create_index';
    await vi.waitFor(async () => expect(await ground.target.query(building)).toEqual([]), {
      timeout: 10_000,
    });
    await blocker.query('ROLLBACK');
    await altered;
    await Promise.all([blocker.end(), waiting.end()]);

    const { result, detail } = await outcome;
    expect(result).toBe('gave_up');
    expect(detail).toContain('waited behind it');
    expect(await indexesOf(ground.target)).toEqual([]);
  });

  it('is quoted right whatever the names are', async () => {
    const table = `vis"its; DROP TABLE x; --'ü`;
    const column = `se"lect 'é`;
    const quoted = `"${table.replaceAll('"', '""')}"`;
    const quotedColumn = `"${column.replaceAll('"', '""')}"`;
    for (const server of [ground.target, ground.rehearsal]) {
      await server.query(`CREATE TABLE shop.${quoted} AS SELECT id, customer_id AS ${quotedColumn} FROM shop.visits;
                          ALTER TABLE shop.${quoted} OWNER TO dba; ANALYZE shop.${quoted}`);
    }
    await ground.work(`SELECT id FROM shop.${quoted} WHERE ${quotedColumn} = 7`, 40);
    const plan = await planned(column);

    const rehearsal = await ground.rehearsalAction.rehearse(plan, operationContext());
    const applied = await ground.action.apply(plan, actOf(plan), operationContext());

    expect(rehearsal.verdict).toBe('passed');
    expect(applied.result).toBe('done');
    expect(await indexesOf(ground.target, table)).toMatchObject([{ indisvalid: true }]);
    expect(await ground.action.undo(plan, actOf(plan), operationContext())).toMatchObject({ result: 'done' });
  });

  it('is not rehearsed without a login that acts', async () => {
    const plan = await planned();

    const rehearsal = await actionOn(ground.rehearsal, 'orders-dev', false).rehearse(
      plan,
      operationContext(),
    );

    expect(rehearsal).toMatchObject({ verdict: 'not_possible' });
    expect(rehearsal.text).toContain('remediation.credentials');
  });
});
