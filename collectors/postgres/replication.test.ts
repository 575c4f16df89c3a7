import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { GroupReading } from '../../src/sdk.ts';
import { readGroup } from '../../tests/support/engine-tests.ts';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { startTcpProxy, type TcpProxy } from '../../tests/support/net/tcp-proxy.ts';
import {
  openCollector,
  samplesOf,
  type TestCollector,
  valueOf,
} from '../../tests/support/postgres/collect.ts';
import { sessionOf } from '../../tests/support/postgres/fake-session.ts';
import { type PostgresServer, startPostgres } from '../../tests/support/postgres/server.ts';
import { type PostgresStandby, startStandby } from '../../tests/support/postgres/standby.ts';
import { startWalReceiver } from '../../tests/support/postgres/wal-receiver.ts';
import { waitUntil } from '../../tests/support/wait-until.ts';
import { postgresMetrics } from './metrics.ts';
import { lagSeconds } from './replication.ts';
import { createStandbyReader, standbyLagSeconds } from './standby.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const seconds = 'reeve_replication_lag_seconds';
const bytes = 'reeve_replication_lag_bytes';

describe('lagSeconds', () => {
  it.each([
    ['what the server measured', 0.2, 100, undefined, 0.2],
    ['none when all is replayed and nothing recent was measured', null, 0, 15_000, 0],
    ['unknown when behind and nothing shows since when', null, 100, undefined, undefined],
    ['the age of the missing WAL when nothing was measured', null, 100, 30_000, 30],
    ['more than an old measurement once the missing WAL is older', 0.2, 100, 30_000, 30],
    ['unknown when the replica says no position', 0.2, null, 30_000, undefined],
  ])('is %s', (_, measured, missing, behindMs, lag) => {
    expect(lagSeconds({ replay_seconds: measured, replay_bytes: missing }, behindMs)).toBe(lag);
  });
});

describe('standbyLagSeconds', () => {
  const idleForAnHour = { streams_from: true, replay_age: 3_600 };

  it.each([
    ['none on an idle primary that streams', idleForAnHour, 'fresh', 0, 0, 0],
    [
      'counted from when it was last caught up, not from the last commit',
      idleForAnHour,
      'fresh',
      50,
      15_000,
      15,
    ],
    ['growing while the link is cut', idleForAnHour, 'cut', 0, 30_000, 30],
    ['counted from the last commit when nothing else is known', idleForAnHour, 'cut', 0, undefined, 3_600],
    [
      'unknown where only archived files are restored',
      { streams_from: false, replay_age: 60 },
      'cut',
      undefined,
      60_000,
      undefined,
    ],
    [
      'unknown when nothing was ever replayed or seen',
      { streams_from: true, replay_age: null },
      'cut',
      0,
      undefined,
      undefined,
    ],
    ['unknown when the link has been silent', idleForAnHour, 'silent', 0, 12_000, undefined],
    ['growing when the link is silent and WAL waits', idleForAnHour, 'silent', 50, 12_000, 12],
  ] as const)('is %s', (_, seen, link, missing, knownMs, lag) => {
    expect(standbyLagSeconds(seen, link, missing, knownMs)).toBe(lag);
  });
});

/** What a standby that never lacks anything of what it received says, when it last heard from the primary so long ago. */
async function readStandbys(
  polls: readonly { readonly second: number; readonly row: Readonly<Record<string, unknown>> }[],
): Promise<readonly GroupReading[]> {
  const reader = createStandbyReader();
  const healthy = { application: 'berlin', cluster_name: '', slot: '', streams_from: true, streaming: true };
  const position = { silence_limit: 30, received: 100, replayed: 100, replay_age: 3_600, paused: false };
  const readings: GroupReading[] = [];
  for (const { second, row } of polls) {
    const at = second * 1_000;
    readings.push(
      await readGroup({
        group: 'replication',
        metrics: postgresMetrics,
        now: at,
        signal: new AbortController().signal,
        monotonicMs: at,
        clock: { now: () => at, monotonicMs: () => at },
        read: (context) => reader(sessionOf({ ...healthy, ...position, ...row }), context),
      }),
    );
  }
  return readings;
}

