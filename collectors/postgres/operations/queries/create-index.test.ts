import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isRefusal, type Plan } from '../../../../src/sdk.ts';
import { operationContext } from '../../../../tests/support/postgres/operations-input.ts';
import { newIndexFacts } from './index-facts.ts';
import {
  actOf,
  canary,
  candidateFor,
  indexesOf,
  planOf,
  type QueryGround,
  queryGround,
  slow,
} from './testing/ground.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

describe.each([13, 16, 18] as const)('an index for a slow statement on PostgreSQL %i', (major) => {
  it('is found, planned, proven with measured gain, built, and taken back', async () => {
    await using ground = await queryGround(major);
    await ground.work(slow);
    const scansBefore = await ground.target.query('SELECT sum(idx_scan) AS scans FROM pg_stat_user_indexes');
    const context = operationContext();

    const candidate = await candidateFor(ground, 'customer_id, seen_at');
    const draft = await ground.plan(candidate);
    const scansAfter = await ground.target.query('SELECT sum(idx_scan) AS scans FROM pg_stat_user_indexes');
    const rehearsal = await ground.rehearsalAction.rehearse(draft, context);
    const plan = planOf(draft, rehearsal);
    const act = actOf(plan);
    const { action } = ground;
    const before = await action.counters(plan, context);

    expect(scansAfter).toEqual(scansBefore);
    expect(rehearsal).toMatchObject({
      on: 'orders-dev',
      verdict: 'passed',
      rows: { 'postgres.shop.visits': { target: 40_000, rehearsal: 40_000 } },
      figures: { statements: [{ results: 'same' }] },
    });
    expect(rehearsal.figures['savedShare']).toBeGreaterThan(0.5);
    expect(await indexesOf(ground.rehearsal)).toEqual([]);
    expect(context.kept.map(({ kind }) => kind)).toEqual(['explain', 'explain', 'measurement']);
    expect(JSON.stringify([candidate, draft, rehearsal, context.kept])).not.toContain(canary);

    expect(await action.recheck(plan, context)).toEqual([]);
    expect(await action.inspect(plan, act, context)).toMatchObject({ state: 'pending' });
    expect(await action.apply(plan, act, context)).toMatchObject({ result: 'done' });
    expect(await action.apply(plan, act, context)).toMatchObject({ result: 'already' });
    expect(await action.inspect(plan, act, context)).toMatchObject({ state: 'done' });
    await ground.work(slow, 20);
    const after = await action.counters(plan, context);
    const [series] = Object.keys(before.series);
    const first = before.series[series ?? ''];
    const second = after.series[series ?? ''];
    expect(second?.count).toBe((first?.count ?? 0) + 20);
    expect(((second?.sum ?? 0) - (first?.sum ?? 0)) / 20).toBeLessThan(
      ((first?.sum ?? 0) / (first?.count ?? 1)) * 0.5,
    );

    expect(await action.undo(plan, act, context)).toMatchObject({ result: 'done' });
    expect(await action.undo(plan, act, context)).toMatchObject({ result: 'already' });
    expect(await indexesOf(ground.target)).toEqual([]);
  });
});

