import { describe, expect, it, vi } from 'vitest';
import type { GroupReading } from '../../src/sdk.ts';
import { createMemoryHistory } from '../../tests/support/engine-tests.ts';
import { openCollector, type TestCollector, valueOf } from '../../tests/support/postgres/collect.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { startStandby } from '../../tests/support/postgres/standby.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const minute = 60_000;
const start = Date.UTC(2030, 0, 1);
const target = { unusedAfterMs: 10 * minute };

const schema = `
  CREATE TABLE orders (id int PRIMARY KEY, customer int, paid bool, total int);
  INSERT INTO orders SELECT g, g % 10, true, g FROM generate_series(1, 1000) g;
  CREATE INDEX orders_customer ON orders (customer);
  CREATE INDEX orders_total ON orders (total);
  ANALYZE orders`;

const useCustomer = 'SET enable_seqscan = off; SELECT count(*) FROM orders WHERE customer = 3';

/** Reads the groups of these collectors at these minutes; the last reading of the first one. */
async function readAt(collectors: readonly TestCollector[], ...minutes: number[]): Promise<GroupReading> {
  let last: GroupReading | undefined;
  for (const at of minutes) {
    // Standbys first, as the primary judges what it reads.
    for (const collector of collectors.toReversed())
      last = await collector.read('indexes', start + at * minute);
  }
  if (last === undefined) throw new Error('nothing was read');
  return last;
}

const unused = (reading: GroupReading): number | undefined =>
  valueOf(reading, 'reeve_postgres_unused_indexes', 'postgres');

function verdictOf(reading: GroupReading, index: string): unknown {
  const row = reading.details['indexes']?.find((each) => each['index'] === index);
  return row && { verdict: row['verdict'], reasons: row['reasons'] };
}

/** Statistics reach the views at once where a session ends; before version 15 a process collects them within half a second. */
async function waitForScans(server: PostgresServer, scans: number): Promise<void> {
  await waitUntil('the use to be counted', async () => {
    const [row] = await server.query(
      `SELECT pg_stat_get_numscans('orders_customer'::regclass)::int AS scans`,
    );
    return row?.['scans'] === scans;
  });
}

async function waitForReset(server: PostgresServer): Promise<void> {
  const sql = `SELECT stats_reset > now() - interval '1 minute' AS is FROM pg_stat_database WHERE datname = 'postgres'`;
  await waitUntil('the reset', async () => (await server.query(sql))[0]?.['is'] === true);
}

