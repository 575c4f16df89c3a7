import { z } from 'zod';
import { messageOf } from '../../../../src/sdk.ts';
import type { Connection } from '../../client.ts';
import { quoteIdentifier } from '../../quote.ts';
import type { VerifiedDatabase } from './verified-database.ts';

/** Tables that get a line of their own, and those whose contents are summed. */
const mostNamed = 20;
const mostSummed = 10;
/** A table that is larger is counted and not summed. */
const largestSummed = 1_073_741_824;
const mostFaults = 10;

const tableRow = z.object({ schema: z.string(), name: z.string(), bytes: z.number() });
const tablesSql = `
  SELECT n.nspname::text AS schema, c.relname::text AS name, pg_table_size(c.oid) AS bytes
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_temp\\_%' AND n.nspname <> 'information_schema'
      OR c.relkind = 'm' AND c.relispopulated
   ORDER BY c.oid < 16384, bytes DESC, 1, 2`;

type Table = z.infer<typeof tableRow>;

interface TableRead {
  readonly table: Table;
  readonly rows: number;
  /** Over all rows as text; undefined where only counted. */
  readonly sum: string | undefined;
}

const readRow = z.object({ rows: z.number(), sum: z.string().nullable() });

/** Reads every page of every table, catalogues included, and sums the contents of the largest twice. */
export async function verifyTables(
  about: VerifiedDatabase,
): Promise<{ readonly tables: number; readonly rows: number }> {
  const { database, server, journal, isLate, signal } = about;
  return server.reading(database, signal, async (connection) => {
    await connection.query(seqScansOnly, z.object({}), signal);
    const tables = await connection.query(tablesSql, tableRow, signal);
    const read: TableRead[] = [];
    const faults: string[] = [];
    let summed = 0;
    let skipped = 0;
    for (const table of tables) {
      if (isLate() || faults.length >= mostFaults) {
        skipped += 1;
        continue;
      }
      const isSummed = summed < mostSummed && table.bytes <= largestSummed && !isCatalogue(table);
      if (isSummed) summed += 1;
      const outcome = await readTable(connection, table, isSummed, signal);
      if (typeof outcome === 'string') faults.push(outcome);
      else read.push(outcome);
    }
    for (const fault of faults) journal.check(`rows of ${database}`, 'failed', fault);
    report(about, read, skipped);
    await sumAgain(
      about,
      connection,
      read.filter(({ sum }) => sum !== undefined),
    );
    const own = read.filter(({ table }) => !isCatalogue(table));
    return { tables: own.length, rows: own.reduce((total, { rows }) => total + rows, 0) };
  });
}

/** What an index holds is not what the table holds. */
const seqScansOnly = `
  SELECT set_config('enable_indexscan', 'off', false), set_config('enable_indexonlyscan', 'off', false),
         set_config('enable_bitmapscan', 'off', false), set_config('row_security', 'off', false)`;

const isCatalogue = ({ schema }: Table): boolean => schema === 'pg_catalog' || schema === 'pg_toast';

async function readTable(
  connection: Connection,
  table: Table,
  isSummed: boolean,
  signal: AbortSignal,
): Promise<TableRead | string> {
  const place = `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`;
  const sum = isSummed ? 'coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text' : 'NULL';
  try {
    const [row] = await connection.query(
      `SELECT count(*) AS rows, ${sum} AS sum FROM ONLY ${place} t`,
      readRow,
      signal,
    );
    return { table, rows: row?.rows ?? 0, sum: row?.sum ?? undefined };
  } catch (thrown) {
    signal.throwIfAborted();
    return `${table.schema}.${table.name} cannot be read: ${messageOf(thrown)}`;
  }
}

function report(
  { database, journal, productionRows }: VerifiedDatabase,
  read: readonly TableRead[],
  skipped: number,
): void {
  const own = read.filter(({ table }) => !isCatalogue(table));
  for (const { table, rows } of own.slice(0, mostNamed)) {
    const name = `${table.schema}.${table.name}`;
    journal.check(
      `rows of ${database}.${name}`,
      'passed',
      `${rows} rows, all pages read; ${compared(productionRows, name)}`,
    );
  }
  const others = own.slice(mostNamed);
  const rows = others.reduce((sum, each) => sum + each.rows, 0);
  const catalogues = read.length - own.length;
  journal.check(
    `rows of the rest of ${database}`,
    'passed',
    `${rows} rows in ${others.length} further tables, and ${catalogues} catalogues: all pages read`,
  );
  if (skipped > 0)
    journal.check(
      `rows of ${skipped} further tables of ${database}`,
      'not_done',
      'the time of this drill was over, or enough was found: a longer drillDeadline reads them',
    );
  const expected = [...(productionRows?.values() ?? [])].reduce((sum, each) => sum + each, 0);
  if (skipped === 0 && expected > 0 && own.every((each) => each.rows === 0)) {
    journal.check(
      `anything in ${database}`,
      'failed',
      `no table holds a row, and the target's hold about ${expected}: this backup is empty`,
    );
  }
}

function compared(production: ReadonlyMap<string, number> | undefined, name: string): string {
  if (production === undefined) return 'the target was not asked';
  const rows = production.get(name);
  return rows === undefined
    ? 'the target has no such table, or no statistics of it, now'
    : `the target has about ${rows} now, having moved on since`;
}

/** The same sum from a second read: what comes from a failing disk or memory differs. */
async function sumAgain(
  about: VerifiedDatabase,
  connection: Connection,
  read: readonly TableRead[],
): Promise<void> {
  const { database, journal, isLate, signal } = about;
  for (const { table, rows, sum } of read) {
    const name = `contents of ${database}.${table.schema}.${table.name}`;
    if (isLate()) {
      journal.check(name, 'not_done', 'the time of this drill was over');
      continue;
    }
    const again = await readTable(connection, table, true, signal);
    const isSame = typeof again !== 'string' && again.sum === sum && again.rows === rows;
    journal.check(
      name,
      isSame ? 'passed' : 'failed',
      isSame
        ? `checksum over all rows ${sum ?? ''}, the same at a second read`
        : 'a second read gave other rows than the first',
    );
  }
}
