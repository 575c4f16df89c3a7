import { z } from 'zod';
import { quoteIdentifier } from '../../quote.ts';
import type { Reader } from './schema-lines.ts';

/** What one table holds: equal contents are equal sums, whatever the order of rows and columns. */
export interface TableSum {
  readonly rows: number;
  /** Null where the table is too big to be read within the rehearsal: then only its rows are counted. */
  readonly sum: string | null;
}

const tableRow = z.object({ name: z.string(), columns: z.array(z.string()), bytes: z.number() });

/** Tables that hold rows themselves; those named first are summed first. */
const tablesSql = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name, pg_table_size(c.oid)::float8 AS bytes,
         ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'reeve')
   ORDER BY format('%I.%I', n.nspname, c.relname) = ANY ($1) DESC, 2, 1`;

/** All tables together; what is beyond it is counted only. */
const mostSummedBytes = 2_147_483_648;
const longestReadMs = 600_000;
const timeoutSql = `SELECT set_config('statement_timeout', $1, false) AS set`;
const shortTimeout = '10000';

/** By name. The session may take minutes for it. */
export async function readSums(
  reader: Reader,
  first: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, TableSum>> {
  const sums = new Map<string, TableSum>();
  const tables = await reader.query(tablesSql, tableRow, signal, [first]);
  await reader.query(timeoutSql, z.unknown(), signal, [String(longestReadMs)]);
  try {
    let left = mostSummedBytes;
    for (const { name, columns, bytes } of tables) {
      left -= bytes;
      sums.set(name, await sumOf(reader, name, left < 0 ? undefined : columns, signal));
    }
  } finally {
    await reader.query(timeoutSql, z.unknown(), signal, [shortTimeout]);
  }
  return sums;
}

const sumRow = z.object({ rows: z.number(), sum: z.string().nullable() });

/** Of the rows of one table that fulfil a condition. Name and condition as SQL takes them. */
export async function sumOf(
  reader: Reader,
  name: string,
  columns: readonly string[] | undefined,
  signal: AbortSignal,
  where = 'true',
): Promise<TableSum> {
  const sum =
    columns === undefined
      ? 'NULL'
      : `coalesce(sum(hashtextextended(ROW(${columns.map(quoteIdentifier).join(', ')})::text, 0)::numeric), 0)::text`;
  const [found] = await reader.query(
    `SELECT count(*)::float8 AS rows, ${sum} AS sum FROM ONLY ${name} WHERE ${where}`,
    sumRow,
    signal,
  );
  return found ?? { rows: 0, sum: null };
}

/** What differs, for a person; empty when all is the same. */
export function compareSums(
  before: ReadonlyMap<string, TableSum>,
  after: ReadonlyMap<string, TableSum>,
  isExpected: (table: string) => boolean = () => false,
): readonly string[] {
  const differences: string[] = [];
  for (const [table, was] of before) {
    const is = after.get(table);
    if (isExpected(table)) continue;
    if (is === undefined) differences.push(`table ${table} is gone (${was.rows} rows)`);
    else if (is.rows !== was.rows) differences.push(`${table} had ${was.rows} rows and has ${is.rows}`);
    else if (is.sum !== was.sum)
      differences.push(`${table} has ${is.rows} rows as before, with other values`);
  }
  return differences;
}
