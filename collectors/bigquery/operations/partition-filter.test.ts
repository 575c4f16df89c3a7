import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BigQueryDouble } from '../../../tests/support/bigquery/double.ts';
import { actingAccount, day, type Ground, makeGround, planned, readingAccount } from './testing/ground.ts';

const id = 'require_partition_filter';
const subject = 'double-shop.sales.events';

function addTables({ tables, inventory }: BigQueryDouble): void {
  inventory.addDataset({ name: 'sales' });
  tables.add({
    dataset: 'sales',
    name: 'events',
    columns: [
      ['at', 'TIMESTAMP'],
      ['user', 'STRING'],
    ],
    rows: [{ at: '2026-11-01T00:00:00Z', user: 'canary-user' }],
    partitionedBy: 'at',
    bytes: 5 * 1024 ** 3,
  });
}

function addQuery({ inventory }: BigQueryDouble, pattern: string, query: string, more: object = {}): void {
  inventory.addJob({
    creation_time: new Date(Date.now() - 2 * day),
    query,
    total_bytes_processed: 1024 ** 3,
    total_bytes_billed: 1024 ** 3,
    query_info: { query_hashes: { normalized_literals: pattern } },
    referenced_tables: [{ project_id: 'double-shop', dataset_id: 'sales', table_id: 'events' }],
    ...more,
  });
}