describe.each([13, 18] as const)('the proof that an index is unused, on PostgreSQL %i', (major) => {
  it('proves it on a lone primary after the window, and never what was used', async () => {
    await using server = await startPostgres({ major });
    await server.query(schema);
    await using collector = openCollector(server.superuserUrl, {}, undefined, { target });

    const early = await readAt([collector], 0, 5);
    await server.query(useCustomer);
    await waitForScans(server, 1);
    const proven = await readAt([collector], 9.9, 10);

    expect(unused(early)).toBeUndefined();
    expect(verdictOf(early, 'orders_total')).toEqual({ verdict: 'unproven', reasons: ['window_too_short'] });
    expect(unused(proven)).toBe(1);
    expect(valueOf(proven, 'reeve_postgres_unused_index_bytes', 'postgres')).toBeGreaterThan(8192);
    expect(verdictOf(proven, 'orders_total')).toEqual({ verdict: 'unused', reasons: [] });
    expect(valueOf(proven, 'reeve_postgres_index_verdicts', 'postgres', 'used')).toBe(1);
    expect(valueOf(proven, 'reeve_postgres_index_verdicts', 'postgres', 'kept')).toBe(1);
  });

  it('keeps the watch and the use over resets, a restart and a crash', async () => {
    await using server = await startPostgres({ major });
    await server.query(schema);
    const history = createMemoryHistory();
    const open = (): TestCollector => openCollector(server.superuserUrl, {}, undefined, { target, history });
    const first = open();
    await server.query(useCustomer);
    await waitForScans(server, 1);
    await readAt([first], 0);

    await server.query(useCustomer);
    await waitForScans(server, 2);
    await readAt([first], 4);
    await server.query(`SELECT pg_stat_reset_single_table_counters('orders_customer'::regclass)`);
    await waitForScans(server, 0);
    await readAt([first], 8);
    await first.close();
    await server.restart();
    await using second = open();
    await readAt([second], 9);
    await server.kill();
    await server.restart();
    const after = await readAt([second], 11);
    const later = await readAt([second], 15);

    expect(verdictOf(after, 'orders_total')).toEqual({ verdict: 'unused', reasons: [] });
    expect(unused(after)).toBe(1);
    expect(unused(later)).toBe(2);
  });

  it('starts the watch anew when counters restarted while nobody looked', async () => {
    await using server = await startPostgres({ major });
    await server.query(schema);
    await using collector = openCollector(server.superuserUrl, {}, undefined, { target });
    await readAt([collector], 0, 5);

    await server.query('SELECT pg_stat_reset()');
    await waitForReset(server);
    const blind = await readAt([collector], 30);

    expect(unused(blind)).toBeUndefined();
    expect(verdictOf(blind, 'orders_total')).toEqual({ verdict: 'unproven', reasons: ['window_too_short'] });
  });

  it('proves nothing while use is not counted, also not for one role', async () => {
    await using server = await startPostgres({ major });
    await server.query(schema);
    await using collector = openCollector(server.superuserUrl, {}, undefined, { target });
    await readAt([collector], 0, 5);

    await server.query('CREATE ROLE app; ALTER ROLE app SET track_counts = off');
    const off = await readAt([collector], 11);
    await server.query('ALTER ROLE app RESET track_counts');
    const on = await readAt([collector], 12);

    expect(off.findings).toMatchObject([{ code: 'index_use_not_counted' }]);
    expect(unused(off)).toBeUndefined();
    expect(unused(on)).toBeUndefined();
  });

  it('counts the use on a standby, wants every standby, and ignores a clone', async () => {
    await using primary = await startPostgres({ major });
    await primary.query(schema);
    await using standby = await startStandby(primary, { applicationName: 'replica' });
    await standby.waitForReplay();
    const history = createMemoryHistory();
    const member = (server: PostgresServer, id: string): TestCollector =>
      openCollector(server.superuserUrl, {}, undefined, { target: { ...target, id }, history });
    await using one = member(primary, 'one');
    await using two = member(standby, 'two');

    const alone = await readAt([one], 0, 5, 10, 11);
    await readAt([one, two], 12);
    await standby.query(useCustomer);
    await waitForScans(standby, 1);
    const both = await readAt([one, two], 17, 22, 23);
    const onStandby = await two.read('indexes', start + 23 * minute);
    await using clone = await startStandby(primary, { applicationName: 'clone' });
    await clone.promote();
    await primary.query(`SELECT pg_drop_replication_slot('clone')`);
    await clone.query(`SET enable_seqscan = off; SELECT count(*) FROM orders WHERE total = 3`);
    await using three = member(clone, 'three');
    const withClone = await readAt([one, two, three], 24);
    await standby.stop();
    const without = await readAt([one], 40);

    expect(verdictOf(alone, 'orders_total')).toEqual({
      verdict: 'unproven',
      reasons: ['member_not_collected'],
    });
    expect(alone.details['uncollected_members']).toMatchObject([{ name: 'slot:replica' }]);
    expect(both).toMatchObject({ state: 'ok', errors: [] });
    expect(both.details['uncollected_members']).toBeUndefined();
    expect(unused(both)).toBe(1);
    expect(verdictOf(both, 'orders_customer')).toEqual({ verdict: 'used', reasons: ['used_on_member'] });
    expect(onStandby.state).toBe('ok');
    expect(onStandby.samples).toEqual([]);
    expect(unused(withClone)).toBe(1);
    expect(unused(without)).toBeUndefined();
  });
});

