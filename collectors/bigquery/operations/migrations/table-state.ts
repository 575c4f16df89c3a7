import { validationSql } from '../copy-plan.ts';
import type { TableResource } from '../table-resource.ts';
import { type MigrationPlace, runIn, tableIn, uniqueId } from './migration-place.ts';

/** What of a table a migration may change, as one text; `absent` where there is none. */
function stateOf(table: TableResource | undefined): string {
  if (table === undefined) return 'absent';
  const { type, schema, timePartitioning, rangePartitioning, clustering, requirePartitionFilter } = table;
  return JSON.stringify({
    type,
    schema,
    timePartitioning: timePartitioning ?? null,
    rangePartitioning: rangePartitioning ?? null,
    clustering: clustering?.fields ?? [],
    requirePartitionFilter,
  });
}

/** By table. */
export async function readStates(
  where: MigrationPlace,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const states: Record<string, string> = {};
  for (const table of tables) states[table] = stateOf(await where.api.table(tableIn(where, table), signal));
  return states;
}

/**
 * Rows and checksum of each table, where reading it costs no more than a query of Reeve may; its number of rows otherwise. `absent` where
 * there is none, and nothing is said of views.
 */
export async function readData(
  where: MigrationPlace,
  tables: readonly string[],
  runId: string,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const data: Record<string, string> = {};
  const { maximumBytesBilled } = where.place.input.options;
  for (const table of tables) {
    const found = await where.api.table(tableIn(where, table), signal);
    if (found === undefined || found.type !== 'TABLE') {
      data[table] = found === undefined ? 'absent' : 'no table';
      continue;
    }
    data[table] = `${found.numRows} rows`;
    if (found.numBytes > maximumBytesBilled) continue;
    const jobId = uniqueId(where, 'checksum');
    const { error } = await runIn(where, { sql: validationSql(tableIn(where, table)), jobId, runId }, signal);
    if (error !== undefined) continue;
    const [row] = await where.api.rows(where.location, jobId, signal);
    data[table] = JSON.stringify(row ?? {});
  }
  return data;
}

export function differing(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.keys(before).filter((table) => before[table] !== after[table]);
}

export async function countRows(
  where: MigrationPlace,
  tables: readonly string[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, number>>> {
  const rows: Record<string, number> = {};
  for (const table of tables)
    rows[table] = (await where.api.table(tableIn(where, table), signal))?.numRows ?? 0;
  return rows;
}
