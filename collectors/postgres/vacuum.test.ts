import { describe, expect, it, vi } from 'vitest';
import { openCollector, samplesOf, valueOf } from '../../tests/support/postgres/collect.ts';
import { startPostgres } from '../../tests/support/postgres/server.ts';

vi.setConfig({ testTimeout: 60_000 });

describe.each([13, 18] as const)('readVacuum on PostgreSQL %i', (major) => {
  it("counts the tables that are due by their own thresholds, in autovacuum's terms", async () => {
    await using server = await startPostgres({ major, settings: { autovacuum: 'off' } });
    await server.query(`
      CREATE ROLE reeve LOGIN IN ROLE pg_monitor;
      CREATE TABLE usual (id int);
      CREATE TABLE patient (id int) WITH (autovacuum_vacuum_threshold = 100000);
      CREATE TABLE eager (id int) WITH (autovacuum_vacuum_threshold = 5, autovacuum_vacuum_scale_factor = 0);
      CREATE TABLE "switched ""off""" (id int) WITH (autovacuum_enabled = off);
      INSERT INTO usual SELECT generate_series(1, 1000);
      INSERT INTO patient SELECT generate_series(1, 1000);
      INSERT INTO eager SELECT generate_series(1, 10);
      INSERT INTO "switched ""off""" SELECT generate_series(1, 1000)`);
    await server.query('VACUUM ANALYZE usual');
    await server.query('DELETE FROM usual WHERE id <= 600; DELETE FROM patient; DELETE FROM eager');
    await server.query('DELETE FROM "switched ""off"""');
    await using collector = openCollector(server.url('postgres', 'reeve'));

    const reading = await vi.waitFor(
      async () => {
        const seen = await collector.read('vacuum');
        expect(valueOf(seen, 'reeve_postgres_dead_rows', 'postgres')).toBeGreaterThanOrEqual(2_610);
        return seen;
      },
      { timeout: 10_000 },
    );

    expect(valueOf(reading, 'reeve_postgres_vacuum_due_tables', 'postgres')).toBe(3);
    expect(valueOf(reading, 'reeve_postgres_vacuum_due_age_seconds', 'postgres')).toBeGreaterThan(0);
    expect(valueOf(reading, 'reeve_postgres_autovacuum_disabled_tables', 'postgres')).toBe(1);
    expect(reading.details['vacuum']).toMatchObject([
      { table: 'public.switched "off"', deadRows: 1_000, autovacuum: false, lastVacuumSeconds: null },
      { table: 'public.usual', deadRows: 600, threshold: 250 },
      { table: 'public.eager', deadRows: 10, threshold: 5 },
    ]);
  });

  it('says nothing about age when no table that is due was ever vacuumed', async () => {
    await using server = await startPostgres({ major, settings: { autovacuum: 'off' } });
    await server.query('CREATE ROLE reeve LOGIN IN ROLE pg_monitor; CREATE TABLE t (id int)');
    await server.query('INSERT INTO t SELECT generate_series(1, 1000); DELETE FROM t');
    await using collector = openCollector(server.url('postgres', 'reeve'));

    const reading = await vi.waitFor(
      async () => {
        const seen = await collector.read('vacuum');
        expect(valueOf(seen, 'reeve_postgres_vacuum_due_tables', 'postgres')).toBe(1);
        return seen;
      },
      { timeout: 10_000 },
    );

    expect(samplesOf(reading, 'reeve_postgres_vacuum_due_age_seconds')).toEqual([]);
  });
});
