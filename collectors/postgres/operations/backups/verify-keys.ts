import { z } from 'zod';
import { messageOf } from '../../../../src/sdk.ts';
import { quoteIdentifier } from '../../quote.ts';
import type { VerifiedDatabase } from './verified-database.ts';

const mostTables = 200;
/** A table that is larger takes too long to be read by its index. */
const largestRead = 1_073_741_824;
const mostFaults = 10;

const tableRow = z.object({ schema: z.string(), name: z.string() });
const tablesSql = `
  SELECT n.nspname::text AS schema, c.relname::text AS name
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE i.indisprimary AND i.indisvalid AND c.relkind = 'r' AND c.relpersistence = 'p' AND pg_table_size(c.oid) <= ${largestRead}
   ORDER BY pg_table_size(c.oid) DESC, 1, 2 LIMIT ${mostTables + 1}`;

const none = z.object({});
const countRow = z.object({ rows: z.number() });

/**
 * Counts each table by its primary key too: where a file of the table ends early, reading the table does not tell, and its index still knows
 * of the rows. Only files that no manifest vouches for need it.
 */
export async function verifyKeys({
  database,
  server,
  journal,
  isLate,
  signal,
}: VerifiedDatabase): Promise<undefined> {
  await server.reading(database, signal, async (connection) => {
    const tables = await connection.query(tablesSql, tableRow, signal);
    const faults: string[] = [];
    let asked = 0;
    const count = async (place: string, by: 'table' | 'index'): Promise<number> => {
      const isTable = by === 'table' ? 'on' : 'off';
      const isIndex = by === 'index' ? 'on' : 'off';
      await connection.query(
        `SELECT set_config('enable_seqscan', '${isTable}', false), set_config('enable_bitmapscan', 'off', false),
                set_config('enable_indexscan', '${isIndex}', false), set_config('enable_indexonlyscan', '${isIndex}', false)`,
        none,
        signal,
      );
      // Another text, because the plan of a prepared statement outlives the settings.
      const sql = `SELECT count(*) AS rows FROM ONLY ${place} AS by_${by}`;
      const [row] = await connection.query(sql, countRow, signal);
      return row?.rows ?? 0;
    };
    for (const { schema, name } of tables.slice(0, mostTables)) {
      if (isLate() || faults.length >= mostFaults) break;
      asked += 1;
      const place = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
      try {
        const rows = await count(place, 'table');
        const keys = await count(place, 'index');
        if (rows !== keys) faults.push(`${schema}.${name} has ${rows} rows, and ${keys} by its primary key`);
      } catch (thrown) {
        signal.throwIfAborted();
        faults.push(`${schema}.${name} lacks rows that its primary key has: ${messageOf(thrown)}`);
      }
    }
    const left = tables.length - asked;
    journal.check(
      `rows by primary keys of ${database}`,
      faults.length === 0 ? 'passed' : 'failed',
      [
        faults.length === 0 ? `${asked} tables have as many rows as their primary keys` : faults.join('; '),
        ...(left > 0 ? [`${left}${tables.length > mostTables ? ' or more' : ''} were not counted`] : []),
      ].join('; '),
    );
  });
  return undefined;
}
