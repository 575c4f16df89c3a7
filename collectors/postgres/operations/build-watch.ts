import { z } from 'zod';
import type { Clock } from '../../../src/sdk.ts';
import type { Connection } from '../client.ts';

const row = z.object({
  blocked: z.array(z.number()),
  lag_bytes: z.number(),
});

/** Autovacuum waits behind a build as a matter of course. */
const sql = `
  SELECT ARRAY(SELECT pid FROM pg_stat_activity
                WHERE wait_event_type = 'Lock' AND backend_type <> 'autovacuum worker' AND datname = current_database()
                  AND $1::int = ANY (pg_blocking_pids(pid))) AS blocked,
         coalesce((SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)) FROM pg_stat_replication
                    WHERE state = 'streaming'), 0) AS lag_bytes`;

/** A standby that is this much WAL behind gets no more of it from a build. */
const mostLagBytes = 512 * 1_048_576;

/** Says when a build must stop: somebody has waited behind it for longer than the lock timeout, or a standby falls behind. */
export function watchBuild(options: {
  readonly connection: Pick<Connection, 'query'>;
  readonly processId: number;
  readonly lockTimeoutMs: number;
  readonly clock: Clock;
}): (signal: AbortSignal) => Promise<string | undefined> {
  const { connection, processId, lockTimeoutMs, clock } = options;
  const since = new Map<number, number>();
  return async (signal) => {
    const [seen] = await connection.query(sql, row, signal, [processId]);
    if (seen === undefined) return undefined;
    const now = clock.monotonicMs();
    for (const pid of since.keys()) if (!seen.blocked.includes(pid)) since.delete(pid);
    for (const pid of seen.blocked) {
      const first = since.get(pid) ?? now;
      since.set(pid, first);
      if (now - first >= lockTimeoutMs)
        return `process ${pid} waited behind it for longer than the lock timeout (${lockTimeoutMs} ms)`;
    }
    return seen.lag_bytes > mostLagBytes
      ? `a standby is ${Math.round(seen.lag_bytes / 1_048_576)} MiB of WAL behind`
      : undefined;
  };
}
