import { z } from 'zod';
import type { Connection } from './client.ts';
import { mapInSlices } from './map-in-slices.ts';

const indexRow = z.object({
  oid: z.string(),
  schema: z.string(),
  name: z.string(),
  table_oid: z.string(),
  table: z.string(),
  method: z.string(),
  bytes: z.number(),
  table_rows: z.number(),
  scans: z.number(),
  last_scan: z.number().nullable(),
  flags: z.string(),
  constraint: z.string().nullable(),
  key_columns: z.number(),
  attributes: z.string(),
  classes: z.string(),
  collations: z.string(),
  options: z.string(),
  expressions: z.string().nullable(),
  predicate: z.string().nullable(),
});

/** One index with all that is needed to judge it. Sizes are as of the last vacuum or analyze. */
export interface IndexRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly tableOid: string;
  readonly table: string;
  readonly method: string;
  readonly bytes: number;
  /** Estimate of the planner; below 0 when never analyzed. */
  readonly tableRows: number;
  readonly scans: number;
  /** Unix time in milliseconds. */
  readonly lastScanAt: number | undefined;
  readonly flags: ReadonlySet<IndexFlag>;
  /** Name of the constraint that the index backs. */
  readonly constraint: string | undefined;
  /** Attribute numbers of the key columns; 0 stands for an expression. */
  readonly keys: readonly string[];
  /** Attribute numbers of INCLUDE columns. */
  readonly included: readonly string[];
  /** Operator class, collation and options of each key column. */
  readonly keyRules: readonly string[];
  /** Fingerprints; undefined where the index has none. */
  readonly expressions: string | undefined;
  readonly predicate: string | undefined;
}

/** Letters that the statement below gives. */
const indexFlags = {
  p: 'primary',
  u: 'unique',
  x: 'exclusion',
  r: 'replica_identity',
  c: 'clustered',
  k: 'constraint_backing',
  m: 'partition_member',
  e: 'extension_owned',
  v: 'invalid',
  y: 'not_ready',
  l: 'unlogged',
} as const;

const flagByLetter: ReadonlyMap<string, IndexFlag> = new Map(Object.entries(indexFlags));

export type IndexFlag = (typeof indexFlags)[keyof typeof indexFlags];

/**
 * The largest indexes of users' permanent tables, from catalogs alone: pg_get_indexdef(), pg_get_expr() and the size functions would
 * queue behind whoever has locked the table. Positions of expressions in the source text are not part of their meaning.
 */
function listSql(hasLastScan: boolean): string {
  const lastScan = hasLastScan
    ? 'extract(epoch FROM pg_stat_get_lastscan(i.indexrelid))::float8'
    : 'NULL::float8';
  const fingerprint = (column: string): string =>
    `md5(regexp_replace(${column}::text, ':location -?[0-9]+', '', 'g'))`;
  return `
  WITH constraints AS MATERIALIZED (
    SELECT conindid, min(conname) FILTER (WHERE contype IN ('p', 'u', 'x')) AS name
      FROM pg_constraint WHERE conindid <> 0 GROUP BY conindid),
  extension_relation AS MATERIALIZED (
    SELECT objid FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'e')
  SELECT i.indexrelid::text AS oid, n.nspname AS schema, c.relname AS name, i.indrelid::text AS table_oid, t.relname AS "table",
         m.amname AS method, c.relpages * current_setting('block_size')::float8 AS bytes, t.reltuples::float8 AS table_rows,
         coalesce(pg_stat_get_numscans(i.indexrelid), 0) AS scans, ${lastScan} * 1000 AS last_scan,
         concat(CASE WHEN i.indisprimary THEN 'p' END, CASE WHEN i.indisunique THEN 'u' END, CASE WHEN i.indisexclusion THEN 'x' END,
                CASE WHEN i.indisreplident THEN 'r' END, CASE WHEN i.indisclustered THEN 'c' END, CASE WHEN k.conindid IS NOT NULL THEN 'k' END,
                CASE WHEN c.relispartition THEN 'm' END, CASE WHEN e.objid IS NOT NULL OR et.objid IS NOT NULL THEN 'e' END,
                CASE WHEN NOT i.indisvalid THEN 'v' END, CASE WHEN NOT (i.indisready AND i.indislive) THEN 'y' END,
                CASE WHEN c.relpersistence = 'u' THEN 'l' END) AS flags,
         k.name AS constraint, i.indnkeyatts::int AS key_columns, i.indkey::text AS attributes, i.indclass::text AS classes,
         i.indcollation::text AS collations, i.indoption::text AS options,
         ${fingerprint('i.indexprs')} AS expressions, ${fingerprint('i.indpred')} AS predicate
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_am m ON m.oid = c.relam
    LEFT JOIN constraints k ON k.conindid = i.indexrelid
    LEFT JOIN extension_relation e ON e.objid = i.indexrelid
    LEFT JOIN extension_relation et ON et.objid = i.indrelid
   WHERE c.relkind = 'i' AND c.oid >= 16384 AND c.relpersistence <> 't'
     AND n.nspname NOT IN ('pg_toast', 'pg_catalog', 'information_schema')
   ORDER BY c.relpages DESC, i.indexrelid
   LIMIT $1`;
}

const countRow = z.object({ indexes: z.number() });

const countSql = `
  SELECT count(*) AS indexes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'i' AND c.oid >= 16384 AND c.relpersistence <> 't'
     AND n.nspname NOT IN ('pg_toast', 'pg_catalog', 'information_schema')`;

export interface IndexList {
  /** Largest first. */
  readonly indexes: readonly IndexRow[];
  /** How many smaller ones the cap left out. */
  readonly leftOut: number;
}

export async function listIndexes(
  connection: Connection,
  options: { readonly maxRows: number; readonly hasLastScan: boolean },
  signal: AbortSignal,
): Promise<IndexList> {
  const rows = await connection.query(listSql(options.hasLastScan), indexRow, signal, [options.maxRows]);
  const full = rows.length >= options.maxRows;
  const [total] = full ? await connection.query(countSql, countRow, signal) : [];
  return {
    indexes: await mapInSlices(rows, toIndex),
    leftOut: Math.max(0, (total?.indexes ?? rows.length) - rows.length),
  };
}

/** Most indexes include no columns. */
const none: readonly string[] = Object.freeze([]);

function toIndex(row: z.infer<typeof indexRow>): IndexRow {
  const attributes = row.attributes.split(' ');
  const [classes, collations, options] = [row.classes, row.collations, row.options].map((text) =>
    text.split(' '),
  );
  const keys = attributes.slice(0, row.key_columns);
  return {
    oid: row.oid,
    schema: row.schema,
    name: row.name,
    tableOid: row.table_oid,
    table: row.table,
    method: row.method,
    bytes: row.bytes,
    tableRows: row.table_rows,
    scans: row.scans,
    lastScanAt: row.last_scan ?? undefined,
    flags: new Set(row.flags.split('').flatMap((letter) => flagByLetter.get(letter) ?? [])),
    constraint: row.constraint ?? undefined,
    keys,
    included: attributes.length > row.key_columns ? attributes.slice(row.key_columns) : none,
    keyRules: keys.map((_, at) => `${classes?.[at]} ${collations?.[at]} ${options?.[at]}`),
    expressions: row.expressions ?? undefined,
    predicate: row.predicate ?? undefined,
  };
}
