import { z } from 'zod';
import { notNegative } from './not-negative.ts';
import type { PostgresContext, Session } from './session.ts';

const worstTables = 20;

const row = z.object({
  counted: z.boolean(),
  tables: z.number(),
  dead: z.number(),
  due: z.number(),
  oldest_seconds: notNegative,
  freeze_due: z.number(),
  disabled: z.number(),
  worst: z.array(
    z.object({
      database: z.string(),
      table: z.string(),
      deadRows: z.number(),
      liveRows: z.number(),
      threshold: z.number(),
      lastVacuumSeconds: notNegative,
      xidAge: z.number(),
      autovacuum: z.boolean(),
    }),
  ),
});

/** A storage parameter of the table, else the server's setting. */
const setting = (name: string, type: string): string =>
  `coalesce((SELECT option_value::${type} FROM pg_options_to_table(c.reloptions) WHERE option_name = '${name}'),
                  current_setting('${name}')::${type})`;

/**
 * One pass over pg_class and the statistics functions, which lock nothing (the view pg_stat_all_tables joins indexes for the same
 * numbers). The threshold is autovacuum's own: base + scale × rows, at most autovacuum_vacuum_max_threshold (18+).
 */
const sql = `
  WITH t AS MATERIALIZED (
    SELECT c.oid, n.nspname, c.relname, greatest(c.reltuples, 0)::float8 AS live,
           pg_stat_get_dead_tuples(c.oid)::float8 AS dead, c.reloptions, age(c.relfrozenxid) AS xid_age,
           ${setting('autovacuum_vacuum_threshold', 'float8')}
             + ${setting('autovacuum_vacuum_scale_factor', 'float8')} * greatest(c.reltuples, 0) AS threshold,
           coalesce((SELECT option_value::bool FROM pg_options_to_table(c.reloptions)
                      WHERE option_name = 'autovacuum_enabled'), true) AS autovacuum,
           coalesce((SELECT option_value::float8 FROM pg_options_to_table(c.reloptions)
                      WHERE option_name = 'autovacuum_vacuum_max_threshold'),
                    current_setting('autovacuum_vacuum_max_threshold', true)::float8) AS most
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't'
  ), j AS MATERIALIZED (
    SELECT *, dead > CASE WHEN most >= 0 THEN least(threshold, most) ELSE threshold END AS due,
           extract(epoch FROM clock_timestamp()
             - greatest(pg_stat_get_last_vacuum_time(oid), pg_stat_get_last_autovacuum_time(oid)))::float8 AS age
      FROM t
  )
  SELECT current_setting('track_counts')::bool AS counted, count(*) AS tables, coalesce(sum(dead), 0) AS dead, count(*) FILTER (WHERE due) AS due,
         max(age) FILTER (WHERE due) AS oldest_seconds,
         count(*) FILTER (WHERE xid_age > current_setting('autovacuum_freeze_max_age')::int) AS freeze_due,
         count(*) FILTER (WHERE NOT autovacuum) AS disabled,
         (SELECT coalesce(json_agg(w), '[]') FROM (
            SELECT current_database() AS database, nspname || '.' || relname AS "table", dead AS "deadRows",
                   live AS "liveRows", threshold, age AS "lastVacuumSeconds", xid_age AS "xidAge", autovacuum
              FROM j WHERE due OR NOT autovacuum AND dead > 0 ORDER BY dead DESC LIMIT ${worstTables}) w) AS worst
    FROM j`;

/** How late vacuum is, by database. A standby does not vacuum and counts no dead rows of its own, and nobody does without track_counts: absent. */
export async function readVacuum(session: Session, context: PostgresContext): Promise<void> {
  if (session.server.inRecovery) return;
  await session.eachDatabase(context, async (connection, inner) => {
    const [seen] = await connection.query(sql, row, inner.signal);
    if (seen === undefined) return;
    const { database } = connection;
    inner.record('freezeDueTables', seen.freeze_due, { database });
    inner.record('autovacuumDisabled', seen.disabled, { database });
    if (!seen.counted) return;
    inner.record('deadRows', seen.dead, { database });
    inner.record('vacuumDue', seen.due, { database });
    inner.record('vacuumDueAgeSeconds', seen.due === 0 ? 0 : (seen.oldest_seconds ?? undefined), {
      database,
    });
    inner.detail('vacuum', seen.worst);
  });
}
