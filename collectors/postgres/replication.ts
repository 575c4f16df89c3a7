import { z } from 'zod';
import { LsnHistory } from './lsn-history.ts';
import { notNegative } from './not-negative.ts';
import { nameReplicas } from './replica-name.ts';
import { requireAllStatistics } from './server-facts.ts';
import type { PostgresContext, PostgresReader } from './session.ts';
import { createStandbyReader } from './standby.ts';
import { walEndSql } from './wal-end.ts';
import { isStandby, walsenders } from './walsenders.ts';

const mostReplicas = 100;

const optional = z.number().nullable();
const row = z.object({
  application: z.string(),
  address: z.string().nullable(),
  slot: z.string().nullable(),
  state: z.string(),
  sync_state: z.string(),
  end: optional,
  replayed: optional,
  sent_bytes: notNegative,
  write_bytes: notNegative,
  flush_bytes: notNegative,
  replay_bytes: notNegative,
  write_seconds: optional,
  flush_seconds: optional,
  replay_seconds: optional,
  is_standby: z.boolean(),
  standbys: z.number(),
  total: z.number(),
});

type Row = z.infer<typeof row>;

/** The end is taken first, so a position taken later may be past it: that is no lag, not a negative one. */
const bytesBehind = (column: string): string => `pg_wal_lsn_diff(wal.lsn, ${column})::float8`;

/** Standbys first, so that the cap never leaves one out for a subscriber or receiver. */
const sql = `
  WITH wal AS MATERIALIZED (SELECT ${walEndSql} AS lsn)
  SELECT r.application_name AS application, host(r.client_addr) AS address, s.slot_name::text AS slot,
         coalesce(r.state, 'unknown') AS state, coalesce(r.sync_state, 'unknown') AS sync_state,
         (wal.lsn - '0/0'::pg_lsn)::float8 AS "end", (r.replay_lsn - '0/0'::pg_lsn)::float8 AS replayed,
         ${bytesBehind('r.sent_lsn')} AS sent_bytes, ${bytesBehind('r.write_lsn')} AS write_bytes,
         ${bytesBehind('r.flush_lsn')} AS flush_bytes, ${bytesBehind('r.replay_lsn')} AS replay_bytes,
         extract(epoch FROM r.write_lag)::float8 AS write_seconds,
         extract(epoch FROM r.flush_lag)::float8 AS flush_seconds,
         extract(epoch FROM r.replay_lag)::float8 AS replay_seconds,
         ${isStandby} AS is_standby, count(*) FILTER (WHERE ${isStandby}) OVER () AS standbys, count(*) OVER () AS total
    FROM wal CROSS JOIN ${walsenders}
   WHERE r.state IS DISTINCT FROM 'backup'
   ORDER BY is_standby DESC, r.application_name, s.slot_name, r.client_addr, r.backend_start
   LIMIT ${mostReplicas}`;

const stages = ['sent', 'write', 'flush', 'replay'] as const;
const timedStages = ['write', 'flush', 'replay'] as const;

/** Makes the reader of replication, from both ends; it remembers when which WAL existed. */
export function createReplicationReader(): PostgresReader {
  const history = new LsnHistory();
  const readStandby = createStandbyReader();

  return async (session, context) => {
    requireAllStatistics(session.server, 'replication');
    if (session.server.inRecovery) await readStandby(session, context);
    const rows = await session.main.query(sql, row, context.signal);
    const nowMs = context.monotonicMs;
    const end = rows[0]?.end;
    if (typeof end === 'number') history.add(nowMs, end);
    context.record('replicas', rows[0]?.standbys ?? 0, {});
    context.truncate((rows[0]?.total ?? 0) - rows.length);
    const names = nameReplicas(rows);
    for (const [at, seen] of rows.entries()) recordReplica(context, names[at] ?? '', seen, history, nowMs);
  };
}

function recordReplica(
  context: PostgresContext,
  replica: string,
  seen: Row,
  history: LsnHistory,
  nowMs: number,
): void {
  if (seen.is_standby) {
    const behindMs = seen.replayed === null ? undefined : history.behindMs(seen.replayed, nowMs);
    context.record('replicationLagSeconds', lagSeconds(seen, behindMs), { replica });
    context.record('replicationLagBytes', seen.replay_bytes ?? undefined, { replica });
  }
  context.record('replicaState', 1, { replica, state: seen.state, sync_state: seen.sync_state });
  for (const stage of stages) {
    context.record('replicationStageLagBytes', seen[`${stage}_bytes`] ?? undefined, { replica, stage });
  }
  for (const stage of timedStages) {
    context.record('replicationStageLagSeconds', seen[`${stage}_seconds`] ?? undefined, { replica, stage });
  }
}

/**
 * The server measures `replay_lag` when the replica confirms, and forgets it soon after the replica caught up: then nothing to replay is
 * no lag. A replica that confirms nothing any more keeps its last good value, so the age of the WAL it lacks is a lower bound; without
 * any measurement that bound stands alone, and before a second reading the lag is unknown.
 */
export function lagSeconds(
  seen: { readonly replay_seconds: number | null; readonly replay_bytes: number | null },
  behindMs: number | undefined,
): number | undefined {
  if (seen.replay_bytes === null) return undefined;
  const atLeast = seen.replay_bytes === 0 || behindMs === undefined ? undefined : behindMs / 1000;
  if (seen.replay_seconds !== null) return Math.max(seen.replay_seconds, atLeast ?? 0);
  return seen.replay_bytes === 0 ? 0 : atLeast;
}