describe('a standby whose primary says nothing', () => {
  const silences = [1, 16, 31, 46];

  it('shows no zero, then the lag since the last message once the link is proven dead', async () => {
    const readings = await readStandbys(
      silences.map((silence) => ({ second: 100 + silence, row: { message_age: silence } })),
    );

    expect(readings.map((reading) => valueOf(reading, seconds))).toEqual([0, undefined, undefined, 46]);
    expect(readings.map((reading) => valueOf(reading, bytes))).toEqual([
      0,
      ...silences.slice(1).map(() => undefined),
    ]);
  });

  it('stays unknown where the receiver never asks for an answer', async () => {
    const readings = await readStandbys(
      silences.map((silence) => ({ second: silence, row: { message_age: silence, silence_limit: null } })),
    );

    expect(readings.map((reading) => valueOf(reading, seconds))).toEqual([
      0,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('counts a lag from the last message, not from the last reading', async () => {
    const [, cut] = await readStandbys([
      { second: 100, row: { message_age: 8 } },
      { second: 115, row: { streaming: false, message_age: null } },
    ]);

    expect(cut && valueOf(cut, seconds)).toBe(23);
  });
});

describe.each([13, 18] as const)('replication of PostgreSQL %i', (major) => {
  let primary: PostgresServer;
  let link: TcpProxy;
  let standby: PostgresStandby;
  let clock: FakeClock;
  let fromPrimary: TestCollector;
  let fromStandby: TestCollector;

  const both = async (): Promise<{ primary: GroupReading; standby: GroupReading }> => ({
    primary: await fromPrimary.read('replication'),
    standby: await fromStandby.read('replication'),
  });

  beforeAll(async () => {
    primary = await startPostgres({ major, settings: { wal_level: 'logical' } });
    await primary.query('CREATE ROLE reeve LOGIN IN ROLE pg_monitor; CREATE TABLE t (id int)');
    link = await startTcpProxy({ targetPort: primary.port });
    standby = await startStandby(primary, { applicationName: 'berlin', via: link });
    clock = new FakeClock();
    fromPrimary = openCollector(primary.url('postgres', 'reeve'), {}, clock);
    fromStandby = openCollector(standby.url('postgres', 'reeve'), {}, clock);
  });

  afterAll(async () => {
    await fromPrimary?.close();
    await fromStandby?.close();
    await standby?.[Symbol.asyncDispose]();
    await link?.close();
    await primary?.[Symbol.asyncDispose]();
  });

  it('names the replica the same from both ends, and shows no lag when all is replayed', async () => {
    await standby.waitForReplay();
    const seen = await waitUntil('both ends to agree', async () => {
      const now = await both();
      return valueOf(now.primary, bytes) === 0 && valueOf(now.standby, bytes) === 0 ? now : undefined;
    });

    expect(seen.primary.errors).toEqual([]);
    expect(seen.standby.errors).toEqual([]);
    expect(valueOf(seen.primary, seconds, 'berlin')).toBeLessThan(1);
    expect(valueOf(seen.standby, seconds, 'berlin')).toBe(0);
    expect(samplesOf(seen.primary, 'reeve_postgres_replica_state')[0]?.labels).toEqual([
      'berlin',
      'streaming',
      'async',
    ]);
    expect(valueOf(seen.primary, 'reeve_postgres_replicas')).toBe(1);
    expect(valueOf(seen.standby, 'reeve_postgres_wal_receiver_connected')).toBe(1);
  });

  it('shows no lag on an idle primary, however old the last commit is', async () => {
    await primary.query('INSERT INTO t VALUES (0)');
    await waitUntil('an old commit', async () => {
      const reading = await fromStandby.read('replication');
      return (valueOf(reading, 'reeve_postgres_replay_age_seconds') ?? 0) > 0.5;
    });
    await clock.advance(3_600_000);
    const seen = await both();

    expect(valueOf(seen.standby, seconds)).toBe(0);
    expect(valueOf(seen.primary, seconds)).toBeLessThan(1);
  });

  it('shows growing lag from both ends while replay is paused', async () => {
    await both();
    await standby.pauseReplay();
    // On, so that all of it is written when the statement ends, and no WAL comes later than the first reading that sees some.
    await primary.query('SET synchronous_commit = on; INSERT INTO t SELECT generate_series(1, 1000)');
    const flush = 'reeve_postgres_replication_stage_lag_bytes';
    await waitUntil('the WAL to arrive and wait', async () => {
      const { primary: sent, standby: received } = await both();
      const isWaiting = [sent, received].every((reading) => (valueOf(reading, bytes) ?? 0) > 0);
      return isWaiting && valueOf(sent, flush, 'berlin', 'flush') === 0;
    });
    await clock.advance(20_000);
    const seen = await both();

    expect(valueOf(seen.standby, 'reeve_postgres_replay_paused')).toBe(1);
    expect(valueOf(seen.standby, seconds)).toBeGreaterThan(0);
    expect(valueOf(seen.primary, seconds)).toBeGreaterThanOrEqual(20);
    expect(valueOf(seen.primary, bytes)).toBeGreaterThan(0);
    expect(valueOf(seen.primary, 'reeve_postgres_replication_stage_lag_bytes', 'berlin', 'flush')).toBe(0);
    await standby.resumeReplay();
    await standby.waitForReplay();
  });

  it('shows no false zero while the link is cut, and the slot that retains WAL for it', async () => {
    await waitUntil(
      'the standby to be caught up',
      async () => valueOf((await both()).standby, seconds) === 0,
    );
    await link.set({ kind: 'refuse' });
    await primary.query('INSERT INTO t SELECT generate_series(1, 1000)');
    await waitUntil('the replica to be gone', async () => {
      const seen = await both();
      return valueOf(seen.primary, 'reeve_postgres_replicas') === 0;
    });
    await clock.advance(30_000);
    const seen = await both();
    const slots = await waitUntil('the WAL to be written and retained', async () => {
      const reading = await fromPrimary.read('slots');
      return (valueOf(reading, 'reeve_postgres_slot_retained_bytes', 'berlin') ?? 0) > 10_000 && reading;
    });

    expect(samplesOf(seen.primary, seconds)).toEqual([]);
    expect(valueOf(seen.standby, 'reeve_postgres_wal_receiver_connected')).toBe(0);
    expect(valueOf(seen.standby, seconds)).toBeGreaterThan(0);
    expect(samplesOf(seen.standby, bytes)).toEqual([]);
    expect(valueOf(slots, 'reeve_postgres_slot_active', 'berlin')).toBe(0);
    expect(valueOf(slots, 'reeve_postgres_slot_wal_status', 'berlin', 'reserved')).toBe(1);
    expect(samplesOf(slots, 'reeve_postgres_slot_inactive_seconds')).toHaveLength(major >= 17 ? 1 : 0);
    await link.set({ kind: 'pass' });
    await standby.waitForReplay();
  });

  it('shows no false zero while the link is open and silent', async (context) => {
    context.skip(major !== 18, 'takes ten seconds, so one version stands for all');
    await primary.query('INSERT INTO t VALUES (1)');
    await standby.waitForReplay();
    await link.set({ kind: 'hang' });
    await primary.query('INSERT INTO t SELECT generate_series(1, 1000)');
    const seen = await waitUntil(
      'the silence to be noticed',
      async () => {
        const reading = await fromStandby.read('replication');
        return (valueOf(reading, 'reeve_postgres_wal_receiver_silence_seconds') ?? 0) > 10 && reading;
      },
      { timeoutMs: 20_000 },
    );
    await link.set({ kind: 'pass' });
    await standby.waitForReplay();

    expect(valueOf(seen, 'reeve_postgres_wal_receiver_connected')).toBe(1);
    expect(samplesOf(seen, seconds)).toEqual([]);
    expect(samplesOf(seen, bytes)).toEqual([]);
  });

  it('takes neither a logical subscriber nor a WAL receiver for a standby, and shows their stages', async () => {
    await primary.query('CREATE PUBLICATION changes FOR TABLE t');
    await primary.query('CREATE DATABASE subscriber');
    await primary.query(`SELECT pg_create_logical_replication_slot('feed', 'pgoutput')`);
    await primary.query('CREATE TABLE t (id int)', 'subscriber');
    await primary.query(
      `CREATE SUBSCRIPTION feed CONNECTION 'host=${primary.socketDirectory} port=${primary.port} dbname=postgres user=postgres'
         PUBLICATION changes WITH (create_slot = false, slot_name = 'feed', copy_data = false)`,
      'subscriber',
    );
    using _receiver = await startWalReceiver(primary, 'pg_receivewal');
    await primary.query('INSERT INTO t VALUES (1)');

    const stage = 'reeve_postgres_replication_stage_lag_bytes';
    const reading = await waitUntil('all three to stream', async () => {
      const seen = await fromPrimary.read('replication');
      const flushed = (replica: string) => valueOf(seen, stage, replica, 'flush') !== undefined;
      return ['berlin', 'feed', 'pg_receivewal'].every(flushed) ? seen : undefined;
    });
    await primary.query(`ALTER SUBSCRIPTION feed DISABLE`, 'subscriber');
    await primary.query(`ALTER SUBSCRIPTION feed SET (slot_name = NONE)`, 'subscriber');
    await primary.query(`DROP SUBSCRIPTION feed`, 'subscriber');

    expect(valueOf(reading, 'reeve_postgres_replicas')).toBe(1);
    expect(samplesOf(reading, bytes).map(({ labels }) => labels[0])).toEqual(['berlin']);
    expect(samplesOf(reading, seconds).every(({ labels }) => labels[0] === 'berlin')).toBe(true);
    expect(valueOf(reading, stage, 'pg_receivewal', 'replay')).toBeUndefined();
  });

  it('follows a promotion without reconnecting', async () => {
    await standby.promote();
    const [availability, reading] = await fromStandby.poll(['availability', 'replication']);

    expect(reading?.errors).toEqual([]);
    expect(availability && valueOf(availability, 'reeve_postgres_in_recovery')).toBe(0);
    expect(availability && valueOf(availability, 'reeve_postgres_timeline')).toBe(2);
    expect(reading && samplesOf(reading, seconds)).toEqual([]);
  });
});
