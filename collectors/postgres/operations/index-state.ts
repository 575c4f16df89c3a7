import { z } from 'zod';
import type { Connection } from '../client.ts';

const row = z.object({
  oid: z.string(),
  schema: z.string(),
  name: z.string(),
  table_oid: z.string(),
  table: z.string(),
  table_rows: z.number(),
  live_rows: z.number(),
  bytes: z.number(),
  is_valid: z.boolean(),
  is_ready: z.boolean(),
  is_live: z.boolean(),
  definition: z.string().nullable(),
  comment: z.string().nullable(),
  tablespace: z.string().nullable(),
  scans: z.number(),
});

/** One index as the catalogue has it now. */
export interface IndexState {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly tableOid: string;
  readonly table: string;
  /** Estimate of the planner, or of the statistics where it has none. */
  readonly tableRows: number;
  readonly bytes: number;
  /** `invalid`: queries do not use it, writes may still maintain it. `dead`: a drop came further, and only its end is missing. */
  readonly state: 'valid' | 'invalid' | 'failed_build' | 'dead';
  readonly definition: string;
  readonly comment: string | null;
  readonly tablespace: string | null;
  readonly scans: number;
}

/**
 * `pg_get_indexdef` waits for whoever has locked the table; the session's lock timeout bounds it. It answers null for an index that is
 * dropped at this moment.
 */
const sql = (where: string): string => `
  SELECT i.indexrelid::text AS oid, n.nspname AS schema, c.relname AS name, i.indrelid::text AS table_oid, t.relname AS "table",
         t.reltuples::float8 AS table_rows, coalesce(pg_stat_get_live_tuples(t.oid), 0)::float8 AS live_rows,
         c.relpages * current_setting('block_size')::float8 AS bytes,
         i.indisvalid AS is_valid, i.indisready AS is_ready, i.indislive AS is_live,
         pg_get_indexdef(i.indexrelid) AS definition, obj_description(i.indexrelid, 'pg_class') AS comment,
         s.spcname AS tablespace, coalesce(pg_stat_get_numscans(i.indexrelid), 0) AS scans
    FROM pg_index i
    JOIN pg_class c ON c.oid = i.indexrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class t ON t.oid = i.indrelid
    LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
   WHERE ${where}`;

const byOid = sql('i.indexrelid = $1::oid');
const byName = sql('n.nspname = $1 AND c.relname = $2');

type Queries = Pick<Connection, 'query'>;

/** Undefined: there is no such index (any more). */
export async function indexByOid(
  connection: Queries,
  oid: string,
  signal: AbortSignal,
): Promise<IndexState | undefined> {
  const [found] = await connection.query(byOid, row, signal, [oid]);
  return found === undefined ? undefined : toState(found);
}

export async function indexByName(
  connection: Queries,
  index: { readonly schema: string; readonly name: string },
  signal: AbortSignal,
): Promise<IndexState | undefined> {
  const [found] = await connection.query(byName, row, signal, [index.schema, index.name]);
  return found === undefined ? undefined : toState(found);
}

function toState(found: z.infer<typeof row>): IndexState | undefined {
  const { oid, schema, name, table, bytes, definition, comment, tablespace, scans } = found;
  if (definition === null) return undefined;
  return {
    oid,
    schema,
    name,
    tableOid: found.table_oid,
    table,
    tableRows: found.table_rows < 0 ? found.live_rows : found.table_rows,
    bytes,
    state: stateOf(found),
    definition,
    comment,
    tablespace,
    scans,
  };
}

/** Measured: a cancelled drop leaves an index that is ready and not valid, a cancelled build one that is neither. */
function stateOf({ is_valid, is_ready, is_live }: z.infer<typeof row>): IndexState['state'] {
  if (is_valid && is_ready && is_live) return 'valid';
  if (!is_live) return 'dead';
  return is_ready ? 'invalid' : 'failed_build';
}
