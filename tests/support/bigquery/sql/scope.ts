import type { Call, Query } from './ast.ts';
import { InvalidQueryError } from './sql-error.ts';
import type { Zones } from './time.ts';
import type { SqlType, StructField } from './types.ts';

/** One row under evaluation: a tuple for each source of FROM, in order; undefined where an outer join found nothing. */
export interface Row {
  readonly tuples: readonly (readonly unknown[] | undefined)[];
  /** The row of the query around, for correlated subqueries. */
  readonly outer: Row | undefined;
  /** After GROUP BY: the keys, then the aggregates. */
  readonly group?: readonly unknown[];
  /** One value for each analytic call. */
  readonly windows?: readonly unknown[];
}

/** An expression whose names are resolved and whose type is known. */
export interface Compiled {
  readonly type: SqlType;
  readonly evaluate: (row: Row) => unknown;
}

export interface CompiledQuery {
  readonly columns: readonly StructField[];
  readonly run: (outer: Row | undefined) => readonly (readonly unknown[])[];
}

/** A table, as the catalogue gives it. */
export interface Table {
  /** As written in errors and `referencedTables`. */
  readonly name: string;
  readonly columns: readonly StructField[];
  readonly rows: () => readonly (readonly unknown[])[];
  /** Told of each column a query reads. */
  readonly use: (column: string) => void;
}

interface ScopeColumn {
  readonly name: string;
  readonly type: SqlType;
  readonly get: (tuple: readonly unknown[]) => unknown;
  /** Told when a query uses it. */
  readonly used?: () => void;
}

export interface ScopeSource {
  readonly alias: string;
  readonly columns: readonly ScopeColumn[];
  /** What the alias itself stands for. */
  readonly whole: ScopeColumn;
}

export interface AggregateSlot {
  readonly call: Call;
  readonly type: SqlType;
  readonly compute: (rows: readonly Row[]) => unknown;
}

/** An analytic call: one value for each of the rows. */
export interface WindowSlot {
  readonly type: SqlType;
  readonly compute: (rows: readonly Row[]) => readonly unknown[];
}

/** Names an expression can see. */
export interface Scope {
  readonly sources: readonly ScopeSource[];
  readonly outer: Scope | undefined;
  /** Set after GROUP BY: only keys and aggregates are left. */
  readonly grouping?: Grouping;
  /** Set where analytic calls are allowed; grows while expressions are compiled. */
  readonly windows?: WindowSlot[];
  /** Columns joined with USING: the source whose column an unqualified name means. */
  readonly merged?: ReadonlyMap<string, number>;
}

export interface Grouping {
  readonly keys: ReadonlyMap<string, { readonly index: number; readonly type: SqlType }>;
  readonly keyCount: number;
  /** Grows while expressions are compiled. */
  readonly aggregates: AggregateSlot[];
  /** What the arguments of aggregates see. */
  readonly inner: Scope;
}

/** What is the same for all parts of one statement. */
export interface Statement {
  readonly table: (path: string, at: string) => Table;
  readonly parameters: ReadonlyMap<string, { readonly type: SqlType; readonly value: unknown }>;
  readonly nowMicros: number;
  readonly zones: Zones;
  readonly withs: ReadonlyMap<string, CompiledQuery>;
  readonly compileQuery: (query: Query, outer: Scope | undefined, statement: Statement) => CompiledQuery;
}

/** A function of values: NULL in, NULL out. A trailing `?` marks an optional parameter, `*` one that repeats. */
export interface ScalarFunction {
  /** `STRING, INT64?`. Types are separated by commas; NUMBER is any numeric type, ANY any at all. */
  readonly parameters: string;
  /** NUMBER: the common type of the arguments. */
  readonly result: string;
  readonly run: (values: readonly unknown[], statement: Statement) => unknown;
}

export interface Resolved {
  readonly depth: number;
  readonly source: number;
  readonly column: ScopeColumn;
  /** True when the alias of a source was meant, not a column. */
  readonly isWhole: boolean;
}

/** Finds a column or the alias of a source, here or in the queries around. */
export function resolveName(name: string, scope: Scope, at: string): Resolved {
  let depth = 0;
  for (let current: Scope | undefined = scope; current !== undefined; current = current.outer, depth += 1) {
    const found = resolveHere(name, current, depth, at);
    if (found !== undefined) return found;
  }
  const candidates = scope.sources.flatMap(({ columns }) => columns.map((column) => column.name));
  const near = candidates.find((candidate) => isNear(candidate.toLowerCase(), name.toLowerCase()));
  throw new InvalidQueryError(
    `Unrecognized name: ${name}${near === undefined ? '' : `; Did you mean ${near}?`}`,
    at,
  );
}

function resolveHere(name: string, scope: Scope, depth: number, at: string): Resolved | undefined {
  const wanted = name.toLowerCase();
  const merged = scope.merged?.get(wanted);
  const hits = scope.sources.flatMap((candidate, source) => {
    if (merged !== undefined && merged !== source) return [];
    const column = candidate.columns.find((each) => each.name.toLowerCase() === wanted);
    return column === undefined ? [] : [{ depth, source, column, isWhole: false }];
  });
  if (hits.length > 1) throw new InvalidQueryError(`Column name ${name} is ambiguous`, at);
  if (hits[0] !== undefined) return hits[0];
  const source = scope.sources.findIndex(({ alias }) => alias.toLowerCase() === wanted && alias !== '');
  const found = scope.sources[source];
  return found && { depth, source, column: found.whole, isWhole: true };
}

export function findColumn(source: ScopeSource, name: string): ScopeColumn | undefined {
  return source.columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
}

/** One letter more, less or other. */
function isNear(left: string, right: string): boolean {
  if (Math.abs(left.length - right.length) > 1) return false;
  let start = 0;
  while (start < left.length && left[start] === right[start]) start += 1;
  const rest = [left.slice(start), right.slice(start)] as const;
  return (
    rest[0].slice(1) === rest[1] || rest[0] === rest[1].slice(1) || rest[0].slice(1) === rest[1].slice(1)
  );
}

/** Whether a call that satisfies the test stands in the expression; subqueries are their own world. */
export function someCall(expression: unknown, test: (call: Call) => boolean): boolean {
  if (Array.isArray(expression)) return expression.some((item) => someCall(item, test));
  if (typeof expression !== 'object' || expression === null) return false;
  if ('body' in expression) return false;
  if (isCall(expression) && test(expression)) return true;
  return Object.values(expression).some((value) => someCall(value, test));
}

/** The AST is ours: what calls itself a call is one. */
function isCall(value: object): value is Call {
  return 'node' in value && value.node === 'call';
}
