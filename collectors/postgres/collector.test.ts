import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { GroupReading } from '../../src/sdk.ts';
import {
  openCollector,
  samplesOf,
  type TestCollector,
  valueOf,
} from '../../tests/support/postgres/collect.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { type PostgresGroup, postgresGroups } from './groups.ts';
import { engine } from './index.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const groups: readonly PostgresGroup[] = [
  'availability',
  'activity',
  'transactions',
  'replication',
  'slots',
  'archiving',
  'wal',
  'wraparound',
  'io',
  'vacuum',
  'settings',
];

describe.each([13, 14, 15, 16, 17, 18] as const)('a collector of PostgreSQL %i', (major) => {
  let server: PostgresServer;
  let collector: TestCollector;
  let readings: readonly GroupReading[];

  const reading = (group: PostgresGroup): GroupReading => {
    const found = readings.find((one) => one.group === group);
    if (found === undefined) throw new Error(`no reading of ${group}`);
    return found;
  };

  beforeAll(async () => {
    server = await startPostgres({
      major,
      settings: { archive_mode: 'on', archive_command: 'false', track_io_timing: 'on' },
    });
    for (const statement of engine.grants.statements)
      await server.query(statement.replace('<password>', 'secret').replace('<database>', 'postgres'));
    await server.query('CREATE DATABASE "o\'brien ""ü"" \t🐘"');
    await server.query('CREATE ROLE "app ""x""" LOGIN; SELECT pg_switch_wal()');
    collector = openCollector(server.url('postgres', 'reeve'));
    readings = await collector.poll(groups);
  });

  afterAll(async () => {
    await collector?.close();
    await server?.[Symbol.asyncDispose]();
  });

  it('reads every group with exactly the role of the manifest', async () => {
    const all = await collector.poll(Object.keys(postgresGroups).filter(isGroup));

    expect(all.flatMap(({ errors }) => errors)).toEqual([]);
    expect(all.map(({ state }) => state)).toEqual(all.map(() => 'ok'));
  });

  it('keeps names of databases as they are', () => {
    const databases = samplesOf(reading('transactions'), 'reeve_postgres_commits_total').map(
      ({ labels }) => labels[0],
    );

    expect(new Set(databases)).toEqual(new Set(['o\'brien "ü" \t🐘', 'postgres']));
  });

  it('emits what the version offers and nothing in place of what it does not', () => {
    const has = (group: PostgresGroup, name: string): boolean => samplesOf(reading(group), name).length > 0;

    expect({
      sessions: has('transactions', 'reeve_postgres_sessions_total'),
      walBytes: has('wal', 'reeve_postgres_wal_bytes_total'),
      io: has('io', 'reeve_postgres_io_bytes_total'),
      restartpoints: has('wal', 'reeve_postgres_restartpoints_total'),
      done: has('wal', 'reeve_postgres_checkpoints_done_total'),
    }).toEqual({
      sessions: major >= 14,
      walBytes: major >= 14,
      io: major >= 16,
      restartpoints: major >= 17,
      done: major >= 18,
    });
    expect(valueOf(reading('wal'), 'reeve_postgres_checkpoints_total', 'requested')).toBeTypeOf('number');
    const operations = samplesOf(reading('io'), 'reeve_postgres_io_operations_total').map(
      ({ labels }) => labels[1],
    );
    expect(new Set(operations)).toEqual(
      new Set(major >= 16 ? ['read', 'write', 'extend', 'hit', 'eviction'] : []),
    );
    expect(valueOf(reading('wal'), 'reeve_postgres_buffers_written_total', 'backends') === undefined).toBe(
      major >= 17,
    );
  });

  it('sees failing archiving and what waits for it', async () => {
    const archiving = await vi.waitFor(
      async () => {
        const seen = await collector.read('archiving');
        expect(valueOf(seen, 'reeve_postgres_archiving_failing')).toBe(1);
        return seen;
      },
      { timeout: 10_000 },
    );

    expect(valueOf(archiving, 'reeve_postgres_archive_backlog_files')).toBeGreaterThan(0);
    expect(valueOf(archiving, 'reeve_postgres_archive_backlog_age_seconds')).toBeGreaterThan(0);
    expect(samplesOf(archiving, 'reeve_postgres_last_archived_age_seconds')).toEqual([]);
  });

  it('finds roles without a statement timeout, and settings that endanger the data', () => {
    const { findings } = reading('settings');

    expect(findings.find(({ code }) => code === 'statement_timeout_disabled')).toMatchObject({
      subject: 'app "x"',
      remedy: `ALTER ROLE "app ""x""" SET statement_timeout = '30s';`,
    });
    expect(findings.map(({ code }) => code)).toContain('fsync_off');
    expect(findings.map(({ code }) => code)).not.toContain('track_io_timing_off');
  });

  it('opens no second connection to a database and leaves none behind', async () => {
    await collector.poll(groups);
    const count = `SELECT datname, count(*)::int FROM pg_stat_activity WHERE application_name LIKE 'reeve/%' GROUP BY 1`;
    const open = await server.query(count);
    await collector.close();

    expect(open.map(({ count }) => count)).toEqual([1, 1]);
    await vi.waitFor(async () => expect(await server.query(count)).toEqual([]));
  });
});

describe.each([13, 18] as const)('a collector that loses pg_monitor on PostgreSQL %i', (major) => {
  it('knows nothing about other sessions any more, instead of seeing none', async () => {
    await using server = await startPostgres({ major });
    await server.query('CREATE ROLE "odd ""role""" LOGIN IN ROLE pg_monitor');
    await using collector = openCollector(server.url('postgres', encodeURIComponent('odd "role"')));
    const client = await server.connect();
    await client.query('BEGIN');
    const before = await collector.read('activity');
    await server.query('REVOKE pg_monitor FROM "odd ""role"""');
    const after = await collector.poll(['availability', 'activity', 'replication', 'transactions', 'slots']);
    await client.end();

    expect(valueOf(before, 'reeve_postgres_connections', 'idle in transaction')).toBe(1);
    expect(after.map(({ group, state }) => `${group} ${state}`)).toEqual([
      'availability ok',
      'activity failed',
      'replication failed',
      'transactions ok',
      'slots ok',
    ]);
    expect(after[1]?.samples).toEqual([]);
    expect(after[1]?.errors[0]).toMatchObject({
      code: 'denied',
      message: expect.stringContaining('GRANT pg_monitor TO "odd ""role"""'),
    });
  });

  it('still says whether archiving fails, and that the backlog is hidden', async () => {
    await using server = await startPostgres({
      major,
      settings: { archive_mode: 'on', archive_command: 'true' },
    });
    await server.query('CREATE ROLE reeve LOGIN');
    await using collector = openCollector(server.url('postgres', 'reeve'));

    const archiving = await collector.read('archiving');

    expect(archiving.state).toBe('partial');
    expect(valueOf(archiving, 'reeve_postgres_archiving_enabled')).toBe(1);
    expect(samplesOf(archiving, 'reeve_postgres_archive_backlog_files')).toEqual([]);
    expect(archiving.errors[0]).toMatchObject({
      code: 'denied',
      message: expect.stringContaining('GRANT pg_monitor'),
    });
  });
});

function isGroup(name: string): name is PostgresGroup {
  return Object.hasOwn(postgresGroups, name);
}
