import { describe, expect, it, vi } from 'vitest';
import { openCollector, samplesOf, valueOf } from '../../tests/support/postgres/collect.ts';
import { startPostgres } from '../../tests/support/postgres/server.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';
import { windowOf } from './groups.ts';
import { HitRatioWatch } from './hit-ratios.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const minute = 60_000;

describe('HitRatioWatch', () => {
  const at = (
    minutes: number,
    hit: number,
    fetched: number,
    change: { epoch?: string; lost?: boolean } = {},
  ) => ({
    atMs: minutes * minute,
    counters: { indexHit: hit, indexFetched: fetched, tableHit: 0, tableFetched: 0 },
    epoch: change.epoch ?? '',
    lostRelations: change.lost ?? false,
  });

  it('gives the ratio of the last five minutes only', () => {
    const watch = new HitRatioWatch(5 * minute);
    watch.add(at(0, 0, 1000));
    watch.add(at(1, 0, 2000));
    watch.add(at(2, 90, 2100));

    const ratios = watch.add(at(6.5, 180, 2200));

    expect(ratios.index).toEqual({ value: 180 / 200, basis: 200 });
    expect(ratios.table).toEqual({ value: undefined, basis: 0 });
  });

  it('leaves out an interval in which a relation was dropped, and keeps its totals growing', () => {
    const watch = new HitRatioWatch(5 * minute);
    watch.add(at(0, 1000, 1000));
    watch.add(at(1, 1100, 1100));

    const dropped = watch.add(at(2, 500, 600, { lost: true }));
    const after = watch.add(at(3, 510, 620));

    expect(dropped.totals).toMatchObject({ indexHit: 100, indexFetched: 100 });
    expect(after.totals).toMatchObject({ indexHit: 110, indexFetched: 120 });
    expect(after.index).toEqual({ value: 110 / 120, basis: 120 });
  });

  it('starts the window anew after a reset of the statistics', () => {
    const watch = new HitRatioWatch(5 * minute);
    watch.add(at(0, 10, 10));
    watch.add(at(1, 20, 20));

    const reset = watch.add(at(2, 5, 50, { epoch: 'new' }));

    expect(reset.index).toBeUndefined();
    expect(reset.totals).toMatchObject({ indexHit: 10, indexFetched: 10 });
  });
});

describe.each([13, 18] as const)('the relations of PostgreSQL %i', (major) => {
  it('are counted, sized and their hit ratios agree with pg_statio', async () => {
    await using server = await startPostgres({ major });
    await server.query(
      'CREATE TABLE t (id int PRIMARY KEY, body text); INSERT INTO t SELECT g, g FROM generate_series(1, 20000) g',
    );
    await server.query('VACUUM ANALYZE t');
    // Before version 15 a process collects the statistics, twice a second.
    const isTrue = (condition: string): Promise<boolean> =>
      waitUntil('the statistics', async () => {
        const rows = await server.query(`SELECT ${condition} AS is FROM pg_stat_user_tables`);
        return rows[0]?.['is'] === true;
      });
    const statio = async (): Promise<number[]> => {
      const [row] = await server.query(
        `SELECT sum(idx_blks_hit)::int AS hit, sum(idx_blks_read)::int AS read FROM pg_statio_user_indexes`,
      );
      return [Number(row?.['hit']), Number(row?.['read'])];
    };
    await isTrue(`last_vacuum IS NOT NULL AND last_analyze IS NOT NULL AND n_tup_ins = 20000`);
    await using collector = openCollector(server.superuserUrl);
    await collector.read('relations', 0);
    const before = await statio();
    await server.query('SET enable_seqscan = off; SELECT count(id) FROM t WHERE id > 0 AND body IS NOT NULL');
    await isTrue('idx_scan > 0');

    const reading = await collector.read('relations', minute);
    const after = await statio();

    const [hit = 0, read = 0] = after.map((value, at) => value - (before[at] ?? 0));
    const [ratio] = samplesOf(reading, 'reeve_postgres_index_hit_ratio');
    expect(hit).toBeGreaterThan(10);
    expect(ratio).toMatchObject({ labels: ['postgres'], value: hit / (hit + read), basis: hit + read });
    expect(valueOf(reading, 'reeve_postgres_index_blocks_hit_total', 'postgres')).toBe(hit);
    expect(valueOf(reading, 'reeve_postgres_relations', 'postgres', 'table')).toBe(1);
    expect(valueOf(reading, 'reeve_postgres_relations', 'postgres', 'index')).toBe(1);
    expect(valueOf(reading, 'reeve_postgres_relations', 'postgres', 'toast')).toBe(1);
    expect(valueOf(reading, 'reeve_postgres_relation_bytes', 'postgres', 'table')).toBeGreaterThan(500_000);
    expect(valueOf(reading, 'reeve_postgres_invalid_indexes', 'postgres')).toBe(0);
  });

  it('are read while a table is locked and an ALTER waits, by every group', async () => {
    await using server = await startPostgres({ major });
    await server.query('CREATE EXTENSION pg_stat_statements; CREATE TABLE t (id int PRIMARY KEY, body text)');
    const holder = await server.connect();
    await holder.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
    const waiting = await server.connect();
    const alter = waiting.query('ALTER TABLE t ADD COLUMN extra int');
    await using collector = openCollector(server.superuserUrl);

    const readings = await collector.poll(['relations', 'statements', 'top_statements', 'indexes', 'sizes']);

    await holder.query('COMMIT');
    await alter;
    await Promise.all([holder.end(), waiting.end()]);
    expect(readings.map(({ group, state, errors }) => ({ group, state, errors }))).toEqual(
      ['relations', 'statements', 'top_statements', 'indexes', 'sizes'].map((group) => ({
        group,
        state: 'ok',
        errors: [],
      })),
    );
  });
});

