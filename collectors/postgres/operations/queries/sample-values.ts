import { z } from 'zod';
import type { Connection } from '../../client.ts';
import { quoteLiteral } from '../../quote.ts';
import type { ParameterUse, RelationName } from './predicates.ts';
import { type TableFacts, tableOf } from './table-facts.ts';

/** Values of a column that occur, from the server's statistics: the frequent ones, and bounds of equally large parts in order. */
interface ColumnValues {
  readonly frequent: readonly string[];
  readonly bounds: readonly string[];
}

/** More than are used, so that those can be taken that are like what the target does. */
const valueSets = 6;

const row = z.object({ frequent: z.array(z.string()).nullable(), bounds: z.array(z.string()).nullable() });
const sql = `SELECT most_common_vals::text::text[] AS frequent, histogram_bounds::text::text[] AS bounds
               FROM pg_stats WHERE schemaname = $1 AND tablename = $2 AND attname = $3 AND NOT inherited`;

/**
 * Sets of values for the parameters of a prepared statement, as SQL expressions in order. They are the rehearsal target's own data: they are
 * used there and kept nowhere.
 */
export async function sampleValues(
  connection: Pick<Connection, 'query'>,
  uses: readonly ParameterUse[],
  types: readonly string[],
  tables: readonly TableFacts[],
  signal: AbortSignal,
): Promise<readonly (readonly string[])[]> {
  const known = new Map<string, ColumnValues>();
  const valuesOf = async (relation: RelationName, name: string): Promise<ColumnValues> => {
    const table = tableOf(tables, relation);
    const key = JSON.stringify([table?.oid, name]);
    const found = known.get(key) ?? (await readValues(connection, table, name, signal));
    known.set(key, found);
    return found;
  };
  const columns = await Promise.all(
    types.map(async (type, index) => {
      const use = uses.find(({ number }) => number === index + 1);
      if (use?.column === undefined)
        return Array.from({ length: valueSets }, () => plainValue(type, use?.role));
      const values = await valuesOf(use.column.relation, use.column.name);
      const isBetween = uses.some((each) => each !== use && each.role === 'above' && sameColumn(each, use));
      return Array.from({ length: valueSets }, (_, set) => valueFor(use, values, set, isBetween, type));
    }),
  );
  return Array.from({ length: valueSets }, (_, set) => columns.map((each) => each[set] ?? 'NULL'));
}

async function readValues(
  connection: Pick<Connection, 'query'>,
  table: TableFacts | undefined,
  name: string,
  signal: AbortSignal,
): Promise<ColumnValues> {
  if (table === undefined) return { frequent: [], bounds: [] };
  const [found] = await connection.query(sql, row, signal, [table.schema, table.name, name]);
  return { frequent: found?.frequent ?? [], bounds: found?.bounds ?? [] };
}

function sameColumn(one: ParameterUse, other: ParameterUse): boolean {
  return JSON.stringify(one.column) === JSON.stringify(other.column);
}

function valueFor(
  { role }: ParameterUse,
  { frequent, bounds }: ColumnValues,
  set: number,
  isBetween: boolean,
  type: string,
): string {
  const all = bounds.length > 0 ? bounds : frequent.toSorted();
  const at = (share: number): string | undefined => all[Math.round(share * (all.length - 1))];
  const start = (set + 1) / (valueSets + 1);
  const picked = (): string | undefined => (set === 0 && frequent.length > 0 ? frequent[0] : at(start));
  const value = {
    equal: picked,
    list: picked,
    // A tail of the values, or a small part in the middle where another bound ends it.
    above: () => at(0.9 + 0.018 * set),
    below: () => (isBetween ? at(0.91 + 0.018 * set) : at(0.1 - 0.018 * set)),
    count: () => undefined,
    skip: () => undefined,
  }[role]();
  if (value === undefined) return plainValue(type, role);
  return type.endsWith('[]')
    ? quoteLiteral(`{"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"}`)
    : quoteLiteral(value);
}

/** Values that mean nothing, where none that occurs can be known: a calculation, a number of rows. By the first word of the type. */
const plainValues: Readonly<Record<string, string>> = {
  smallint: '1',
  integer: '1',
  bigint: '1',
  numeric: '1',
  real: '1',
  double: '1',
  oid: '1',
  text: "''",
  character: "''",
  '"char"': "''",
  name: "''",
  boolean: 'true',
  date: 'current_date',
  timestamp: 'localtimestamp',
  time: 'localtime',
  interval: "'1 day'",
  uuid: "'00000000-0000-0000-0000-000000000000'",
  json: "'{}'",
  jsonb: "'{}'",
};

function plainValue(type: string, role: ParameterUse['role'] | undefined): string {
  if (role === 'count') return '10';
  if (role === 'skip') return '0';
  if (type.endsWith('[]')) return "'{}'";
  return plainValues[type.split(' ')[0] ?? ''] ?? 'NULL';
}
