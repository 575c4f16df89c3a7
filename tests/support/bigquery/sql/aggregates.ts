import type { Call, Expression, OrderItem } from './ast.ts';
import type { AggregateSlot, Compiled, Row } from './scope.ts';
import { InvalidQueryError } from './sql-error.ts';
import { arrayOf, isCoercible, type SqlType, scalar, typeText } from './types.ts';
import { asText, compareValues, int64, valueKey } from './values.ts';

type Values = readonly (readonly unknown[])[];

interface Aggregate {
  /** The result's type, or undefined when the arguments do not fit. */
  readonly type: (args: readonly SqlType[]) => SqlType | undefined;
  /** Rows whose first argument is NULL are gone, unless `keepsNulls`. */
  readonly compute: (values: Values) => unknown;
  readonly keepsNulls?: boolean;
}

const first = (values: Values): readonly unknown[] => values.map((value) => value[0]);
const numbers = (values: Values): readonly number[] => values.map((value) => Number(value[0]));
const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
const orNull = <T>(values: Values, compute: () => T): T | null => (values.length === 0 ? null : compute());

const isNumber = (type: SqlType | undefined): boolean =>
  type !== undefined && isCoercible(type, scalar('FLOAT64'));
const isBool = (type: SqlType | undefined): boolean => type?.kind === 'BOOL' || type?.kind === 'NULL';
const when = (test: boolean, type: SqlType | undefined): SqlType | undefined => (test ? type : undefined);
const floatOfNumber = ([type]: readonly SqlType[]): SqlType | undefined =>
  when(isNumber(type), scalar('FLOAT64'));
const same = ([type]: readonly SqlType[]): SqlType | undefined => type;
const list = ([type]: readonly SqlType[]): SqlType | undefined => type && arrayOf(type);

const aggregates: Readonly<Record<string, Aggregate>> = {
  COUNT: { type: () => scalar('INT64'), compute: (values) => values.length },
  COUNTIF: {
    type: ([type]) => when(isBool(type), scalar('INT64')),
    compute: (values) => first(values).filter((value) => value === true).length,
  },
  SUM: {
    type: ([type]) => when(isNumber(type), type),
    compute: (values) => orNull(values, () => sum(numbers(values))),
  },
  AVG: {
    type: floatOfNumber,
    compute: (values) => orNull(values, () => sum(numbers(values)) / values.length),
  },
  BIT_XOR: {
    type: ([type]) => when(type?.kind === 'INT64', type),
    compute: (values) =>
      orNull(values, () => Number(numbers(values).reduce((all, value) => all ^ BigInt(value), 0n))),
  },
  MIN: { type: same, compute: (values) => extreme(first(values), -1) },
  MAX: { type: same, compute: (values) => extreme(first(values), 1) },
  ANY_VALUE: { type: same, compute: (values) => values[0]?.[0] ?? null },
  ARRAY_AGG: {
    type: list,
    compute: (values) => orNull(values, () => arrayWithoutNull(first(values))),
    keepsNulls: true,
  },
  ARRAY_CONCAT_AGG: { type: same, compute: (values) => orNull(values, () => first(values).flat()) },
  STRING_AGG: {
    type: ([type]) => when(type?.kind === 'STRING', type),
    compute: (values) => orNull(values, () => first(values).join(asText(values[0]?.[1] ?? ','))),
  },
  LOGICAL_OR: {
    type: ([type]) => when(isBool(type), scalar('BOOL')),
    compute: (values) => orNull(values, () => first(values).includes(true)),
  },
  LOGICAL_AND: {
    type: ([type]) => when(isBool(type), scalar('BOOL')),
    compute: (values) => orNull(values, () => !first(values).includes(false)),
  },
  APPROX_COUNT_DISTINCT: {
    type: () => scalar('INT64'),
    compute: (values) => new Set(first(values).map(valueKey)).size,
  },
  APPROX_QUANTILES: {
    type: ([type, buckets]) => when(buckets?.kind === 'INT64', type && arrayOf(type)),
    compute: (values) => orNull(values, () => quantiles(first(values), Number(values[0]?.[1]))),
  },
  APPROX_TOP_COUNT: {
    type: ([type]) => type && topType(type, 'count', scalar('INT64')),
    compute: (values) =>
      orNull(values, () => top(values.map(([value, limit]) => ({ value, weight: 1, limit })))),
  },
  APPROX_TOP_SUM: {
    type: ([type, weight]) => when(isNumber(weight), type && weight && topType(type, 'sum', weight)),
    compute: (values) =>
      orNull(values, () =>
        top(values.map(([value, weight, limit]) => ({ value, weight: Number(weight), limit }))),
      ),
  },
  STDDEV: { type: floatOfNumber, compute: (values) => root(variance(numbers(values), 1)) },
  STDDEV_SAMP: { type: floatOfNumber, compute: (values) => root(variance(numbers(values), 1)) },
  STDDEV_POP: { type: floatOfNumber, compute: (values) => root(variance(numbers(values), 0)) },
  VARIANCE: { type: floatOfNumber, compute: (values) => variance(numbers(values), 1) },
  VAR_SAMP: { type: floatOfNumber, compute: (values) => variance(numbers(values), 1) },
  VAR_POP: { type: floatOfNumber, compute: (values) => variance(numbers(values), 0) },
  MAX_BY: { type: same, compute: (values) => by(values, 1), keepsNulls: true },
  MIN_BY: { type: same, compute: (values) => by(values, -1), keepsNulls: true },
};

