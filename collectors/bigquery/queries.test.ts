import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GoogleSqlAnalyser, startGoogleSqlAnalyser } from '../../tests/support/googlesql/analyser.ts';
import { allQueries } from './queries/all.ts';

/** Google's own analyser against the columns that the documentation of INFORMATION_SCHEMA lists. It runs nothing. */

const scopes = [
  { project: 'double-shop', region: 'us' },
  { project: 'double-shop', region: 'europe-west1' },
];

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