describe('require_partition_filter', () => {
  let ground: Ground;

  beforeAll(async () => {
    ground = await makeGround({
      prepare: (double) => {
        addTables(double);
        addQuery(
          double,
          'filtered',
          'SELECT user FROM sales.events WHERE at > "2026-11-01" AND user = "canary-literal"',
        );
      },
    });
  });
  afterAll(() => ground?.[Symbol.asyncDispose]());
  beforeEach(() => {
    ground.evidence.length = 0;
    ground.double.faults.clear();
    const table = ground.double.tables.get('double-shop', 'sales', 'events');
    ground.double.tables.put({ ...table, requirePartitionFilter: false });
  });

  it('is planned, simulated, applied with the etag that was read, seen in the catalogue and taken back', async () => {
    const action = ground.action(id);
    const plan = await planned(ground, id);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');

    expect(plan).toMatchObject({ subject, expectation: { kind: 'in_force' }, exclusive: [subject] });
    expect(act).toMatchObject({
      undoKind: 'immediate',
      undo: [expect.stringContaining('"requirePartitionFilter":false')],
    });
    expect(await action.rehearse(plan, { ...ground.context, minimumImprovement: 0.2 })).toMatchObject({
      verdict: 'simulated',
      on: '',
      figures: { patterns: 1, jobs: 1, wouldFail: 0 },
    });
    expect(await action.recheck(plan, ground.context)).toEqual([]);
    expect(await action.inspect(plan, act, ground.context)).toMatchObject({ state: 'pending' });

    expect(await action.apply(plan, act, ground.acting)).toMatchObject({ result: 'done' });
    expect(await action.inspect(plan, act, ground.context)).toMatchObject({ state: 'done' });
    expect(await action.apply(plan, act, ground.acting)).toMatchObject({ result: 'already' });

    expect(await action.undo(plan, act, ground.acting)).toMatchObject({ result: 'done' });
    expect(await action.undo(plan, act, ground.acting)).toMatchObject({ result: 'already' });
    expect(await action.inspect(plan, act, ground.context)).toMatchObject({ state: 'pending' });
    expect(JSON.stringify([plan, ground.evidence])).not.toContain('canary');
  });

  it('gives way when somebody changes the table between its look and its change', async () => {
    const plan = await planned(ground, id);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');
    const { tables } = ground.double;
    const acting = {
      ...ground.acting,
      assertHeld: async () => {
        const table = tables.get('double-shop', 'sales', 'events');
        tables.put({ ...table, description: `changed ${table.description ?? ''}` });
      },
    };

    expect(await ground.action(id).apply(plan, act, acting)).toMatchObject({
      result: 'gave_up',
      detail: expect.stringContaining('conditionNotMet'),
    });
    expect(tables.get('double-shop', 'sales', 'events').requirePartitionFilter).toBe(false);
  });

  it.each([
    ['accessDenied', 'refused'],
    ['quotaExceeded', 'gave_up'],
    ['rateLimitExceeded', 'gave_up'],
  ] as const)('does nothing when BigQuery answers %s', async (kind, result) => {
    const plan = await planned(ground, id);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');
    ground.double.faults.add({ kind, on: 'tables.patch' });

    expect(await ground.action(id).apply(plan, act, ground.acting)).toMatchObject({ result });
    expect(await ground.action(id).inspect(plan, act, ground.context)).toMatchObject({ state: 'pending' });
  });

  it('knows nothing when no answer comes, and throws', async () => {
    const plan = await planned(ground, id);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');
    ground.double.faults.add({ kind: 'reset', on: 'tables.patch' });

    await expect(ground.action(id).apply(plan, act, ground.acting)).rejects.toThrow('no answer');
  });

  it('does nothing once the lease is lost', async () => {
    const plan = await planned(ground, id);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');
    const acting = { ...ground.acting, assertHeld: () => Promise.reject(new Error('the lease is lost')) };

    await expect(ground.action(id).apply(plan, act, acting)).rejects.toThrow('lease');
    expect(await ground.action(id).inspect(plan, act, ground.context)).toMatchObject({ state: 'pending' });
  });

  it('touches no other table of the name', async () => {
    const plan = await planned(ground, id);
    const [act] = plan.acts;
    if (act === undefined) throw new Error('no act');
    const { tables } = ground.double;
    const table = tables.get('double-shop', 'sales', 'events');
    tables.put({ ...table, creationMs: table.creationMs + 1 });

    expect(await ground.action(id).inspect(plan, act, ground.context)).toMatchObject({ state: 'other' });
    expect(await ground.action(id).apply(plan, act, ground.acting)).toMatchObject({ result: 'refused' });
    expect(await ground.action(id).recheck(plan, ground.context)).toMatchObject([{ id: 'same_table' }]);
    tables.put(table);
  });

  it('checks that the one login can act and the other cannot', async () => {
    const { double, operations, context } = ground;

    double.permit(actingAccount, ['bigquery.tables.get', 'bigquery.tables.getData']);
    double.permit(readingAccount, ['bigquery.tables.get']);
    const lacking = await operations.check(context.signal);
    double.permit(actingAccount, [
      'bigquery.tables.get',
      'bigquery.tables.getData',
      'bigquery.tables.update',
      'bigquery.tables.delete',
      'bigquery.tables.createSnapshot',
    ]);
    const good = await operations.check(context.signal);
    double.permit(readingAccount, ['bigquery.tables.update']);
    const loose = await operations.check(context.signal);

    expect(lacking).toMatchObject([
      { severity: 'blind', message: expect.stringContaining('bigquery.tables.update') },
    ]);
    expect(good).toEqual([]);
    expect(loose).toMatchObject([
      { severity: 'advice', message: expect.stringContaining('collecting login could change') },
    ]);
    expect(await operations.identify(context.signal)).toEqual({
      endpoint: new URL(double.url).host,
      project: 'double-shop',
      projects: 'double-shop',
      regions: 'us',
      account: actingAccount,
    });
  });

  // Last: these queries stay.
  it.each([
    ['SELECT COUNT(*) FROM sales.events', 'no filter on at'],
    ['SELECT user FROM reports.of_events WHERE at > @a', 'a view?'],
  ])('refuses while "%s" would fail, and names it', async (query, reason) => {
    addQuery(ground.double, 'nightly', query, { user_email: 'nina@double.test' });

    await expect(planned(ground, id)).rejects.toThrow(reason);
    await expect(planned(ground, id)).rejects.toThrow('nightly of nina@double.test');
  });

  it('refuses an approved plan when such a query ran meanwhile', async () => {
    ground.double.estate.clear('JOBS');
    addQuery(ground.double, 'filtered', 'SELECT user FROM sales.events WHERE at > "2026-11-01"');
    const plan = await planned(ground, id);
    addQuery(ground.double, 'late', 'SELECT user FROM sales.events');

    expect(await ground.action(id).recheck(plan, ground.context)).toMatchObject([
      { id: 'queries_would_fail' },
    ]);
    expect(
      await ground.action(id).rehearse(plan, { ...ground.context, minimumImprovement: 0.2 }),
    ).toMatchObject({
      verdict: 'failed',
    });
  });
});
