import { z } from 'zod';
import { CollectError, type GroupContext, type ServerIdentity, toCollectError } from '../../src/sdk.ts';
import type { Connection } from './client.ts';
import { type OptionalColumn, optionalColumns } from './columns.ts';
import type { PostgresOptions } from './config.ts';
import type { PostgresMetrics } from './metrics.ts';

export type PostgresContext = GroupContext<PostgresMetrics>;

/** What every group may know about the server; read anew at the beginning of each poll. */
export interface ServerFacts {
  /** As in `server_version_num`: 180004 is 18.4. For messages; columns are asked of the catalog, not guessed from this. */
  readonly versionNumber: number;
  /** As the server prints it, without the packager's suffix. */
  readonly version: string;
  readonly inRecovery: boolean;
  /** Shared by all members of a cluster, and by clones. */
  readonly systemIdentifier: string;
  /** Of the WAL that the server writes (primary) or replays (standby). */
  readonly timeline: number;
  /** Unix time in seconds. */
  readonly startedAt: number;
  /** Changes when the server's cumulative statistics were discarded (crash) or reset as a whole. */
  readonly statisticsEpoch: string;
  readonly address: string | undefined;
  readonly port: number | undefined;
}

/** The connections of one target during one poll. */
export interface Session {
  /** To the URL's database; server-wide views are read here. */
  readonly main: Connection;
  readonly server: ServerFacts;
  readonly options: PostgresOptions;
  /** Databases in scope, the URL's first. */
  readonly databases: readonly string[];
  /** Whether the main database has this column. */
  has(column: OptionalColumn): boolean;
  /** Reads each database in scope on its own connection; one that fails is unknown, the others are not. */
  eachDatabase(
    context: PostgresContext,
    read: (database: Connection, context: PostgresContext) => Promise<void>,
  ): Promise<void>;
}

const factsRow = z.object({
  version_number: z.coerce.number(),
  version: z.string(),
  in_recovery: z.boolean(),
  system_identifier: z.string(),
  timeline: z.number(),
  started_at: z.number(),
  statistics_epoch: z.string(),
  address: z.string().nullable(),
  port: z.number().nullable(),
});

/**
 * The timeline of a primary is in the name of the WAL file it writes; the control file of a freshly promoted one still shows the old
 * one. Source of the epoch: a crash recovery discards the statistics and stamps `stats_reset` of the fixed views anew.
 */
const factsSql = `
  SELECT current_setting('server_version_num') AS version_number,
         split_part(current_setting('server_version'), ' ', 1) AS version,
         pg_is_in_recovery() AS in_recovery,
         (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier,
         CASE WHEN pg_is_in_recovery()
              THEN coalesce((SELECT received_tli FROM pg_stat_wal_receiver),
                            (SELECT timeline_id FROM pg_control_checkpoint()))
              ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
         END AS timeline,
         extract(epoch FROM pg_postmaster_start_time())::float8 AS started_at,
         coalesce((SELECT stats_reset::text FROM pg_stat_archiver), '') AS statistics_epoch,
         host(inet_server_addr()) AS address,
         inet_server_port() AS port`;

export async function readServerFacts(main: Connection, signal: AbortSignal): Promise<ServerFacts> {
  const [row] = await main.query(factsSql, factsRow, signal);
  if (row === undefined) throw new CollectError('malformed', 'the server did not describe itself');
  return {
    versionNumber: row.version_number,
    version: row.version,
    inRecovery: row.in_recovery,
    systemIdentifier: row.system_identifier,
    timeline: row.timeline,
    startedAt: row.started_at,
    statisticsEpoch: row.statistics_epoch,
    address: row.address ?? undefined,
    port: row.port ?? undefined,
  };
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
  const others = rows
    .map(({ name }) => name)
    .filter((name) => matchesAny(scope.include, name) && !matchesAny(scope.exclude, name));
  const databases = [main.database, ...others.slice(0, scope.max - 1)];
  return { databases, leftOut: others.length + 1 - databases.length };
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
