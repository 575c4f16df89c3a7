import { z } from 'zod';
import { notNegative } from './not-negative.ts';
import { requireAllStatistics } from './server-facts.ts';
import type { PostgresContext, Session } from './session.ts';

/** Transactions older than this are worth a row for reports. */
const longTransactionSeconds = 60;
const sessionRows = 20;

const row = z.object({
  connections: z.record(z.string(), z.number()),
  waits: z.record(z.string(), z.number()),
  used: z.number(),
  limit: z.number(),
  hidden: z.number(),
  autovacuum_workers: z.number(),
  transaction_seconds: notNegative,
  query_seconds: notNegative,
  idle_in_transaction_seconds: notNegative,
  autovacuum_seconds: notNegative,
  session_xmin_age: notNegative,
  replica_xmin_age: notNegative,
  blocked: z.number(),
  lock_wait_seconds: notNegative,
  prepared: z.number(),
  prepared_seconds: notNegative,
  prepared_xmin_age: notNegative,
});

type Row = z.infer<typeof row>;

const clients = `backend_type = 'client backend' AND NOT own`;
const secondsSince = (time: string): string => `extract(epoch FROM clock_timestamp() - ${time})::float8`;

/** One pass over pg_stat_activity. pg_locks, which touches every partition of the lock table, is read only while somebody waits. */
const sql = (hasWaitStart: boolean): string => `
  WITH s AS MATERIALIZED (
    SELECT *, application_name LIKE 'reeve/%' AS own, wait_event_type = 'Lock' AS blocked
      FROM (SELECT pid, backend_type, application_name, state, wait_event_type, xact_start, query_start, state_change, backend_xmin
              FROM pg_stat_activity) a
  ), p AS MATERIALIZED (SELECT prepared, transaction FROM pg_prepared_xacts)
  SELECT (SELECT coalesce(json_object_agg(state, n), '{}') FROM (
            SELECT coalesce(state, 'starting') AS state, count(*) AS n FROM s WHERE ${clients} GROUP BY 1) t) AS connections,
         (SELECT coalesce(json_object_agg(type, n), '{}') FROM (
            SELECT coalesce(wait_event_type, 'CPU') AS type, count(*) AS n
              FROM s WHERE ${clients} AND state = 'active' GROUP BY 1) t) AS waits,
         count(*) FILTER (WHERE backend_type = 'client backend') AS used,
         current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true), '0')::int AS "limit",
         count(*) FILTER (WHERE ${clients} AND state = 'disabled') AS hidden,
         count(*) FILTER (WHERE backend_type = 'autovacuum worker') AS autovacuum_workers,
         ${secondsSince(`min(xact_start) FILTER (WHERE ${clients})`)} AS transaction_seconds,
         ${secondsSince(`min(query_start) FILTER (WHERE ${clients} AND state = 'active')`)} AS query_seconds,
         ${secondsSince(`min(state_change) FILTER (WHERE ${clients} AND state LIKE 'idle in transaction%')`)}
           AS idle_in_transaction_seconds,
         ${secondsSince(`min(xact_start) FILTER (WHERE backend_type = 'autovacuum worker')`)} AS autovacuum_seconds,
         max(age(backend_xmin)) FILTER (WHERE ${clients}) AS session_xmin_age,
         max(age(backend_xmin)) FILTER (WHERE backend_type = 'walsender') AS replica_xmin_age,
         count(*) FILTER (WHERE blocked AND NOT own) AS blocked,
         ${hasWaitStart ? lockWait : 'NULL::float8'} AS lock_wait_seconds,
         (SELECT count(*) FROM p) AS prepared,
         (SELECT ${secondsSince('min(prepared)')} FROM p) AS prepared_seconds,
         (SELECT max(age(transaction)) FROM p) AS prepared_xmin_age
    FROM s`;

const lockWait = `CASE WHEN count(*) FILTER (WHERE blocked AND NOT own) > 0 THEN
           (SELECT ${secondsSince('min(l.waitstart)')} FROM pg_locks l
             WHERE NOT l.granted AND l.pid IN (SELECT w.pid FROM s w WHERE NOT w.own)) END`;

/** States that are always published, so that a zero is seen as a zero. */
const usualStates = ['active', 'idle', 'idle in transaction', 'idle in transaction (aborted)'];