describe('the review of a quarter', () => {
  it('is overdue for what was proven before the quarter began, and not for what was proven since', async () => {
    await using server = await startPostgres({ major: 18 });
    await server.query(schema);
    await using collector = openCollector(server.superuserUrl, {}, undefined, { target });
    const overdue = (reading: GroupReading): number | undefined =>
      valueOf(reading, 'reeve_postgres_overdue_unused_index_bytes', 'postgres');
    const sizeOf = (reading: GroupReading, index: string): unknown =>
      reading.details['indexes']?.find((each) => each['index'] === index)?.['bytes'];

    const early = await readAt([collector], -20, -15);
    await server.query(useCustomer);
    await waitForScans(server, 1);
    // `start` is the first moment of a quarter.
    const before = await readAt([collector], -8, -1);
    const first = await readAt([collector], 0);
    const later = await readAt([collector], 3);

    expect(overdue(early)).toBeUndefined();
    expect([unused(before), overdue(before)]).toEqual([1, 0]);
    expect([unused(first), overdue(first)]).toEqual([1, sizeOf(first, 'orders_total')]);
    expect([unused(later), overdue(later)]).toEqual([2, sizeOf(later, 'orders_total')]);
    expect(overdue(first)).toBeGreaterThan(0);
  });
});

describe('the proof with a slow cadence', () => {
  it('takes a member for read as long as three times the cadence', async () => {
    await using primary = await startPostgres({ major: 18 });
    await primary.query(schema);
    await using standby = await startStandby(primary, { applicationName: 'replica' });
    await standby.waitForReplay();
    const history = createMemoryHistory();
    const groups = { indexes: { enabled: true, everyMs: 30 * minute } };
    const member = (server: PostgresServer, id: string): TestCollector =>
      openCollector(server.superuserUrl, {}, undefined, {
        target: { id, groups, unusedAfterMs: 400 * minute },
        history,
      });
    await using one = member(primary, 'one');
    await using two = member(standby, 'two');
    await readAt([one, two], 0, 400);

    const fresh = await readAt([one], 480);
    const stale = await readAt([one], 500);

    expect(unused(fresh)).toBe(2);
    expect(verdictOf(stale, 'orders_total')).toEqual({
      verdict: 'unproven',
      reasons: ['member_not_collected'],
    });
  });
});

describe('the proof after a failover', () => {
  it('counts what the old primary did, and misses it where it was no target', async () => {
    await using old = await startPostgres({ major: 18 });
    await old.query(schema);
    await using promoted = await startStandby(old, { applicationName: 'replica' });
    await promoted.waitForReplay();
    const shared = createMemoryHistory();
    const open = (server: PostgresServer, id: string, history = shared): TestCollector =>
      openCollector(server.superuserUrl, {}, undefined, { target: { ...target, id }, history });
    await using one = open(old, 'one');
    await using two = open(promoted, 'two');
    await using alone = open(promoted, 'two', createMemoryHistory());
    await readAt([two, alone, one], 0, 5);

    await old.query(useCustomer);
    await waitForScans(old, 1);
    await readAt([two, alone, one], 8);
    await old.stop();
    await promoted.promote();
    const after = await two.read('indexes', start + 12 * minute);
    const without = await alone.read('indexes', start + 12 * minute);

    expect(verdictOf(after, 'orders_customer')).toEqual({ verdict: 'used', reasons: ['used_on_member'] });
    expect(verdictOf(after, 'orders_total')).toEqual({ verdict: 'unused', reasons: [] });
    expect(unused(after)).toBe(1);
    expect(verdictOf(without, 'orders_customer')).toMatchObject({ reasons: ['member_not_collected'] });
    expect(unused(without)).toBeUndefined();
  });
});
