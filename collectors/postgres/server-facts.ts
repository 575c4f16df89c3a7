import { z } from 'zod';
import { CollectError, type ServerIdentity } from '../../src/sdk.ts';
import type { Connection } from './client.ts';
import { quoteIdentifier } from './quote.ts';

/** What does not change while a connection lives. */
export interface ServerConstants {
  /** As in `server_version_num`: 180004 is 18.4. For messages; columns are asked of the catalog, not guessed from this. */
  readonly versionNumber: number;
  /** As the server prints it, without the packager's suffix. */
  readonly version: string;
  /** Shared by all members of a cluster, and by clones. */
  readonly systemIdentifier: string;
  /** Unix time in seconds. */
  readonly startedAt: number;
  readonly address: string | undefined;
  readonly port: number | undefined;
  /** The role of the agent. */
  readonly user: string;
}

/** What every group may know about the server; what can change is read anew at the beginning of each poll. */
export interface ServerFacts extends ServerConstants {
  readonly inRecovery: boolean;
  /** By the server's own clock. */
  readonly uptimeSeconds: number;
  /** Of the WAL that the server writes (primary) or replays (standby). */
  readonly timeline: number;
  /** Changes when the server's cumulative statistics were discarded (crash) or reset as a whole. */
  readonly statisticsEpoch: string;
  /** Whether the agent sees the sessions of other roles; without, their columns are empty and must not be counted as none. */
  readonly readsAllStatistics: boolean;
}

const constantsRow = z.object({
  version_number: z.coerce.number(),
  version: z.string(),
  system_identifier: z.string(),
  started_at: z.number(),
  address: z.string().nullable(),
  port: z.number().nullable(),
  user: z.string(),
});

const constantsSql = `
  SELECT current_setting('server_version_num') AS version_number,
         split_part(current_setting('server_version'), ' ', 1) AS version,
         (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
         extract(epoch FROM pg_postmaster_start_time())::float8 AS started_at,
         host(inet_server_addr()) AS address,
         inet_server_port() AS port,
         current_user::text AS "user"`;

const oldestSupported = 130_000;

/** @throws {CollectError} `unsupported` before PostgreSQL 13. */
export async function readServerConstants(main: Connection, signal: AbortSignal): Promise<ServerConstants> {
  const [row] = await main.query(constantsSql, constantsRow, signal);
  if (row === undefined) throw new CollectError('malformed', 'the server did not describe itself');
  if (row.version_number < oldestSupported) {
    throw new CollectError('unsupported', `PostgreSQL ${row.version} is older than 13, the oldest supported`);
  }
  return {
    versionNumber: row.version_number,
    version: row.version,
    systemIdentifier: row.system_identifier,
    startedAt: row.started_at,
    address: row.address ?? undefined,
    port: row.port ?? undefined,
    user: row.user,
  };
}

const factsRow = z.object({
  in_recovery: z.boolean(),
  uptime: z.number(),
  timeline: z.number(),
  statistics_epoch: z.string(),
  reads_all_statistics: z.boolean(),
});

/**
 * The timeline of a primary is in the name of the WAL file it writes; the control file of a freshly promoted one still shows the old
 * one. Source of the epoch: a crash recovery discards the statistics and stamps `stats_reset` of the fixed views anew.
 */
const factsSql = `
  SELECT pg_is_in_recovery() AS in_recovery,
         greatest(extract(epoch FROM clock_timestamp() - pg_postmaster_start_time()), 0)::float8 AS uptime,
         CASE WHEN pg_is_in_recovery()
              THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver),
                            (SELECT timeline_id FROM pg_control_checkpoint()))
              ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
         END AS timeline,
         coalesce((SELECT stats_reset::text FROM pg_stat_archiver), '') AS statistics_epoch,
         pg_has_role('pg_read_all_stats', 'USAGE') AS reads_all_statistics`;

export async function readServerFacts(
  main: Connection,
  constants: ServerConstants,
  signal: AbortSignal,
): Promise<ServerFacts> {
  const [row] = await main.query(factsSql, factsRow, signal);
  if (row === undefined) throw new CollectError('malformed', 'the server did not describe itself');
  return {
    ...constants,
    inRecovery: row.in_recovery,
    uptimeSeconds: row.uptime,
    timeline: row.timeline,
    statisticsEpoch: row.statistics_epoch,
    readsAllStatistics: row.reads_all_statistics,
  };
}

/** @throws {CollectError} `denied` when the sessions of other roles are hidden: what is hidden is unknown, not zero. */
export function requireAllStatistics(server: ServerFacts, what: string): void {
  if (server.readsAllStatistics) return;
  throw new CollectError(
    'denied',
    `permission denied reading ${what}: GRANT pg_monitor TO ${quoteIdentifier(server.user)}`,
  );
}

export function identityOf(facts: ServerFacts): ServerIdentity {
  return {
    version: facts.version,
    role: facts.inRecovery ? 'replica' : 'primary',
    ...(facts.address === undefined ? {} : { address: facts.address }),
    ...(facts.port === undefined ? {} : { port: facts.port }),
  };
}
