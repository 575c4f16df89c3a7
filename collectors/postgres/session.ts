import { z } from 'zod';
import { CollectError, type GroupContext, type ServerIdentity, toCollectError } from '../../src/sdk.ts';
import type { Connection } from './client.ts';
import { type OptionalColumn, optionalColumns } from './columns.ts';
import type { PostgresOptions } from './config.ts';
import type { PostgresMetrics } from './metrics.ts';
import { quoteIdentifier } from './quote.ts';

export type PostgresContext = GroupContext<PostgresMetrics>;

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

/** The connections of one target during one poll. */
export interface Session {
  /** To the URL's database; server-wide views are read here. */
  readonly main: Connection;
  readonly server: ServerFacts;
  readonly options: PostgresOptions;
  /** Databases in scope, the URL's first. */
  readonly databases: readonly string[];
  /** Databases that `databases.max` keeps out. */
  readonly leftOutDatabases: number;
  /** Whether another process answers than the one that login named, as behind a proxy. */
  readonly isProxied: boolean;
  /** Whether the main database has this column. */
  has(column: OptionalColumn): boolean;
  /** The connection to one database in scope, opened when there is none. */
  connectionTo(database: string, signal: AbortSignal): Promise<Connection>;
  /** Reads each database in scope on its own connection; one that fails is unknown, the others are not. */
  eachDatabase(
    context: PostgresContext,
    read: (database: Connection, context: PostgresContext) => Promise<void>,
  ): Promise<void>;
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

const columnRow = z.object({ name: z.string() });

/** Which of the optional columns the connection's database has, in whatever schema on the server an extension put them. */
export async function readOptionalColumns(
  connection: Connection,
  signal: AbortSignal,
): Promise<ReadonlySet<OptionalColumn>> {
  const rows = await connection.query(
    `SELECT DISTINCT c.relname || '.' || a.attname AS name
       FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE c.relkind = 'v' AND a.attnum > 0 AND c.relname || '.' || a.attname = ANY ($1)`,
    columnRow,
    signal,
    [optionalColumns],
  );
  const present = new Set(rows.map(({ name }) => name));
  return new Set(optionalColumns.filter((name) => present.has(name)));
}

const databaseRow = z.object({ name: z.string() });

/** Databases in scope: the URL's own, then the most active ones that include and exclude leave, up to the cap. */
export async function discoverDatabases(
  main: Connection,
  scope: PostgresOptions['databases'],
  signal: AbortSignal,
): Promise<{ readonly databases: readonly string[]; readonly leftOut: number }> {
  const rows = await main.query(
    `SELECT d.datname AS name
       FROM pg_database d LEFT JOIN pg_stat_database s ON s.datid = d.oid
      WHERE d.datallowconn AND NOT d.datistemplate AND d.datname <> current_database()
        AND has_database_privilege(d.oid, 'CONNECT')
      ORDER BY coalesce(s.xact_commit, 0) DESC, d.datname`,
    databaseRow,
    signal,
  );
  const others = rows.map(({ name }) => name).filter((name) => isInScope(scope, name));
  const databases = [main.database, ...others.slice(0, scope.max - 1)];
  return { databases, leftOut: others.length + 1 - databases.length };
}

/** Whether include and exclude leave this database in. */
export function isInScope(scope: PostgresOptions['databases'], name: string): boolean {
  return matchesAny(scope.include, name) && !matchesAny(scope.exclude, name);
}

/** `*` stands for any characters. */
function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
    return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
  });
}

/** Calls `read` for each database on a connection of its own and keeps failures apart. */
export async function readEachDatabase(
  context: PostgresContext,
  databases: readonly string[],
  connectionTo: (database: string) => Promise<Connection>,
  read: (database: Connection, context: PostgresContext) => Promise<void>,
): Promise<void> {
  for (const database of databases) {
    await context.attempt(database, async (inner) => {
      const connection = await connectionTo(database).catch((thrown: unknown) => {
        const error = toCollectError(thrown);
        throw new CollectError(error.code, `database ${JSON.stringify(database)}: ${error.message}`, {
          cause: thrown,
        });
      });
      await read(connection, inner);
    });
  }
}
