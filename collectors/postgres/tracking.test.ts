import { expect, it, vi } from 'vitest';
import { openCollector, valueOf } from '../../tests/support/postgres/collect.ts';
import { startPostgres } from '../../tests/support/postgres/server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const counted = `rows_total temp_files_total temp_bytes_total deadlocks_total recovery_conflicts_total dead_rows vacuum_due_tables
  vacuum_due_age_seconds index_hit_ratio table_hit_ratio index_blocks_hit_total index_blocks_read_total table_blocks_hit_total
  table_blocks_read_total`;
const followed = `active_sessions oldest_transaction_seconds longest_query_seconds longest_idle_in_transaction_seconds`;
const names = (list: string): string[] => list.split(/\s+/).map((name) => `reeve_postgres_${name}`);

it.each([13, 18] as const)(
  'PostgreSQL %i shows no zero of what it does not track, and says what to do',
  async (major) => {
    await using server = await startPostgres({
      major,
      settings: { track_counts: 'off', track_activities: 'off' },
    });
    await server.query('CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000)');
    await server.query('CREATE ROLE reeve LOGIN IN ROLE pg_monitor');
    const idle = await server.connect();
    await idle.query('BEGIN; LOCK TABLE t');
    const waiter = await server.connect();
    const waiting = waiter.query('SELECT FROM t').catch(() => undefined);
    await using collector = openCollector(server.url('postgres', 'reeve'));
    const groups = ['activity', 'transactions', 'relations', 'vacuum'] as const;

    const blocked = 'reeve_postgres_blocked_sessions';
    const readings = await vi.waitFor(async () => {
      const seen = await collector.poll(groups);
      const [activity] = seen;
      expect(activity && valueOf(activity, blocked)).toBe(major >= 14 ? 1 : undefined);
      return seen;
    });
    const items = await collector.check();
    await idle.query('ROLLBACK');
    await waiting;
    await Promise.all([idle.end(), waiter.end()]);

    const shown = new Set(readings.flatMap(({ samples }) => samples.map(({ metric }) => metric.name)));
    expect(names(`${counted} ${followed}`).filter((name) => shown.has(name))).toEqual([]);
    expect(shown).toContain('reeve_postgres_commits_total');
    expect(shown).toContain('reeve_postgres_relations');
    const [activity] = readings;
    expect(activity && valueOf(activity, 'reeve_postgres_connections', 'disabled')).toBe(2);
    expect(activity && valueOf(activity, 'reeve_postgres_connections', 'active')).toBeUndefined();
    for (const name of ['track_counts', 'track_activities']) {
      expect(items).toContainEqual(
        expect.objectContaining({
          severity: 'blind',
          remedy: `ALTER SYSTEM SET ${name} = on;\nSELECT pg_reload_conf();`,
        }),
      );
    }
  },
);

it('says whose setting to mend when only some sessions hide what they do', async () => {
  await using server = await startPostgres({ major: 18 });
  await server.query('CREATE ROLE reeve LOGIN IN ROLE pg_monitor');
  const hidden = await server.connect();
  await hidden.query('SET track_activities = off');
  await hidden.query('BEGIN');
  await using collector = openCollector(server.url('postgres', 'reeve'));
  const reading = await collector.read('activity');
  const items = await collector.check();
  await hidden.end();

  expect(valueOf(reading, 'reeve_postgres_oldest_transaction_seconds')).toBeUndefined();
  expect(items.map(({ remedy }) => remedy)).toContainEqual(
    expect.stringContaining('ALTER ROLE <role> RESET track_activities'),
  );
});
