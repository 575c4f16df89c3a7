import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Act, Plan } from '../../../src/sdk.ts';
import type { BigQueryDouble } from '../../../tests/support/bigquery/double.ts';
import { factText } from './place.ts';
import { day, type Ground, makeGround, planned } from './testing/ground.ts';

const id = 'copy_partitioned';
const tib = 1024 ** 4;

function addTables({ tables, inventory }: BigQueryDouble): void {
  inventory.addDataset({ name: 'sales' });
  tables.add({
    dataset: 'sales',
    name: 'orders',
    columns: [
      ['id', 'INT64'],
      ['created', 'TIMESTAMP'],
      ['customer', 'STRING'],
    ],
    rows: [1, 2, 3].map((number) => ({
      id: number,
      created: `2026-11-0${number}T00:00:00Z`,
      customer: `canary-${number}`,
    })),
  });
  for (const [pattern, query, bytes] of [
    [
      'by-day',
      'SELECT id FROM sales.orders WHERE DATE(created) = CAST("2026-11-01" AS DATE) AND customer = "canary-x"',
      3 * tib,
    ],
    ['all', 'SELECT COUNT(*) AS n FROM sales.orders AS o', tib],
  ] as const)
    inventory.addJob({
      creation_time: new Date(Date.now() - 2 * day),
      query,
      total_bytes_processed: bytes,
      total_bytes_billed: bytes,
      query_info: { query_hashes: { normalized_literals: pattern } },
      referenced_tables: [{ project_id: 'double-shop', dataset_id: 'sales', table_id: 'orders' }],
    });
}