describe('a target that is read every 12 minutes', () => {
  it('has ratios all the same, over the time between two readings', async () => {
    await using server = await startPostgres({ major: 18 });
    await server.query('CREATE TABLE t (id int PRIMARY KEY)');
    const groups = { relations: { enabled: true, everyMs: 12 * minute } };
    await using collector = openCollector(server.superuserUrl, {}, undefined, { target: { groups } });
    await collector.read('relations', 0);
    await server.query('INSERT INTO t SELECT generate_series(1, 1000)');

    let at = 0;
    const ratio = await waitUntil('blocks to be counted', async () => {
      at += 12 * minute;
      const reading = await collector.read('relations', at);
      return valueOf(reading, 'reeve_postgres_index_hit_ratio', 'postgres');
    });

    expect(ratio).toBeGreaterThan(0.5);
  });

  it.each([
    [{}, 5 * minute],
    [{ intervalMs: 20 * minute }, 20 * minute],
    [{ groups: { relations: { enabled: true, everyMs: 12 * minute } } }, 12 * minute],
    [{ windowsMs: { index_hit_ratio: 30 * minute } }, 30 * minute],
    [{ windowsMs: { index_hit_ratio: minute } }, minute],
    [{ windowsMs: { index_hit_ratio: minute }, intervalMs: 2 * minute }, 2 * minute],
    [{ windowsMs: { cache_hit_ratio: minute } }, 5 * minute],
  ])('takes %j over %i ms', (target, windowMs) => {
    const usual = { intervalMs: 15_000, groups: {}, windowsMs: {} };
    expect(windowOf({ ...usual, ...target }, 'relations', 'index_hit_ratio')).toBe(windowMs);
  });
});

describe('a dropped table', () => {
  it('neither makes the totals fall nor spoils the ratio', async () => {
    await using server = await startPostgres({ major: 18 });
    const table = (name: string): string =>
      `CREATE TABLE ${name} (id int PRIMARY KEY); INSERT INTO ${name} SELECT generate_series(1, 5000)`;
    await server.query(`${table('kept')}; ${table('dropped')}`);
    await using collector = openCollector(server.superuserUrl);
    await collector.read('relations', 0);
    await server.query('INSERT INTO kept SELECT generate_series(5001, 6000)');
    const before = await collector.read('relations', minute);

    // More than the dropped table takes away, so that the sum does not fall.
    await server.query(
      `DROP TABLE dropped; INSERT INTO kept SELECT generate_series(6001, 16000); ${table('other')}`,
    );
    const after = await collector.read('relations', 2 * minute);

    const hits = [before, after].map((reading) =>
      valueOf(reading, 'reeve_postgres_index_blocks_hit_total', 'postgres'),
    );
    expect(hits[0]).toBeGreaterThan(1000);
    expect(hits[1]).toBe(hits[0]);
    expect(valueOf(after, 'reeve_postgres_index_hit_ratio', 'postgres')).toBe(
      valueOf(before, 'reeve_postgres_index_hit_ratio', 'postgres'),
    );
  });
});

describe('sizes', () => {
  it('are exact by database, beside the largest relations and the write-ahead log', async () => {
    await using server = await startPostgres({ major: 18 });
    await server.query('CREATE DATABASE "odd ""name"""');
    await server.query(
      'CREATE TABLE big AS SELECT g, g::text AS body FROM generate_series(1, 5000) g; ANALYZE big',
      'odd "name"',
    );
    await using collector = openCollector(server.superuserUrl);

    const reading = await collector.read('sizes');

    const [row] = await server.query(`SELECT pg_database_size('odd "name"')::float8 AS bytes`);
    expect(reading.state).toBe('ok');
    expect(valueOf(reading, 'reeve_storage_bytes', 'odd "name"')).toBe(row?.['bytes']);
    expect(valueOf(reading, 'reeve_postgres_wal_directory_bytes')).toBeGreaterThanOrEqual(16 * 1024 ** 2);
    expect(reading.details['biggest_relations']).toMatchObject([
      { database: 'odd "name"', relation: 'big', rows: 5000 },
    ]);
  });
});
