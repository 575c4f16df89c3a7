import { z } from 'zod';
import type { Connection } from './client.ts';

const row = z.object({ statistics_reset: z.string(), is_on: z.boolean() });

/**
 * A role or a database may have its own setting; so may a session of a superuser, which nobody can see. Only CASE keeps the server from
 * casting the values of other settings: the conditions of an AND are evaluated in whatever order it likes.
 */
const sql = `
  SELECT coalesce(pg_stat_get_db_stat_reset_time(d.oid)::text, '') AS statistics_reset,
         current_setting('track_counts')::bool AND NOT EXISTS (
           SELECT FROM pg_db_role_setting s, unnest(s.setconfig) AS setting
            WHERE s.setdatabase IN (0, d.oid)
              AND CASE WHEN setting ~* '^track_counts=' THEN NOT split_part(setting, '=', 2)::bool ELSE false END) AS is_on
    FROM pg_database d WHERE d.datname = current_database()`;

/** Whether uses of indexes are counted in this database, and since which reset. */
export async function readCounting(
  connection: Connection,
  signal: AbortSignal,
): Promise<{ readonly statisticsReset: string; readonly isOn: boolean }> {
  const [found] = await connection.query(sql, row, signal);
  return { statisticsReset: found?.statistics_reset ?? '', isOn: found?.is_on ?? false };
}
