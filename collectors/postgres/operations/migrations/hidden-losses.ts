import { z } from 'zod';
import type { JudgedPart } from './judge-migration.ts';
import type { Reader } from './schema-lines.ts';

/** A table as it was before a text ran, whatever it is called later. */
export interface TableThen {
  readonly name: string;
  /** Changes when all rows are written anew, or thrown away. */
  readonly file: string;
  readonly pages: number;
  /** Estimated. */
  readonly rows: number;
  /** Names by number: a column that is dropped keeps its number. */
  readonly columns: Readonly<Record<string, string>>;
}

/** By the identifier of the table, which no renaming changes. */
export type TablesThen = ReadonlyMap<string, TableThen>;

const row = z.object({
  oid: z.string(),
  name: z.string(),
  file: z.string(),
  pages: z.number(),
  rows: z.number(),
  columns: z.record(z.string(), z.string()),
});
const sql = `
  SELECT c.oid::text AS oid, format('%I.%I', n.nspname, c.relname) AS name, c.relfilenode::text AS file,
         (pg_relation_size(c.oid) / 8192)::float8 AS pages, greatest(c.reltuples, s.n_live_tup, 0)::float8 AS rows,
         (SELECT coalesce(jsonb_object_agg(attnum, attname), '{}') FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
   WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'reeve')`;

export async function readTables(reader: Reader, signal: AbortSignal): Promise<TablesThen> {
  const found = await reader.query(sql, row, signal);
  return new Map(found.map(({ oid, ...table }) => [oid, table]));
}

/** What is gone without a statement that says so: by a function, a trigger, a block of code. */
export interface HiddenLosses {
  /** Rows that went with TRUNCATE and DROP, by table; estimated, and 1 at least. */
  readonly rows: Readonly<Record<string, number>>;
  /** `public.orders.note`. */
  readonly columns: readonly string[];
}

/** Statements that lose what their text says and nothing else; what that is, is judged by the text. */
const plainKinds = new Set(['AlterTableStmt', 'DropStmt', 'TruncateStmt']);
const countRow = z.object({ rows: z.number() });
/** 80 MB. */
const mostCountedPages = 10_000;
/** Estimates are not exact; what is less than this of them is missing. */
const leastShare = 0.9;

/** `before`: right before the statement. Of tables that the same text made nothing is hidden. */
export async function hiddenLosses(
  reader: Reader,
  part: JudgedPart,
  {
    start,
    before,
    after,
  }: { readonly start: TablesThen; readonly before: TablesThen; readonly after: TablesThen },
  signal: AbortSignal,
): Promise<HiddenLosses> {
  const rows: Record<string, number> = {};
  const columns: string[] = [];
  if (plainKinds.has(part.node.kind)) return { rows, columns };
  for (const [oid, was] of before) {
    if (!start.has(oid)) continue;
    const is = after.get(oid);
    if (is === undefined || is.file !== was.file) {
      const left = is === undefined ? 0 : await countOf(reader, is, signal);
      const lost = left === 0 && was.pages > 0 ? Math.max(1, was.rows - left) : was.rows - left;
      if (left === 0 ? lost > 0 : left < was.rows * leastShare) rows[was.name] = lost;
    }
    if (is === undefined) continue;
    for (const [number, name] of Object.entries(was.columns))
      if (is.columns[number] === undefined) columns.push(`${was.name}.${name}`);
  }
  return { rows, columns };
}

async function countOf(
  reader: Reader,
  { name, pages, rows }: TableThen,
  signal: AbortSignal,
): Promise<number> {
  if (pages > mostCountedPages) return rows;
  const [found] = await reader.query(`SELECT count(*)::float8 AS rows FROM ONLY ${name}`, countRow, signal);
  return found?.rows ?? 0;
}
