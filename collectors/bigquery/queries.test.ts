import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BigQueryDouble, startBigQueryDouble } from '../../tests/support/bigquery/double.ts';
import { parseType } from '../../tests/support/bigquery/sql/types.ts';
import { evaluateBoth } from '../../tests/support/googlesql/agreement.ts';
import { type GoogleSqlAnalyser, startGoogleSqlAnalyser } from '../../tests/support/googlesql/analyser.ts';
import { allQueries as collecting, pipelineQueries } from './queries/all.ts';
import { jobDurationsQuery } from './queries/job-durations.ts';
import { usageByQueries } from './queries/usage-by.ts';
import { fillDouble } from './testing/fill-double.ts';

const allQueries = [...collecting, ...pipelineQueries];

/** Google's own analyser against the columns that the documentation of INFORMATION_SCHEMA lists. It runs nothing. */

const scopes = [
  { project: 'double-shop', region: 'us' },
  { project: 'double-shop', region: 'europe-west1' },
];

const now = Date.parse('2026-11-23T12:34:56Z');
const micros = (hoursAgo: number): number => (now - hoursAgo * 3_600_000) * 1_000;

/** Values of all the parameters that queries have. */
const values: Readonly<Record<string, unknown>> = {
  from: micros(20 * 24),
  since: micros(6),
  month: micros(10 * 24),
  day: micros(24),
  to: micros(0),
  limit: 5,
  key: 'team',
  project: 'double-shop',
  dataset: 'sales',
  table: 'orders',
  tables: ['sales.orders', 'sales.events', 'sales.guarded'],
};

// The reference implementation does not have APPROX_QUANTILES: the tests of the double alone stand for job-durations.
const evaluable = allQueries.filter(({ name }) => name !== jobDurationsQuery.name);

describe('queries', () => {
  let analyser: GoogleSqlAnalyser;

  beforeAll(async () => {
    analyser = await startGoogleSqlAnalyser();
  }, 60_000);
  afterAll(() => analyser?.close());

  it.each(allQueries)('$name is GoogleSQL over documented columns', async (query) => {
    for (const scope of scopes) {
      expect(await analyser.analyse(query.sql(scope), query.parameters)).toEqual({ ok: true });
    }
  });

  describe('over the rows of the double', () => {
    let double: BigQueryDouble;

    beforeAll(async () => {
      double = await startBigQueryDouble({ projects: ['double-shop'] });
      fillDouble(double, now);
      double.inventory.addJob({ creation_time: new Date(now - 3_600_000), total_bytes_billed: null });
      double.inventory.addJob({
        creation_time: new Date(now - 3_600_000),
        job_type: 'LOAD',
        statement_type: null,
        destination_table: { project_id: 'double-shop', dataset_id: 'sales', table_id: 'events' },
      });
      const guarded = {
        dataset: 'sales',
        name: 'guarded',
        partitionedBy: 'at',
        requirePartitionFilter: true,
      };
      double.inventory.addTable(guarded);
    });
    afterAll(() => double?.close());

    it.each(evaluable)(
      "$name gives what Google's reference implementation gives",
      async ({ sql, parameters }) => {
        const typed = new Map(
          Object.entries(parameters).map(([name, type]) => [
            name,
            { type: parseType(type), value: values[name] },
          ]),
        );

        const answers = await evaluateBoth({
          analyser,
          estate: double.estate,
          place: { project: 'double-shop', region: 'us' },
          sql: sql({ project: 'double-shop', region: 'us' }),
          parameters: typed,
          nowMs: now,
        });

        expect(answers.double).toEqual(answers.reference);
        expect(answers.double).not.toEqual([]);
      },
      20_000,
    );
  });

  it('counts nothing of the month before, though the last day began in it', async () => {
    await using double = await startBigQueryDouble({ projects: ['double-shop'] });
    for (const [hours, bytes] of [
      [20, 8],
      [4, 1],
    ] as const)
      double.inventory.addJob({
        creation_time: new Date(now - hours * 3_600_000),
        total_bytes_billed: bytes,
      });
    const { sql, parameters } = usageByQueries.user;
    const timestamp = parseType('TIMESTAMP');
    const typed = new Map([
      ['from', { type: timestamp, value: micros(24) }],
      ['month', { type: timestamp, value: micros(10) }],
      ['day', { type: timestamp, value: micros(24) }],
      ['to', { type: timestamp, value: micros(0) }],
      ['limit', { type: parseType('INT64'), value: 5 }],
    ]);

    const { double: rows } = await evaluateBoth({
      analyser,
      estate: double.estate,
      place: { project: 'double-shop', region: 'us' },
      sql: sql({ project: 'double-shop', region: 'us' }),
      parameters: typed,
      nowMs: now,
    });

    expect(Object.keys(parameters)).toEqual(['from', 'to', 'month', 'day', 'limit']);
    expect(rows).toMatchObject([['analyst@double.test', '', 2, 1, 9, 1_000, 2_000, 1]]);
  });

  it('finds a column that is not there', async () => {
    const [query] = allQueries;
    const sql = query
      ?.sql({ project: 'double-shop', region: 'us' })
      .replaceAll('total_bytes_billed', 'total_byte_billed');

    expect(await analyser.analyse(sql ?? '', query?.parameters)).toMatchObject({
      ok: false,
      message: expect.stringContaining('total_byte_billed'),
    });
  });

  it.each(allQueries)('$name names each view that it counts for its price', ({ sql, views }) => {
    const named = sql({ project: 'double-shop', region: 'us' }).match(/INFORMATION_SCHEMA\.\w+/g) ?? [];

    expect(named).toEqual(views.map((view) => `INFORMATION_SCHEMA.${view}`));
  });

  it('takes nothing into its text but a project and a region that were checked', () => {
    for (const { sql } of allQueries)
      expect(
        sql({ project: 'double-shop', region: 'us' })
          .match(/`[^`]*`/g)
          ?.every((path) => path.startsWith('`double-shop.region-us.')),
      ).toBe(true);
  });
});