/** Client sessions: how many in which state, how long they have been at it, what they hold back, who waits for whom. */
export async function readActivity(session: Session, context: PostgresContext): Promise<void> {
  requireAllStatistics(session.server, 'the sessions of other roles');
  const hasWaitStart = session.has('pg_locks.waitstart');
  const [seen] = await session.main.query(sql(hasWaitStart), row, context.signal);
  if (seen === undefined) return;
  recordStates(context, seen);
  context.record('maxConnections', seen.limit, {});
  context.record('connectionUtilizationRatio', seen.limit > 0 ? seen.used / seen.limit : undefined, {});
  recordAges(context, seen);
  // Measured: a session without track_activities shows its waits all the same since 14, which has pg_locks.waitstart too.
  if (seen.hidden === 0 || hasWaitStart) recordWaits(context, seen);
  if (seen.blocked > 0 || (seen.transaction_seconds ?? 0) > longTransactionSeconds) {
    await keepSessions(session, context);
  }
}

/** A session without track_activities may be in any state: then only what others say is counted, and nothing is zero. */
function recordStates(context: PostgresContext, seen: Row): void {
  const always = seen.hidden === 0 ? usualStates : [];
  for (const state of new Set([...always, ...Object.keys(seen.connections)])) {
    context.record('connections', seen.connections[state] ?? 0, { state });
  }
  if (seen.hidden > 0) return;
  for (const [wait, sessions] of Object.entries(seen.waits)) {
    context.record('activeSessions', sessions, { wait });
  }
}

/** No lock awaited is zero; a wait whose start the server does not tell is unknown. */
function recordWaits(context: PostgresContext, seen: Row): void {
  context.record('blockedSessions', seen.blocked, {});
  context.record('lockWaitSeconds', seen.blocked === 0 ? 0 : (seen.lock_wait_seconds ?? undefined), {});
}

/**
 * Where every session says what it does, no age means that there is nothing of the kind: zero. A client session without track_activities
 * has no times, and may be the oldest; so has an autovacuum worker.
 */
function recordAges(context: PostgresContext, seen: Row): void {
  if (seen.hidden === 0) {
    context.record('oldestTransactionSeconds', seen.transaction_seconds ?? 0, {});
    context.record('longestQuerySeconds', seen.query_seconds ?? 0, {});
    context.record('longestIdleInTransactionSeconds', seen.idle_in_transaction_seconds ?? 0, {});
  }
  context.record('autovacuumWorkers', seen.autovacuum_workers, {});
  const noWorker = seen.autovacuum_workers === 0 ? 0 : undefined;
  context.record('oldestAutovacuumSeconds', seen.autovacuum_seconds ?? noWorker, {});
  context.record('preparedTransactions', seen.prepared, {});
  context.record('oldestPreparedTransactionSeconds', seen.prepared_seconds ?? 0, {});
  context.record('xminAge', seen.session_xmin_age ?? 0, { holder: 'session' });
  context.record('xminAge', seen.replica_xmin_age ?? 0, { holder: 'replica' });
  context.record('xminAge', seen.prepared_xmin_age ?? 0, { holder: 'prepared' });
}

const sessionRow = z.object({
  pid: z.number(),
  database: z.string().nullable(),
  user: z.string().nullable(),
  application: z.string().nullable(),
  state: z.string().nullable(),
  waitEvent: z.string().nullable(),
  transactionSeconds: notNegative,
  stateSeconds: notNegative,
  blockedBy: z.array(z.string()),
  queryId: z.string().nullable(),
});

/** Evidence without any statement's text: the sessions that wait, then those whose transactions are oldest. */
const sessionsSql = (hasQueryId: boolean): string => `
  SELECT pid, datname AS database, usename AS "user", application_name AS application, state, wait_event AS "waitEvent",
         ${secondsSince('xact_start')} AS "transactionSeconds", ${secondsSince('state_change')} AS "stateSeconds",
         CASE WHEN blocked THEN pg_blocking_pids(pid)::text[] ELSE '{}' END AS "blockedBy",
         ${hasQueryId ? 'query_id::text' : 'NULL'} AS "queryId"
    FROM (SELECT *, coalesce(wait_event_type = 'Lock', false) AS blocked
            FROM pg_stat_activity
           WHERE backend_type <> 'walsender' AND application_name NOT LIKE 'reeve/%' AND xact_start IS NOT NULL
           ORDER BY coalesce(wait_event_type = 'Lock', false) DESC, xact_start
           LIMIT ${sessionRows}) a
   ORDER BY blocked DESC, xact_start`;

async function keepSessions(session: Session, context: PostgresContext): Promise<void> {
  const hasQueryId = session.has('pg_stat_activity.query_id');
  context.detail('sessions', await session.main.query(sessionsSql(hasQueryId), sessionRow, context.signal));
}
