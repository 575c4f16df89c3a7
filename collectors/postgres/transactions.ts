import { z } from 'zod';
import { CounterWindow } from '../../src/sdk.ts';
import type { PostgresMetrics } from './metrics.ts';
import type { PostgresContext, PostgresReader } from './session.ts';

const counter = z.number().nullable();
const row = z.object({
  database: z.string(),
  backends: z.number(),
  commits: counter,
  rollbacks: counter,
  deadlocks: counter,
  conflicts: counter,
  temp_files: counter,
  temp_bytes: counter,
  rows_returned: counter,
  rows_fetched: counter,
  rows_inserted: counter,
  rows_updated: counter,
  rows_deleted: counter,
  checksum_failures: counter,
  read_seconds: counter,
  write_seconds: counter,
  sessions: counter,
  sessions_abandoned: counter,
  sessions_fatal: counter,
  sessions_killed: counter,
  session_seconds: counter,
  active_seconds: counter,
  idle_in_transaction_seconds: counter,
  statistics_reset: z.number().nullable(),
});

type Row = z.infer<typeof row>;

const rowOperations = ['returned', 'fetched', 'inserted', 'updated', 'deleted'] as const;

/** Time of block I/O is measured while track_io_timing is on; zeros of a server that never measured are unknown. */
const ioSeconds = (column: string): string =>
  `CASE WHEN current_setting('track_io_timing')::bool OR ${column} > 0 THEN ${column} / 1000 END`;

/** Counted only with track_counts (transactions and sessions are counted in any case); what was not counted is unknown. */
const counted = (column: string, name = column): string =>
  `CASE WHEN current_setting('track_counts')::bool THEN ${column} END AS ${name}`;

/** Summed only with track_activities. */
const followed = (column: string, name: string): string =>
  `CASE WHEN current_setting('track_activities')::bool THEN ${column} / 1000 END AS ${name}`;

const sessionColumns = `
         sessions, sessions_abandoned, sessions_fatal, sessions_killed, session_time / 1000 AS session_seconds,
         ${followed('active_time', 'active_seconds')}, ${followed('idle_in_transaction_time', 'idle_in_transaction_seconds')}`;
const noSessionColumns = `
         NULL AS sessions, NULL AS sessions_abandoned, NULL AS sessions_fatal, NULL AS sessions_killed,
         NULL AS session_seconds, NULL AS active_seconds, NULL AS idle_in_transaction_seconds`;

const sql = (hasSessions: boolean): string => `
  SELECT datname AS database, numbackends AS backends, xact_commit AS commits, xact_rollback AS rollbacks,
         ${['deadlocks', 'conflicts', 'temp_files', 'temp_bytes', 'checksum_failures'].map((name) => counted(name)).join(', ')},
         ${rowOperations.map((operation) => counted(`tup_${operation}`, `rows_${operation}`)).join(', ')},
         ${ioSeconds('blk_read_time')} AS read_seconds, ${ioSeconds('blk_write_time')} AS write_seconds,
         extract(epoch FROM stats_reset)::float8 AS statistics_reset,
         ${hasSessions ? sessionColumns : noSessionColumns}
    FROM pg_stat_database
   WHERE datname = ANY ($1)`;

/** One sample a column and database; a column with a label value shares its metric with others. */
const readings = [
  { column: 'commits', metric: 'commits' },
  { column: 'rollbacks', metric: 'rollbacks' },
  { column: 'deadlocks', metric: 'deadlocks' },
  { column: 'conflicts', metric: 'recoveryConflicts' },
  { column: 'temp_files', metric: 'tempFiles' },
  { column: 'temp_bytes', metric: 'tempBytes' },
  { column: 'checksum_failures', metric: 'checksumFailures' },
  { column: 'read_seconds', metric: 'blockReadSeconds' },
  { column: 'write_seconds', metric: 'blockWriteSeconds' },
  { column: 'sessions', metric: 'sessions' },
  { column: 'session_seconds', metric: 'sessionSeconds' },
  { column: 'active_seconds', metric: 'activeSeconds' },
  { column: 'idle_in_transaction_seconds', metric: 'idleInTransactionSeconds' },
  { column: 'statistics_reset', metric: 'statisticsResetTimestampSeconds' },
] as const satisfies readonly { column: keyof Row; metric: keyof PostgresMetrics }[];

const sessionEnds = ['abandoned', 'fatal', 'killed'] as const;

/** Opened sessions per second from which a pool would pay, over the window… */
const churnPerSecond = 5;
/** …when so many sessions were opened for each one that is there: sessions do not last. */
const churnPerConnection = 10;
/** A shorter span of readings says nothing about a habit. */
const churnMinimumSpanMs = 60_000;

/** Makes the reader of the counters by database; it remembers how many sessions were opened. */
export function createTransactionsReader(windowMs: number): PostgresReader {
  const opened = new CounterWindow<'sessions'>(windowMs);

  return async (session, context) => {
    const hasSessions = session.has('pg_stat_database.session_time');
    const rows = await session.main.query(sql(hasSessions), row, context.signal, [session.databases]);
    context.truncate(session.leftOutDatabases);
    for (const seen of rows) recordDatabase(context, seen);
    if (!hasSessions || rows.length === 0) return;
    const epoch = `${session.server.statisticsEpoch} ${rows.map(({ database }) => database).join('\n')}`;
    const sessions = sum(rows.map((seen) => seen.sessions ?? 0));
    opened.add(context.monotonicMs, { sessions }, epoch);
    findChurn(context, opened, sum(rows.map(({ backends }) => backends)));
  };
}

function recordDatabase(context: PostgresContext, seen: Row): void {
  const { database } = seen;
  for (const { column, metric } of readings) context.record(metric, seen[column] ?? undefined, { database });
  for (const operation of rowOperations) {
    context.record('rows', seen[`rows_${operation}`] ?? undefined, { database, operation });
  }
  for (const reason of sessionEnds) {
    context.record('sessionsEnded', seen[`sessions_${reason}`] ?? undefined, { database, reason });
  }
}

function findChurn(context: PostgresContext, opened: CounterWindow<'sessions'>, connections: number): void {
  const delta = opened.delta();
  if (delta === undefined || delta.spanMs < churnMinimumSpanMs) return;
  const perSecond = (delta.growth.sessions * 1000) / delta.spanMs;
  if (perSecond < churnPerSecond || delta.growth.sessions < churnPerConnection * connections) return;
  context.find({
    code: 'connection_churn',
    severity: 'warning',
    subject: '',
    message: `${perSecond.toFixed(1)} sessions are opened per second for ${connections} connections: each costs a process and a login.`,
    remedy:
      'Let the applications use a connection pool (in the driver, or PgBouncer in front of the server).',
  });
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
