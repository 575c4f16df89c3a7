import { z } from 'zod';
import type { Connection } from '../../client.ts';

/** One table or materialized view with all that belongs to it. Bytes from catalogs alone: size functions queue behind locks. */
const tableRow = z.object({
  name: z.string(),
  heap_bytes: z.number(),
  toast_bytes: z.number(),
  index_bytes: z.number(),
  live_rows: z.number(),
  dead_rows: z.number(),
  /** Rows inserted less rows deleted, a day, since the counters began. */
  rows_per_day: z.number().nullable(),
  /** Null: never. */
  vacuumed_hours: z.number().nullable(),
  options: z.array(z.string()),
});

export type GrowingTable = z.infer<typeof tableRow>;

const tablesSql = `
  WITH since AS (
    SELECT greatest(extract(epoch FROM now() - coalesce(stats_reset, pg_postmaster_start_time())), 0)::float8 / 86400 AS days
      FROM pg_stat_database WHERE datname = current_database())
  SELECT format('%I.%I', n.nspname, c.relname) AS name,
         c.relpages * current_setting('block_size')::float8 AS heap_bytes,
         coalesce(t.relpages, 0) * current_setting('block_size')::float8 AS toast_bytes,
         coalesce((SELECT sum(x.relpages) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid), 0)
           * current_setting('block_size')::float8 AS index_bytes,
         coalesce(s.n_live_tup, 0)::float8 AS live_rows, coalesce(s.n_dead_tup, 0)::float8 AS dead_rows,
         CASE WHEN since.days >= 1 THEN ((s.n_tup_ins - s.n_tup_del) / since.days)::float8 END AS rows_per_day,
         (extract(epoch FROM now() - greatest(s.last_vacuum, s.last_autovacuum)) / 3600)::float8 AS vacuumed_hours,
         coalesce(c.reloptions, '{}') AS options
    FROM since, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_class t ON t.oid = c.reltoastrelid LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
   WHERE c.relkind IN ('r', 'm') AND c.oid >= 16384 AND c.relpersistence <> 't' AND n.nspname NOT IN ('information_schema', 'reeve')
   ORDER BY c.relpages + coalesce(t.relpages, 0) DESC, 1 LIMIT 200`;

const databaseRow = z.object({
  database: z.string(),
  bytes: z.number(),
  temp_bytes_per_day: z.number().nullable(),
});
const databaseSql = `
  SELECT current_database()::text AS database, pg_database_size(current_database())::float8 AS bytes,
         CASE WHEN now() - coalesce(stats_reset, pg_postmaster_start_time()) >= interval '1 day'
              THEN (temp_bytes * 86400 / extract(epoch FROM now() - coalesce(stats_reset, pg_postmaster_start_time())))::float8 END AS temp_bytes_per_day
    FROM pg_stat_database WHERE datname = current_database()`;

export interface DatabaseGrowth extends z.infer<typeof databaseRow> {
  readonly tables: readonly GrowingTable[];
}

export async function readDatabaseGrowth(
  connection: Connection,
  signal: AbortSignal,
): Promise<DatabaseGrowth> {
  const [found] = await connection.query(databaseSql, databaseRow, signal);
  const tables = await connection.query(tablesSql, tableRow, signal);
  return { ...(found ?? { database: connection.database, bytes: 0, temp_bytes_per_day: null }), tables };
}

const holderRow = z.object({
  /** `slot`, `transaction`, `prepared transaction`. */
  kind: z.string(),
  name: z.string(),
  active: z.boolean(),
  /** WAL that cannot be removed for it; null where it holds none. */
  wal_bytes: z.number().nullable(),
  /** Transactions since the oldest row that it may still see; null where it holds none. */
  xmin_age: z.number().nullable(),
});

export type Holder = z.infer<typeof holderRow>;

/** Who holds WAL or dead rows back. */
const holdersSql = `
  WITH wal AS (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn)
  SELECT 'slot' AS kind, slot_name::text AS name, active, pg_wal_lsn_diff(wal.lsn, restart_lsn)::float8 AS wal_bytes,
         greatest(age(xmin), age(catalog_xmin))::float8 AS xmin_age
    FROM wal, pg_replication_slots WHERE NOT temporary
  UNION ALL
  SELECT 'transaction', format('process %s of %s', pid, usename), true, NULL, age(backend_xmin)::float8
    FROM pg_stat_activity WHERE xact_start < now() - interval '1 hour' AND backend_xmin IS NOT NULL AND pid <> pg_backend_pid()
  UNION ALL
  SELECT 'prepared transaction', gid, false, NULL, age(transaction)::float8 FROM pg_prepared_xacts WHERE prepared < now() - interval '1 hour'
  ORDER BY 4 DESC NULLS LAST, 5 DESC NULLS LAST LIMIT 50`;

const archiverRow = z.object({
  is_failing: z.boolean(),
  failed: z.number(),
  wal_bytes: z.number().nullable(),
});
const archiverSql = `
  SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS is_failing, failed_count::float8 AS failed,
         CASE WHEN pg_has_role('pg_monitor', 'USAGE') THEN (SELECT sum(size)::float8 FROM pg_ls_waldir()) END AS wal_bytes
    FROM pg_stat_archiver`;

export interface ServerGrowth {
  readonly holders: readonly Holder[];
  readonly archiverFails: boolean;
  /** Of the whole WAL directory; undefined where the login may not look. */
  readonly walBytes: number | undefined;
}

export async function readServerGrowth(connection: Connection, signal: AbortSignal): Promise<ServerGrowth> {
  const holders = await connection.query(holdersSql, holderRow, signal);
  const [archiver] = await connection.query(archiverSql, archiverRow, signal);
  return {
    holders,
    archiverFails: archiver?.is_failing ?? false,
    walBytes: archiver?.wal_bytes ?? undefined,
  };
}