export const aggregateNames: ReadonlySet<string> = new Set(Object.keys(aggregates));

/** The type of an aggregate call and its computation over the rows of a group (or of a window). */
export function compileAggregate(
  call: Call,
  compile: (part: Expression) => Compiled,
): Omit<AggregateSlot, 'call'> {
  const aggregate = aggregates[call.name];
  if (aggregate === undefined) throw new InvalidQueryError(`Function not found: ${call.name}`, call.at);
  const args = call.arguments.map(compile);
  const type = aggregate.type(args.map((argument) => argument.type));
  if (type === undefined || (args.length === 0 && !call.star)) {
    const given = args.map((argument) => typeText(argument.type)).join(', ');
    throw new InvalidQueryError(
      `No matching signature for aggregate function ${call.name} for argument types: ${given}`,
      call.at,
    );
  }
  const having = call.having && { kind: call.having.kind, key: compile(call.having.expression) };
  const order = compileOrder(call.orderBy, compile);
  const limit = call.limit && compile(call.limit);
  const dropsNulls = call.ignoreNulls || aggregate.keepsNulls !== true;
  const compute = (rows: readonly Row[]): unknown => {
    let chosen = having === undefined ? rows : extremeRows(rows, having.key, having.kind);
    if (order !== undefined) chosen = chosen.toSorted(order);
    let values = chosen.map((row) => args.map((argument) => argument.evaluate(row)));
    if (dropsNulls && !call.star) values = values.filter((value) => value[0] !== null);
    if (call.distinct) values = [...new Map(values.map((value) => [valueKey(value[0]), value])).values()];
    if (limit !== undefined && rows[0] !== undefined)
      values = values.slice(0, Number(limit.evaluate(rows[0])));
    const result = aggregate.compute(values);
    return type.kind === 'INT64' && typeof result === 'number' ? int64(result) : result;
  };
  return { type, compute };
}

/** Compares two rows; undefined when there is nothing to order by. */
export function compileOrder(
  items: readonly OrderItem[],
  compile: (part: Expression) => Compiled,
): ((left: Row, right: Row) => number) | undefined {
  if (items.length === 0) return undefined;
  const keys = items.map((item) => ({ ...item, key: compile(item.expression) }));
  return (left, right) => {
    for (const { key, descending, nullsFirst } of keys) {
      const order = compareNullable(key.evaluate(left), key.evaluate(right), descending, nullsFirst);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** NULL comes first when ascending and last when descending, unless told otherwise. */
export function compareNullable(
  left: unknown,
  right: unknown,
  descending: boolean,
  nullsFirst = !descending,
): number {
  if (left === null || right === null) {
    if (left === right) return 0;
    return (left === null) === nullsFirst ? -1 : 1;
  }
  return descending ? compareValues(right, left) : compareValues(left, right);
}

function extremeRows(rows: readonly Row[], key: Compiled, kind: 'MIN' | 'MAX'): readonly Row[] {
  const best = extreme(
    rows.map((row) => key.evaluate(row)).filter((value) => value !== null),
    kind === 'MAX' ? 1 : -1,
  );
  return rows.filter((row) => best !== null && compareValues(key.evaluate(row), best) === 0);
}

function extreme(values: readonly unknown[], direction: 1 | -1): unknown {
  let best: unknown = null;
  for (const value of values) if (best === null || direction * compareValues(value, best) > 0) best = value;
  return best;
}

function by(values: Values, direction: 1 | -1): unknown {
  const keyed = values.filter((value) => value[1] !== null);
  const best = extreme(
    keyed.map((value) => value[1]),
    direction,
  );
  return keyed.find((value) => value[1] === best)?.[0] ?? null;
}

/** The service refuses arrays that hold NULL in a result. */
function arrayWithoutNull(values: readonly unknown[]): readonly unknown[] {
  if (values.includes(null))
    throw new InvalidQueryError('Array cannot have a null element; error in writing field: use IGNORE NULLS');
  return values;
}

/** `buckets` + 1 boundaries of the values in order: exact here, approximate in the service. */
function quantiles(values: readonly unknown[], buckets: number): readonly unknown[] {
  const sorted = values.toSorted(compareValues);
  return Array.from({ length: buckets + 1 }, (_none, index) => {
    return sorted[Math.max(0, Math.ceil((index / buckets) * sorted.length) - 1)];
  });
}

function topType(value: SqlType, name: string, weight: SqlType): SqlType {
  return arrayOf({
    kind: 'STRUCT',
    fields: [
      { name: 'value', type: value },
      { name, type: weight },
    ],
  });
}

function top(
  items: readonly { readonly value: unknown; readonly weight: number; readonly limit: unknown }[],
): unknown {
  const totals = new Map<string, [unknown, number]>();
  for (const { value, weight } of items) {
    const total = totals.get(valueKey(value));
    totals.set(valueKey(value), [value, (total?.[1] ?? 0) + weight]);
  }
  return [...totals.values()].toSorted((a, b) => b[1] - a[1]).slice(0, Number(items[0]?.limit));
}

function variance(values: readonly number[], missing: 0 | 1): number | null {
  if (values.length <= missing) return null;
  const mean = sum(values) / values.length;
  return sum(values.map((value) => (value - mean) ** 2)) / (values.length - missing);
}

function root(value: number | null): number | null {
  return value === null ? null : Math.sqrt(value);
}