describe('copy_partitioned', () => {
  let ground: Ground;
  let plan: Plan;
  let snapshot: Act;
  let copy: Act;

  beforeAll(async () => {
    ground = await makeGround({ prepare: addTables });
    plan = await planned(ground, id);
    const [first, second] = plan.acts;
    if (first === undefined || second === undefined) throw new Error('two acts are missing');
    snapshot = first;
    copy = second;
  });
  afterAll(() => ground?.[Symbol.asyncDispose]());
  beforeEach(() => {
    const { double, evidence } = ground;
    double.faults.clear();
    double.steering.jobError = undefined;
    double.steering.bytesProcessed = undefined;
    double.steering.pendingPolls = 0;
    double.queries.jobs.clear();
    evidence.length = 0;
    for (const { project, dataset, name } of double.tables.inDataset('double-shop', 'sales'))
      if (name !== 'orders') double.tables.remove({ project, dataset, name });
  });

  const find = (part: 'snapshot' | 'copy') =>
    ground.double.tables.find('double-shop', 'sales', factText(plan, part).split('.').at(-1) ?? '');

  it('proposes the layout that its queries ask for, as a script that a person can read', () => {
    expect(plan.title).toBe(
      'copy double-shop.sales.orders partitioned by created, clustered by customer, and validate the copy',
    );
    expect(copy.statement).toBe(
      [
        'CREATE TABLE `double-shop.sales.orders_reeve_copy_0123456789ab` (`id` INT64, `created` TIMESTAMP, `customer` STRING)',
        'PARTITION BY DATE(`created`)',
        'CLUSTER BY `customer`',
        'OPTIONS (labels = [("reeve_run", "r-0123456789ab")])',
        'AS SELECT `id`, `created`, `customer` FROM `double-shop.sales.orders_reeve_before_0123456789ab`',
      ].join('\n'),
    );
    expect(plan.expectation.text).toContain('75 % of the bytes');
    expect(JSON.stringify(plan)).not.toContain('canary');
  });

  it('takes a snapshot, copies it, compares rows and checksums, prices the queries, and is taken back', async () => {
    const action = ground.action(id);
    ground.double.steering.bytesProcessed = (query) => (query.includes('_reeve_copy_') ? 100 : 1_000);

    expect(await action.rehearse(plan, { ...ground.context, minimumImprovement: 0.2 })).toMatchObject({
      verdict: 'simulated',
    });
    expect(await action.recheck(plan, ground.context)).toEqual([]);
    expect(await action.apply(plan, snapshot, ground.acting)).toMatchObject({ result: 'done' });
    expect(await action.apply(plan, copy, ground.acting)).toMatchObject({
      result: 'done',
      detail: expect.stringContaining('has the rows of the snapshot: 3 rows'),
    });
    for (const act of plan.acts)
      expect(await action.inspect(plan, act, ground.context)).toMatchObject({ state: 'done' });
    expect(find('copy')).toMatchObject({
      partitioning: { type: 'DAY', field: 'created' },
      clustering: ['customer'],
      labels: { reeve_run: 'r-0123456789ab', reeve_validated: 'yes' },
    });
    expect(ground.evidence.find(({ kind }) => kind === 'measurement')).toMatchObject({
      body: {
        patterns: [{ pattern: 'by-day', before: 1_000, after: 100 }, { pattern: 'all' }],
        notPriced: 0,
      },
    });
    expect(ground.evidence.find(({ kind }) => kind === 'advice')?.body['script']).toContain('RENAME TO');
    expect(JSON.stringify(ground.evidence)).not.toContain('canary');

    for (const act of plan.acts.toReversed())
      expect(await action.undo(plan, act, ground.acting)).toMatchObject({ result: 'done' });
    expect(ground.double.tables.inDataset('double-shop', 'sales').map(({ name }) => name)).toEqual([
      'orders',
    ]);
  });

  it('goes on after a crash between the copy and its comparison: the labelled copy is found half done', async () => {
    const action = ground.action(id);
    await action.apply(plan, snapshot, ground.acting);
    ground.double.faults.add({ kind: 'reset', on: 'jobs.insert', query: 'BIT_XOR' });
    await expect(action.apply(plan, copy, ground.acting)).rejects.toThrow('no answer');

    expect(await action.inspect(plan, copy, ground.context)).toMatchObject({ state: 'half_applied' });
    ground.double.faults.clear();
    expect(await action.apply(plan, copy, ground.acting)).toMatchObject({ result: 'done' });
    const copies = [...ground.double.queries.jobs.values()].filter(
      ({ statementType }) => statementType === 'CREATE_TABLE_AS_SELECT',
    );
    expect(copies).toHaveLength(1);
  });

  it('waits for the copy that an agent began and died in, and begins no second one', async () => {
    const action = ground.action(id);
    await action.apply(plan, snapshot, ground.acting);
    ground.double.faults.add({ kind: 'reset', on: 'jobs.get', times: 1 });
    ground.double.steering.pendingPolls = 1;
    await expect(action.apply(plan, copy, ground.acting)).rejects.toThrow('no answer');
    expect(find('copy')).toBeUndefined();

    expect(await action.apply(plan, copy, ground.acting)).toMatchObject({ result: 'done' });
    const copies = [...ground.double.queries.jobs.values()].filter(
      ({ statementType }) => statementType === 'CREATE_TABLE_AS_SELECT',
    );
    expect(copies).toHaveLength(1);
  });

  it('fails, keeps nothing and says so when the copy lacks a row', async () => {
    const action = ground.action(id);
    await action.apply(plan, snapshot, ground.acting);
    const base = find('snapshot');
    if (base === undefined) throw new Error('no snapshot');
    ground.double.steering.jobError = (query) => {
      const rows = query.includes('AS SELECT') ? base.rows.slice(1) : base.rows;
      ground.double.tables.put({ ...base, rows });
      return undefined;
    };
    const outcome = await action.apply(plan, copy, ground.acting);

    expect(outcome).toMatchObject({
      result: 'failed',
      detail: expect.stringContaining('differs from the snapshot'),
    });
    expect(await action.inspect(plan, copy, ground.context)).toMatchObject({
      state: 'half_applied',
      detail: expect.stringContaining('not equal'),
    });
    expect(await action.apply(plan, copy, ground.acting)).toMatchObject({ result: 'failed' });
    expect(await action.undo(plan, copy, ground.acting)).toMatchObject({ result: 'done' });
    expect(find('copy')).toBeUndefined();
  });

  it.each([
    ['bytesBilledLimitExceeded', 'refused'],
    ['quotaExceeded', 'gave_up'],
    ['accessDenied', 'refused'],
    ['internalError', 'gave_up'],
  ])('makes nothing when the job fails in the middle by %s', async (reason, result) => {
    const action = ground.action(id);
    await action.apply(plan, snapshot, ground.acting);
    ground.double.steering.jobError = (query) =>
      query.includes('AS SELECT') ? { reason, message: 'half-way' } : undefined;

    expect(await action.apply(plan, copy, ground.acting)).toMatchObject({ result });
    expect(await action.inspect(plan, copy, ground.context)).toMatchObject({ state: 'pending' });
  });

  it('tries again under another job after one that failed', async () => {
    const action = ground.action(id);
    await action.apply(plan, snapshot, ground.acting);
    ground.double.steering.jobError = (query) =>
      query.includes('AS SELECT') ? { reason: 'internalError', message: 'half-way' } : undefined;
    await action.apply(plan, copy, ground.acting);
    ground.double.steering.jobError = undefined;

    expect(await action.apply(plan, copy, ground.acting)).toMatchObject({ result: 'done' });
  });

  it('is billed for no more than was approved', async () => {
    const action = ground.action(id);
    await action.apply(plan, snapshot, ground.acting);
    ground.double.steering.bytesProcessed = () => tib;

    expect(await action.apply(plan, copy, ground.acting)).toMatchObject({
      result: 'refused',
      detail: expect.stringContaining('grew beyond what was approved'),
    });
  });

  it('touches no table of its name that another made', async () => {
    const action = ground.action(id);
    const name = factText(plan, 'copy').split('.').at(-1) ?? '';
    ground.double.tables.add({ dataset: 'sales', name, columns: [['id', 'INT64']] });

    expect(await action.inspect(plan, copy, ground.context)).toMatchObject({ state: 'other' });
    expect(await action.apply(plan, copy, ground.acting)).toMatchObject({ result: 'refused' });
    expect(await action.undo(plan, copy, ground.acting)).toMatchObject({ result: 'refused' });
    expect(ground.double.tables.find('double-shop', 'sales', name)).toBeDefined();
  });

  it('refuses a table with row access policies, and one whose columns changed since', async () => {
    ground.double.rowPolicies.set('sales.orders', ['only_europe']);
    await expect(planned(ground, id)).rejects.toThrow('row access policies');
    expect(await ground.action(id).recheck(plan, ground.context)).toMatchObject([{ id: 'no_row_policies' }]);
    ground.double.rowPolicies.clear();

    const orders = ground.double.tables.get('double-shop', 'sales', 'orders');
    ground.double.tables.put({ ...orders, columns: [...orders.columns, { name: 'more', type: 'STRING' }] });
    expect(await ground.action(id).recheck(plan, ground.context)).toMatchObject([{ id: 'same_columns' }]);
    ground.double.tables.put(orders);
  });

  it('advises with numbers, without literals', async () => {
    const advice = (await ground.operations.advise?.('warehouse', ground.context)) ?? [];

    expect(advice.map(({ title }) => title)).toEqual([
      expect.stringMatching(/^double-shop in us: 2 query patterns were billed for 4\.00 TiB \(25\.00 USD\)/),
      expect.stringMatching(
        /^double-shop\.sales\.orders: partition by DATE\(`created`\) and cluster by customer/,
      ),
    ]);
    expect(JSON.stringify(advice)).not.toContain('canary');
    expect(await ground.operations.advise?.('cache', ground.context)).toEqual([]);
  });
});
