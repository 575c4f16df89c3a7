import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { GroupReading } from '../../src/sdk.ts';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { openCollector, samplesOf } from '../../tests/support/postgres/collect.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const discoverEveryMs = 5 * 60_000;

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ major: 18 });
  for (const name of ['orders', 'stock', 'test_orders']) await server.query(`CREATE DATABASE ${name}`);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

function databasesOf(reading: GroupReading, metric: string): ReadonlySet<string | undefined> {
  return new Set(samplesOf(reading, metric).map(({ labels }) => labels[0]));
}

/** Lets a database be the most active one, beside the one of the URL. */
async function work(database: string): Promise<void> {
  await waitUntil('the activity to be counted', async () => {
    const [row] = await server.query(
      `SELECT datname FROM pg_stat_database
        WHERE datname NOT IN ('postgres', 'template1') ORDER BY xact_commit DESC LIMIT 1`,
    );
    if (row?.['datname'] === database) return true;
    await server.query('DO $$ BEGIN FOR nth IN 1..500 LOOP COMMIT; END LOOP; END $$', database);
    return false;
  });
}

describe('the databases that are read', () => {
  it('are those that include and exclude leave, and the one of the URL', async () => {
    const databases = { include: ['*orders'], exclude: ['test_*'], max: 20 };
    await using collector = openCollector(server.superuserUrl, { databases });

    const [transactions, relations] = await collector.poll(['transactions', 'relations']);

    for (const reading of [transactions, relations]) expect(reading?.truncatedRows).toBe(0);
    expect(transactions && databasesOf(transactions, 'reeve_postgres_commits_total')).toEqual(
      new Set(['orders', 'postgres']),
    );
    expect(relations && databasesOf(relations, 'reeve_postgres_invalid_indexes')).toEqual(
      new Set(['orders', 'postgres']),
    );
  });

  it('are no more than the cap, the most active first, and how many are left out is told', async () => {
    await work('stock');
    await using collector = openCollector(server.superuserUrl, {
      databases: { include: ['*'], exclude: [], max: 2 },
    });

    const readings = await collector.poll(['transactions', 'relations', 'vacuum', 'indexes']);
    const items = await collector.check();

    expect(readings.map(({ state, truncatedRows }) => [state, truncatedRows])).toEqual(
      readings.map(() => ['ok', 2]),
    );
    expect(readings[0] && databasesOf(readings[0], 'reeve_postgres_commits_total')).toEqual(
      new Set(['postgres', 'stock']),
    );
    expect(items).toContainEqual(
      expect.objectContaining({
        message: '2 databases are left out by databases.max.',
        remedy: expect.stringContaining('Set databases.max to 4'),
      }),
    );
  });

  it('stay the same when another one becomes more active', async () => {
    await work('stock');
    const clock = new FakeClock();
    const databases = { include: ['*'], exclude: [], max: 2 };
    await using collector = openCollector(server.superuserUrl, { databases }, clock);
    const before = await collector.read('transactions');

    await work('orders');
    await clock.advance(discoverEveryMs);
    const after = await collector.read('transactions');

    expect(databasesOf(before, 'reeve_postgres_commits_total')).toEqual(new Set(['postgres', 'stock']));
    expect(databasesOf(after, 'reeve_postgres_commits_total')).toEqual(new Set(['postgres', 'stock']));
  });

  it('make room when one is dropped', async () => {
    await server.query('CREATE DATABASE gone');
    await work('gone');
    const clock = new FakeClock();
    const databases = { include: ['*'], exclude: [], max: 2 };
    await using collector = openCollector(server.superuserUrl, { databases }, clock);
    const before = await collector.read('transactions');

    await server.query('DROP DATABASE gone WITH (FORCE)');
    await work('orders');
    await clock.advance(discoverEveryMs);
    const after = await collector.read('transactions');

    expect(databasesOf(before, 'reeve_postgres_commits_total')).toEqual(new Set(['gone', 'postgres']));
    expect(databasesOf(after, 'reeve_postgres_commits_total')).toEqual(new Set(['orders', 'postgres']));
  });
});
