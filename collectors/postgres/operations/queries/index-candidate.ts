import type { OrderKey, TablePredicates } from './predicates.ts';
import type { IndexFacts, TableFacts } from './table-facts.ts';

/** Columns of an index that does not exist yet, in order. */
export type IndexColumns = readonly OrderKey[];

/** Below this many rows reading the table as a whole costs next to nothing. */
const fewestRows = 1_000;
const mostEqual = 3;
const mostColumns = 4;

/**
 * Indexes that could serve one use of a table, best first, at most two: equality, then sort (where only the first rows are wanted), then
 * range; equality columns by how many values they have. Nothing where an index that is there serves already.
 */
export function candidatesFor(predicates: TablePredicates, table: TableFacts): readonly IndexColumns[] {
  if (table.kind !== 'r' || table.is_partition || table.is_extension || table.is_temporary) return [];
  if (table.rows >= 0 && table.rows < fewestRows) return [];
  const usable = (names: readonly string[]) => names.filter((name) => isUsable(table, name));
  const isEqual = [...usable(predicates.equal), ...usable(predicates.lists), ...usable(predicates.joins)];
  if (isUniqueLookup(isEqual, table)) return [];
  const equal = mostSelective(usable(predicates.equal), table);
  const lists = mostSelective(usable(predicates.lists), table);
  const ranges = mostSelective(usable(predicates.ranges), table);
  const order = predicates.order.filter(({ column }) => isUsable(table, column) && !equal.includes(column));
  const isWholeOrder = predicates.order.every(
    ({ column }) => equal.includes(column) || isUsable(table, column),
  );
  const ways: IndexColumns[] = [];
  if (predicates.limited && isWholeOrder && order.length > 0)
    ways.push([...ascending(equal), ...simplest(order)]);
  const narrow = [...equal, ...lists].slice(0, mostEqual);
  const range = ranges.filter((name) => !narrow.includes(name)).slice(0, 1);
  ways.push(ascending([...narrow, ...range]));
  if (narrow.length === 0) ways.push(ascending(mostSelective(usable(predicates.joins), table).slice(0, 1)));
  const distinct = new Map(
    ways
      .filter((columns) => columns.length > 0 && columns.length <= mostColumns)
      .map((columns) => [JSON.stringify(columns), columns]),
  );
  return [...distinct.values()].filter((columns) => !isServed(columns, equal.length, table)).slice(0, 2);
}

/** Whether an index that is there does the same: its first columns are these, the equality columns in any order. */
export function isServed(
  columns: IndexColumns,
  equalities: number,
  { indexes }: Pick<TableFacts, 'indexes'>,
): boolean {
  return indexes.some((index) => index.valid && index.plain && serves(index, columns, equalities));
}

function serves(index: IndexFacts, columns: IndexColumns, equalities: number): boolean {
  const first = columns.slice(0, equalities).map(({ column }) => column);
  const there = index.columns.slice(0, equalities);
  if (first.some((column) => !there.includes(column))) return false;
  const rest = columns.slice(equalities);
  if (rest.some(({ column }, position) => index.columns[equalities + position] !== column)) return false;
  const turns = rest.map((key, position) => optionOf(key) ^ (index.options[equalities + position] ?? 0));
  // Read backwards, both the direction and the place of nulls turn. A single column serves a range in either.
  return rest.length < 2 || turns.every((turn) => turn === 0) || turns.every((turn) => turn === 3);
}

/** As the catalogue writes it: 1 descending, 2 nulls first. */
function optionOf({ descending, nulls }: OrderKey): number {
  const isFirst = nulls === undefined ? descending : nulls === 'first';
  return (descending ? 1 : 0) + (isFirst ? 2 : 0);
}

/** An order that is all the other way round is the same index, read backwards. */
function simplest(order: readonly OrderKey[]): readonly OrderKey[] {
  const isBackward = order.every((key) => optionOf(key) === 3);
  return isBackward ? ascending(order.map(({ column }) => column)) : order;
}

function ascending(columns: readonly string[]): readonly OrderKey[] {
  return columns.map((column) => ({ column, descending: false, nulls: undefined }));
}

function isUsable({ columns }: TableFacts, name: string): boolean {
  return columns.find((column) => column.name === name)?.sortable ?? false;
}

/** At most one row is found by a unique index already. */
function isUniqueLookup(equal: readonly string[], { indexes }: TableFacts): boolean {
  return indexes.some(
    ({ unique, valid, plain, columns }) =>
      unique && valid && plain && columns.every((column) => column !== null && equal.includes(column)),
  );
}

/** Most values first; as written where that is not known. Stops behind a column that finds single rows by itself. */
function mostSelective(names: readonly string[], table: TableFacts): readonly string[] {
  const sorted = names.toSorted((one, other) => distinctOf(table, other) - distinctOf(table, one));
  const unique = sorted.findIndex((name) => distinctOf(table, name) > Math.max(1, table.rows) / 10);
  return unique < 0 ? sorted.slice(0, mostEqual) : sorted.slice(0, Math.min(unique + 1, mostEqual));
}

function distinctOf({ columns, rows }: TableFacts, name: string): number {
  const distinct = columns.find((column) => column.name === name)?.distinct ?? 0;
  return distinct < 0 ? -distinct * Math.max(1, rows) : distinct;
}

/** Bytes on disk, roughly: keys, their headers and line pointers, pages filled to 90 %. */
export function estimatedBytes(columns: IndexColumns, table: TableFacts): number {
  const width = columns.reduce(
    (sum, { column }) => sum + (table.columns.find(({ name }) => name === column)?.width ?? 8),
    0,
  );
  const keys = Math.ceil(width / 8) * 8;
  return Math.round((Math.max(0, table.rows) * (keys + 8 + 4)) / 0.9) + 16_384;
}
