import { describe, expect, it } from 'vitest';
import type { GroupReading } from '../../src/sdk.ts';
import { readGroup } from '../../tests/support/engine-tests.ts';
import { valueOf } from '../../tests/support/postgres/collect.ts';
import { sessionOf } from '../../tests/support/postgres/fake-session.ts';
import { postgresMetrics } from './metrics.ts';
import { createTransactionsReader } from './transactions.ts';

const counters = `commits rollbacks deadlocks conflicts temp_files temp_bytes rows_returned rows_fetched rows_inserted rows_updated
  rows_deleted sessions_abandoned sessions_fatal sessions_killed session_seconds active_seconds idle_in_transaction_seconds`;
const zeros = Object.fromEntries(counters.split(/\s+/).map((name) => [name, 0]));
const unknown = { checksum_failures: null, read_seconds: null, write_seconds: null, statistics_reset: null };

/** A server that has opened so many sessions, read at this second. */
type Poll = readonly [second: number, sessions: number, backends: number];

async function read(polls: readonly Poll[]): Promise<GroupReading> {
  let at = 0;
  const reader = createTransactionsReader(300_000);
  let reading: GroupReading | undefined;
  for (const [second, sessions, backends] of polls) {
    at = second * 1_000;
    const row = { ...zeros, ...unknown, database: 'orders', sessions, backends };
    reading = await readGroup({
      group: 'transactions',
      metrics: postgresMetrics,
      now: at,
      signal: new AbortController().signal,
      monotonicMs: at,
      clock: { now: () => at, monotonicMs: () => at },
      read: (context) => reader(sessionOf(row), context),
    });
  }
  if (reading === undefined) throw new Error('no poll');
  return reading;
}

describe('createTransactionsReader', () => {
  it('keeps what the server did not measure unknown', async () => {
    const reading = await read([[0, 5, 1]]);

    expect(valueOf(reading, 'reeve_postgres_commits_total', 'orders')).toBe(0);
    expect(valueOf(reading, 'reeve_postgres_block_read_seconds_total', 'orders')).toBeUndefined();
    expect(valueOf(reading, 'reeve_postgres_checksum_failures_total', 'orders')).toBeUndefined();
  });

  it.each<[string, readonly Poll[], readonly string[]]>([
    [
      'sessions that last as long as a statement',
      [
        [0, 0, 10],
        [60, 600, 10],
      ],
      ['connection_churn'],
    ],
    [
      'too short a look',
      [
        [0, 0, 10],
        [30, 600, 10],
      ],
      [],
    ],
    [
      'a pool that grows',
      [
        [0, 0, 10],
        [60, 600, 100],
      ],
      [],
    ],
    [
      'a quiet server',
      [
        [0, 0, 1],
        [60, 100, 1],
      ],
      [],
    ],
    [
      'counters that began anew',
      [
        [0, 10_000, 10],
        [60, 600, 10],
      ],
      [],
    ],
  ])('judges %s', async (_, polls, codes) => {
    expect((await read(polls)).findings.map(({ code }) => code)).toEqual(codes);
  });
});
