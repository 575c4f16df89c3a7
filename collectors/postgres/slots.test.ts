import { describe, expect, it, vi } from 'vitest';
import { openCollector, samplesOf, valueOf } from '../../tests/support/postgres/collect.ts';
import { startPostgres } from '../../tests/support/postgres/server.ts';

vi.setConfig({ testTimeout: 60_000 });

describe.each([13, 18] as const)('readSlots on PostgreSQL %i', (major) => {
  it('tells a logical slot that lags from a physical one that lost its WAL', async () => {
    await using server = await startPostgres({
      major,
      settings: {
        wal_level: 'logical',
        max_slot_wal_keep_size: '32MB',
        min_wal_size: '32MB',
        max_wal_size: '32MB',
      },
    });
    await server.query('CREATE ROLE reeve LOGIN IN ROLE pg_monitor; CREATE TABLE t (id int)');
    await server.query("SELECT pg_create_physical_replication_slot('lost', true)");
    await using collector = openCollector(server.url('postgres', 'reeve'));
    const before = await collector.read('slots');
    for (let segment = 0; segment < 4; segment += 1) {
      await server.query('INSERT INTO t VALUES (1); SELECT pg_switch_wal()');
    }
    await server.query("SELECT pg_create_logical_replication_slot('changes', 'pgoutput')");
    await server.query('INSERT INTO t SELECT generate_series(1, 1000)');
    await server.query('CHECKPOINT');

    const after = await collector.read('slots');

    expect(valueOf(before, 'reeve_postgres_slot_invalid', 'lost')).toBe(0);
    expect(valueOf(before, 'reeve_postgres_slot_safe_bytes', 'lost')).toBeGreaterThan(0);
    expect(valueOf(after, 'reeve_postgres_slot_invalid', 'lost')).toBe(1);
    expect(valueOf(after, 'reeve_postgres_slot_wal_status', 'lost', 'lost')).toBe(1);
    expect(after.findings).toMatchObject([
      { code: 'slot_invalidated', subject: 'lost', remedy: "SELECT pg_drop_replication_slot('lost');" },
    ]);
    expect(valueOf(after, 'reeve_postgres_slot_confirmed_lag_bytes', 'changes')).toBeGreaterThan(10_000);
    expect(valueOf(after, 'reeve_postgres_slot_xmin_age', 'changes')).toBeGreaterThan(0);
    expect(samplesOf(before, 'reeve_postgres_slot_confirmed_lag_bytes')).toEqual([]);
  });
});
