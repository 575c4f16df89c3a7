import { z } from 'zod';
import type { Connection } from '../../client.ts';
import type { RelationName } from './predicates.ts';

const columnRow = z.object({
  name: z.string(),
  /** Bytes a value takes on average, where statistics may be read; what its type takes otherwise. */
  width: z.number(),
  /** As `pg_stats.n_distinct`: negative is a share of the rows. Null where statistics may not be read. */
  distinct: z.number().nullable(),
  /** Whether a b-tree takes its type without further words. */
  sortable: z.boolean(),
});

const indexRow = z.object({
  name: z.string(),
  /** Keys only; null is an expression. */
  columns: z.array(z.string().nullable()),
  /** As `pg_index.indoption`: 1 descending, 2 nulls first. */
  options: z.array(z.number()),
  unique: z.boolean(),
  valid: z.boolean(),
  /** A b-tree over all rows, with the usual comparison. */
  plain: z.boolean(),
});

const tableRow = z.object({
  oid: z.string(),
  schema: z.string(),
  name: z.string(),
  kind: z.string(),
  is_partition: z.boolean(),
  is_extension: z.boolean(),
  is_temporary: z.boolean(),
  /** -1 before the first ANALYZE. */
  rows: z.number(),
  bytes: z.number(),
  inserts: z.number(),
  updates: z.number(),
  hot_updates: z.number(),
  deletes: z.number(),
  /** Over how many seconds those were counted; null when it is not known. */
  counted_seconds: z.number().nullable(),
  columns: z.array(columnRow),
  indexes: z.array(indexRow),
});

export type TableFacts = z.infer<typeof tableRow>;
export type IndexFacts = z.infer<typeof indexRow>;

/** Catalogue and counters only: no lock on the tables, no plan, so that no counter moves. */
const sql = `
  SELECT c.oid::text, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind, c.relispartition AS is_partition,
         EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') AS is_extension,
         c.relpersistence = 't' AS is_temporary,
         c.reltuples::float8 AS rows, c.relpages::int8 * current_setting('block_size')::int8 AS bytes,
         coalesce(pg_stat_get_tuples_inserted(c.oid), 0) AS inserts, coalesce(pg_stat_get_tuples_updated(c.oid), 0) AS updates,
         coalesce(pg_stat_get_tuples_hot_updated(c.oid), 0) AS hot_updates, coalesce(pg_stat_get_tuples_deleted(c.oid), 0) AS deletes,
         extract(epoch FROM clock_timestamp() - coalesce(
           (SELECT pg_stat_get_db_stat_reset_time(d.oid) FROM pg_database d WHERE d.datname = current_database()),
           pg_postmaster_start_time()))::float8 AS counted_seconds,
         coalesce((SELECT json_agg(json_build_object('name', a.attname, 'distinct', s.n_distinct,
             'width', coalesce(s.avg_width, CASE WHEN t.typlen > 0 THEN t.typlen ELSE 32 END),
             'sortable', t.typtype = 'e' OR t.typtype = 'd' OR EXISTS (
               SELECT FROM pg_opclass o JOIN pg_am m ON m.oid = o.opcmethod
                WHERE m.amname = 'btree' AND o.opcdefault AND (o.opcintype = t.oid OR EXISTS (
                  SELECT FROM pg_cast k WHERE k.castsource = t.oid AND k.casttarget = o.opcintype AND k.castmethod = 'b')))) ORDER BY a.attnum)
           FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
           LEFT JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname AND NOT s.inherited
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
         coalesce((SELECT json_agg(json_build_object('name', x.relname, 'unique', i.indisunique, 'valid', i.indisvalid AND i.indisready,
             'options', (SELECT json_agg(o ORDER BY nr) FROM unnest(i.indoption::int2[]) WITH ORDINALITY opt (o, nr)),
             'columns', (SELECT json_agg(a.attname ORDER BY nr)
                           FROM unnest(i.indkey::int2[]) WITH ORDINALITY key (attnum, nr)
                           LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = key.attnum AND key.attnum > 0
                          WHERE nr <= i.indnkeyatts),
             'plain', m.amname = 'btree' AND i.indpred IS NULL AND NOT EXISTS (
               SELECT FROM unnest(i.indclass::oid[]) p JOIN pg_opclass o ON o.oid = p WHERE NOT o.opcdefault)))
           FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam
          WHERE i.indrelid = c.oid), '[]') AS indexes
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relname = ANY ($1) AND c.relkind IN ('r', 'p', 'm', 'f', 'v')
     AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')`;

/** The tables of a database that carry these names, whatever their schema. */
export async function readTables(
  connection: Pick<Connection, 'query'>,
  names: readonly string[],
  signal: AbortSignal,
): Promise<readonly TableFacts[]> {
  if (names.length === 0) return [];
  return connection.query(sql, tableRow, signal, [[...new Set(names)]]);
}

/** The table that a name means: the only one there is where the statement leaves the schema to a search path that is not known. */
export function tableOf(
  tables: readonly TableFacts[],
  { schema, name }: RelationName,
): TableFacts | undefined {
  const found = tables.filter(
    (table) => table.name === name && (schema === undefined || table.schema === schema),
  );
  return found.length === 1 ? found[0] : undefined;
}
