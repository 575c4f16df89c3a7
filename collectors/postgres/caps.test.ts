import { describe, expect, it, vi } from 'vitest';
import { openCollector, samplesOf, valueOf } from '../../tests/support/postgres/collect.ts';
import { startPostgres } from '../../tests/support/postgres/server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe('a list of foreign keys beyond maxRows', () => {
  it('proves no index unused, because the one left out may be what it is for', async () => {
    await using server = await startPostgres({ major: 18 });
    await server.query(
      `CREATE TABLE parent (id int PRIMARY KEY);
       CREATE TABLE first (${[1, 2, 3, 4].map((at) => `c${at} int REFERENCES parent`).join(', ')});
       CREATE TABLE last (parent int REFERENCES parent);
       CREATE INDEX last_parent ON last (parent)`,
    );
    const openWith = (maxRows: number) =>
      openCollector(server.superuserUrl, { maxRows }, undefined, { target: { unusedAfterMs: 1_000 } });
    await using cut = openWith(4);
    await using whole = openWith(5);
    const start = Date.now();
    await cut.read('indexes', start);
    await whole.read('indexes', start);

    const capped = await cut.read('indexes', start + 2_000);
    const complete = await whole.read('indexes', start + 2_000);

    const verdict = (reading: typeof capped) =>
      reading.details['indexes']?.find(({ index }) => index === 'last_parent');
    expect(verdict(complete)).toMatchObject({ verdict: 'kept', reasons: ['only_index_for_foreign_key'] });
    expect(valueOf(complete, 'reeve_postgres_unused_indexes')).toBe(0);
    expect(verdict(capped)).toMatchObject({ verdict: 'unproven', reasons: ['list_truncated'] });
    expect(valueOf(capped, 'reeve_postgres_index_verdicts', 'postgres', 'unused')).toBe(0);
    expect(samplesOf(capped, 'reeve_postgres_unused_indexes')).toEqual([]);
    expect(samplesOf(capped, 'reeve_postgres_unused_index_bytes')).toEqual([]);
    expect(capped.truncatedRows).toBe(1);
  });
});

/** 512 statements of different shapes: plus or minus at nine places. */
const shapes = Array.from({ length: 512 }, (_, nth) => {
  const bits = nth.toString(2).padStart(9, '0');
  return `SELECT 1${bits.replaceAll(/./g, (bit) => (bit === '0' ? '+1' : '-1'))}`;
});

describe('a hundred thousand statements', () => {
  it('are read within the time limits, the costliest ones, and the rest is counted as left out', async () => {
    await using server = await startPostgres({ major: 18, settings: { 'pg_stat_statements.max': '110000' } });
    await server.query('CREATE EXTENSION pg_stat_statements');
    const roles = Array.from({ length: 200 }, (_, nth) => `role_${nth}`);
    await server.query(roles.map((role) => `CREATE ROLE ${role}`).join(';'));
    const run = async (): Promise<void> => {
      const client = await server.connect();
      for (const role of roles) await client.query(`SET ROLE ${role}; ${shapes.join('; ')}`);
      await client.end();
    };
    await run();
    await using collector = openCollector(server.superuserUrl);
    const groups = ['statements', 'top_statements'] as const;
    const start = Date.now();
    await collector.poll(groups, start);
    await run();

    const [statements, top] = await collector.poll(groups, start + 60_000);

    expect(statements).toMatchObject({ state: 'ok', errors: [] });
    expect(statements && valueOf(statements, 'reeve_postgres_statements_tracked')).toBeGreaterThan(100_000);
    expect(statements?.truncatedRows).toBeGreaterThan(90_000);
    expect(
      statements && valueOf(statements, 'reeve_postgres_statement_calls_total', 'postgres'),
    ).toBeGreaterThan(1_000);
    expect(top).toMatchObject({ state: 'ok', errors: [] });
    expect(top?.truncatedRows).toBeGreaterThan(90_000);
    expect(top?.details['statements']).toHaveLength(20);
  });
});

describe('a schema of ten thousand and one hundred indexes', () => {
  it('is read up to maxRows, and what is left out is counted', async () => {
    await using server = await startPostgres({ major: 18 });
    await server.query(
      `DO $$ BEGIN
         FOR t IN 1..202 LOOP
           EXECUTE format('CREATE TABLE t%s (a int)', t);
           FOR i IN 1..50 LOOP EXECUTE format('CREATE INDEX ON t%s (a)', t); END LOOP;
           COMMIT;
         END LOOP;
       END $$`,
    );
    await using collector = openCollector(server.superuserUrl);

    const [indexes, relations] = await collector.poll(['indexes', 'relations']);

    expect(indexes).toMatchObject({ state: 'ok', errors: [], truncatedRows: 100 });
    expect(indexes?.details['indexes']).toHaveLength(10_000);
    expect(indexes && samplesOf(indexes, 'reeve_postgres_unused_indexes')).toEqual([]);
    expect(relations && valueOf(relations, 'reeve_postgres_relations', 'postgres', 'index')).toBe(10_100);
  });
});
