import { z } from 'zod';
import type { PostgresContext, Session } from './session.ts';

const row = z.object({ state: z.string(), connections: z.number(), limit: z.number() });

const sql = `
  SELECT coalesce(state, 'unknown') AS state, count(*)::int AS connections,
         current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
           - coalesce(current_setting('reserved_connections', true), '0')::int AS "limit"
    FROM pg_stat_activity
   WHERE backend_type = 'client backend' AND application_name NOT LIKE 'reeve/%'
   GROUP BY 1`;

/** Client connections by state against the limit for ordinary roles. */
export async function readConnections(session: Session, context: PostgresContext): Promise<void> {
  const rows = await session.main.query(sql, row, context.signal);
  for (const { state, connections } of rows) context.record('connections', connections, { state });
  context.record('maxConnections', rows[0]?.limit, {});
}
