import { z } from 'zod';
import type { Connection } from './client.ts';

/**
 * Columns that only some server or extension versions have. They are asked of the catalog once a connection; a missing one costs only
 * the values that need it. Versions in the comments are for the reader, never for the code.
 */
export const optionalColumns = [
  'pg_stat_bgwriter.checkpoints_timed', // up to 16
  'pg_stat_bgwriter.buffers_backend', // up to 16
  'pg_stat_io.op_bytes', // 16 and 17
  'pg_locks.waitstart', // 14
  'pg_stat_activity.query_id', // 14
  'pg_stat_database.session_time', // 14
  'pg_stat_statements.toplevel', // 14
  'pg_stat_statements_info.dealloc', // 14
  'pg_stat_wal.wal_bytes', // 14
  'pg_stat_io.reads', // 16
  'pg_stat_all_indexes.last_idx_scan', // 16
  'pg_replication_slots.conflicting', // 16
  'pg_stat_checkpointer.num_timed', // 17
  'pg_replication_slots.inactive_since', // 17
  'pg_replication_slots.invalidation_reason', // 17
  'pg_stat_statements.stats_since', // 17
  'pg_stat_io.read_bytes', // 18
  'pg_stat_checkpointer.num_done', // 18
] as const;

export type OptionalColumn = (typeof optionalColumns)[number];

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