describe('an index that is proposed', () => {
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

  it('is not passed by its rehearsal when the planner does not use it', async () => {
    await ground.work(`SELECT id FROM shop.visits WHERE note = '${canary}'`, 10);

    const rehearsal = await ground.rehearsalAction.rehearse(await planned('note'), operationContext());

    expect(rehearsal).toMatchObject({ verdict: 'failed', figures: { savedShare: expect.any(Number) } });
    expect(rehearsal.text).toContain('the planner does not use the index');
    expect(await indexesOf(ground.rehearsal)).toEqual([]);
  });

  it('is rehearsed with values that give about as many rows as on the target', async () => {
    await ground.work(`SELECT id, note FROM shop.visits WHERE state = 'closed'`, 10);

    const rehearsal = await ground.rehearsalAction.rehearse(await planned('state'), operationContext());

    // With the rare value of the column it would have been a gain.
    expect(rehearsal.verdict).toBe('failed');
  });

  it('is not passed when it saves less than is asked for', async () => {
    const context = { ...operationContext(), minimumImprovement: 0.9999 };

    const rehearsal = await ground.rehearsalAction.rehearse(await planned(), context);

    expect(rehearsal).toMatchObject({ verdict: 'failed' });
    expect(rehearsal.text).toContain('at least 100.0 % is asked for');
  });

  it('is not passed when the test of its user fails while the index is there', async () => {
    const seen: unknown[] = [];
    const whileChanged = async (): Promise<void> => {
      seen.push(...(await indexesOf(ground.rehearsal)));
      throw new Error('the test command ended with 1');
    };

    const rehearsal = await ground.rehearsalAction.rehearse(await planned(), {
      ...operationContext(),
      whileChanged,
    });

    expect(seen).toMatchObject([{ indisvalid: true }]);
    expect(rehearsal).toMatchObject({ verdict: 'failed' });
    expect(rehearsal.text).toContain('the test command ended with 1');
    expect(await indexesOf(ground.rehearsal)).toEqual([]);
  });

  it('leaves the data of the rehearsal target alone when its statement writes', async () => {
    await ground.work(
      'UPDATE shop.visits SET note = repeat($$y$$, 60) WHERE customer_id = 5 AND state = $$open$$',
      10,
    );
    const sum = 'SELECT md5(string_agg(v::text, $$,$$ ORDER BY id)) AS sum FROM shop.visits v';
    const before = await ground.rehearsal.query(sum);

    const plan = await planned('customer_id, state');
    const rehearsal = await ground.rehearsalAction.rehearse(plan, operationContext());

    expect(rehearsal.verdict).toBe('passed');
    expect(rehearsal.figures['statements']).toContainEqual(
      expect.objectContaining({ results: 'not compared' }),
    );
    expect(await ground.rehearsal.query(sum)).toEqual(before);
  });

  it('is dropped on the rehearsal target when the rehearsal is interrupted, also by the next one', async () => {
    const plan = await planned();
    const stop = new AbortController();
    const blocker = await ground.rehearsal.connect();
    await blocker.query('BEGIN; SELECT count(*) FROM shop.visits');
    await blocker.query('SELECT txid_current()');
    const rehearsal = ground.rehearsalAction.rehearse(plan, operationContext(stop.signal));
    const ended = rehearsal.catch((thrown: unknown) => thrown);
    await vi.waitFor(async () => expect(await indexesOf(ground.rehearsal)).toHaveLength(1), {
      timeout: 30_000,
    });

    stop.abort(new Error('stopped'));
    await blocker.query('ROLLBACK');
    await blocker.end();

    expect(await ended).toBeInstanceOf(Error);
    expect(await indexesOf(ground.rehearsal)).toEqual([]);
  });

  it('is dropped by another session when the one of the rehearsal is cut', async () => {
    const whileChanged = async (): Promise<void> => {
      await ground.rehearsal.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE '% run=%'`,
      );
    };

    await ground.rehearsalAction.rehearse(await planned(), { ...operationContext(), whileChanged });

    expect(await indexesOf(ground.rehearsal)).toEqual([]);
  });

  it('is not rehearsed where the table has too few rows, or where the target itself would do it', async () => {
    const plan = await planned();
    const facts = { ...plan.facts, tableRows: 4_000_000 };

    const small = await ground.rehearsalAction.rehearse({ ...plan, facts }, operationContext());
    const itself = await ground.action.rehearse(plan, operationContext());

    expect(small).toMatchObject({ verdict: 'not_possible' });
    expect(small.text).toContain('has 40000 rows there and 4000000 on the target');
    expect(itself).toMatchObject({ verdict: 'not_possible' });
    expect(itself.text).toContain('the very server that the plan is for');
  });

  it('is refused when another index does the same by now', async () => {
    const plan = await planned();
    await ground.target.query('CREATE INDEX by_hand ON shop.visits (customer_id, seen_at, id)');
    try {
      expect(await ground.action.recheck(plan, operationContext())).toMatchObject([{ id: 'index_absent' }]);
      expect(await ground.action.apply(plan, actOf(plan), operationContext())).toMatchObject({
        result: 'refused',
      });
      const { title, action, subject, facts } = plan;
      const again = await ground.action.plan({ title, action, subject, facts }, operationContext());
      expect(isRefusal(again)).toBe(true);
    } finally {
      await ground.target.query('DROP INDEX shop.by_hand');
    }
  });

  it('is refused when the statements became fast, the table was made anew, or the server is another one', async () => {
    const plan = await planned();
    const elsewhere = { ...plan, identity: { ...plan.identity, systemIdentifier: '1' } };
    const renewed = { ...plan, facts: { ...plan.facts, tableOid: '1' } };
    const facts = newIndexFacts(plan.facts);
    // As if they had taken 1,000 s, and as if none of their calls had been counted then.
    const statements = facts.statements.map((each) => ({
      ...each,
      seconds: 1_000,
      total: { calls: 0, seconds: 0 },
    }));
    const faster = { ...plan, facts: { ...facts, statements } };

    expect(await ground.action.apply(elsewhere, actOf(plan), operationContext())).toMatchObject({
      result: 'refused',
    });
    expect(await ground.action.recheck(renewed, operationContext())).toMatchObject([{ id: 'table_there' }]);
    expect(await ground.action.recheck(faster, operationContext())).toMatchObject([
      { id: 'statements_still_cost' },
    ]);
    expect(await indexesOf(ground.target)).toEqual([]);
  });
});
