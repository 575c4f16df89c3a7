import { z } from 'zod';
import type { Refusal } from '../../../../src/sdk.ts';
import type { Connection } from '../../client.ts';

type Reader = Pick<Connection, 'query'>;

/** What stands in the way of a build, as the server says it now. */
const row = z.object({
  is_primary: z.boolean(),
  /** Age of the oldest transaction of another session in seconds; 0 when there is none. */
  oldest_seconds: z.number(),
  oldest_pid: z.number().nullable(),
  prepared: z.number(),
  builds: z.number(),
  locks: z.number(),
  /** Of the standby that is furthest behind, in bytes of WAL not yet replayed; 0 without standbys. */
  lag_bytes: z.number(),
  /** Slots without a reader keep WAL: a build writes much of it. */
  wraparound_vacuum: z.boolean(),
});

export type ServerState = z.infer<typeof row>;

const sql = `
  SELECT NOT pg_is_in_recovery() AS is_primary,
         coalesce((SELECT max(extract(epoch FROM clock_timestamp() - xact_start))::float8 FROM pg_stat_activity
                    WHERE pid <> pg_backend_pid() AND datname = current_database() AND xact_start IS NOT NULL
                      AND backend_type NOT IN ('walsender', 'autovacuum worker')), 0) AS oldest_seconds,
         (SELECT pid FROM pg_stat_activity
           WHERE pid <> pg_backend_pid() AND datname = current_database() AND xact_start IS NOT NULL
             AND backend_type NOT IN ('walsender', 'autovacuum worker') ORDER BY xact_start LIMIT 1) AS oldest_pid,
         (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) AS prepared,
         (SELECT count(*) FROM pg_stat_progress_create_index
           WHERE datname = current_database() AND relid = $1::oid) AS builds,
         (SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND relation = $1::oid AND pid <> pg_backend_pid()
             AND mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')) AS locks,
         coalesce((SELECT max(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_lsn() END, replay_lsn))
                     FROM pg_stat_replication WHERE state = 'streaming'), 0) AS lag_bytes,
         EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = current_database()
                    AND query LIKE '%(to prevent wraparound)') AS wraparound_vacuum`;

export async function readServerState(
  reader: Reader,
  tableOid: string,
  signal: AbortSignal,
): Promise<ServerState> {
  const [state] = await reader.query(sql, row, signal, [tableOid]);
  if (state === undefined) throw new Error('the server did not describe itself');
  return state;
}

/** A build waits for all transactions that are older than itself, three times. */
export const longestTransactionSeconds = 60;
/** Standbys that are further behind get a build's WAL on top of it. */
export const mostLagBytes = 256 * 1024 * 1024;

/** Why nothing is built now. */
export function obstacles(state: ServerState, table: string): readonly Refusal[] {
  const found: Refusal[] = [];
  const refuse = (id: string, text: string): void => void found.push({ id, text });
  if (!state.is_primary)
    refuse('not_primary', 'the server is a standby: after a failover, plan again on the new primary');
  if (state.oldest_seconds > longestTransactionSeconds || state.prepared > 0) {
    const who =
      state.prepared > 0
        ? 'a prepared transaction is'
        : `a transaction of process ${state.oldest_pid ?? 'unknown'} has been`;
    const age = state.prepared > 0 ? '' : ` for ${Math.round(state.oldest_seconds)} s`;
    refuse(
      'no_long_transactions',
      `${who} open${age}, and a concurrent build waits for it: end it, or try again when it is over`,
    );
  }
  if (state.builds > 0) refuse('no_other_build', `another index of ${table} is being built: wait for it`);
  else if (state.locks > 0)
    refuse(
      'no_other_build',
      `${table} is locked by another command, such as a migration or VACUUM: wait for it`,
    );
  if (state.lag_bytes > mostLagBytes)
    refuse(
      'replicas_follow',
      `a standby is ${Math.round(state.lag_bytes / 1_048_576)} MiB behind, and a build adds to it: wait until it has caught up`,
    );
  if (state.wraparound_vacuum)
    refuse(
      'no_wraparound_vacuum',
      'autovacuum prevents wraparound of transaction ids: it goes first, wait for it',
    );
  return found;
}
