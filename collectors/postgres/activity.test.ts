import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openCollector, type TestCollector, valueOf } from '../../tests/support/postgres/collect.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describe.each([13, 18] as const)('activity on PostgreSQL %i', (major) => {
  let server: PostgresServer;
  let collector: TestCollector;

  beforeAll(async () => {
    server = await startPostgres({
      major,
      settings: { max_prepared_transactions: '2', max_connections: '20' },
    });
    await server.query('CREATE ROLE reeve LOGIN IN ROLE pg_monitor; CREATE TABLE t (id int)');
    collector = openCollector(server.url('postgres', 'reeve'));
  });

  afterAll(async () => {
    await collector?.close();
    await server?.[Symbol.asyncDispose]();
  });

  it('shows zeros when nobody is there, and does not count itself but against the limit', async () => {
    const reading = await collector.read('activity');
    const zero = [
      'oldest_transaction_seconds',
      'longest_query_seconds',
      'blocked_sessions',
      'lock_wait_seconds',
    ];

    expect(zero.map((name) => valueOf(reading, `reeve_postgres_${name}`))).toEqual([0, 0, 0, 0]);
    expect(valueOf(reading, 'reeve_postgres_connections', 'active')).toBe(0);
    expect(valueOf(reading, 'reeve_postgres_max_connections')).toBe(17);
    expect(valueOf(reading, 'reeve_postgres_connection_utilization_ratio')).toBeGreaterThanOrEqual(1 / 17);
  });

  it('shows what holds vacuum back: an idle transaction, a prepared one', async () => {
    const idle = await server.connect();
    await idle.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
    await server.query("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'left behind'");
    for (let at = 0; at < 5; at += 1) await server.query('INSERT INTO t VALUES (1)');

    const reading = await collector.read('activity');
    await idle.end();
    await server.query("ROLLBACK PREPARED 'left behind'");

    expect(valueOf(reading, 'reeve_postgres_connections', 'idle in transaction')).toBe(1);
    expect(valueOf(reading, 'reeve_postgres_oldest_transaction_seconds')).toBeGreaterThan(0);
    expect(valueOf(reading, 'reeve_postgres_longest_idle_in_transaction_seconds')).toBeGreaterThan(0);
    expect(valueOf(reading, 'reeve_postgres_prepared_transactions')).toBe(1);
    expect(valueOf(reading, 'reeve_postgres_oldest_prepared_transaction_seconds')).toBeGreaterThan(0);
    expect(valueOf(reading, 'reeve_postgres_xmin_age', 'session')).toBeGreaterThanOrEqual(5);
    expect(valueOf(reading, 'reeve_postgres_xmin_age', 'prepared')).toBeGreaterThanOrEqual(5);
    expect(valueOf(reading, 'reeve_postgres_xmin_age', 'replica')).toBe(0);
  });

  it('knows since when a lock is awaited where the server tells it, and not otherwise', async () => {
    const [holder, waiter] = [await server.connect(), await server.connect()];
    await holder.query('BEGIN; LOCK TABLE t');
    const waiting = waiter.query('SELECT FROM t').catch(() => undefined);

    const reading = await vi.waitFor(async () => {
      const seen = await collector.read('activity');
      expect(valueOf(seen, 'reeve_postgres_blocked_sessions')).toBe(1);
      return seen;
    });
    await holder.query('ROLLBACK');
    await waiting;
    await Promise.all([holder.end(), waiter.end()]);

    const wait = valueOf(reading, 'reeve_postgres_lock_wait_seconds');
    expect(wait === undefined ? 'unknown' : wait > 0).toBe(major >= 14 ? true : 'unknown');
    expect(valueOf(reading, 'reeve_postgres_active_sessions', 'Lock')).toBe(1);
  });
});
