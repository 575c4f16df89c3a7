import { aggregateNames, compileAggregate, compileOrder } from './aggregates.ts';
import type { Call, Expression, Window } from './ast.ts';
import type { Compiled, Row, WindowSlot } from './scope.ts';
import { InvalidQueryError, UnsupportedByDoubleError } from './sql-error.ts';
import { type SqlType, scalar } from './types.ts';
import { compareValues, valueKey } from './values.ts';

type Order = ((left: Row, right: Row) => number) | undefined;

/** One partition, in order, and the position asked about. */
interface At {
  readonly rows: readonly Row[];
  readonly index: number;
  readonly order: Order;
  readonly args: readonly Compiled[];
  /** The rows of the frame. */
  readonly frame: () => readonly Row[];
}

interface Numbering {
  readonly type: (args: readonly SqlType[]) => SqlType;
  readonly compute: (at: At) => unknown;
}

const integer = (): SqlType => scalar('INT64');
const sameAsFirst = ([type]: readonly SqlType[]): SqlType => type ?? scalar('NULL');

const numberings: Readonly<Record<string, Numbering>> = {
  ROW_NUMBER: { type: integer, compute: ({ index }) => index + 1 },
  RANK: {
    type: integer,
    compute: ({ rows, index, order }) => 1 + rows.findIndex((row) => isPeer(row, rows[index], order)),
  },
  DENSE_RANK: {
    type: integer,
    compute: ({ rows, index, order }) =>
      rows
        .slice(0, index + 1)
        .filter((row, position) => position === 0 || !isPeer(row, rows[position - 1], order)).length,
  },
  NTILE: {
    type: integer,
    compute: ({ rows, index, args }) =>
      1 + Math.floor((index * argument(args, 0, rows[index])) / rows.length),
  },
  LAG: { type: sameAsFirst, compute: (at) => shifted(at, -1) },
  LEAD: { type: sameAsFirst, compute: (at) => shifted(at, 1) },
  FIRST_VALUE: { type: sameAsFirst, compute: ({ frame, args }) => valueOf(args[0], frame()[0]) },
  LAST_VALUE: { type: sameAsFirst, compute: ({ frame, args }) => valueOf(args[0], frame().at(-1)) },
  PERCENTILE_CONT: {
    type: () => scalar('FLOAT64'),
    compute: ({ rows, args }) => percentile(rows, args, true),
  },
  PERCENTILE_DISC: { type: sameAsFirst, compute: ({ rows, args }) => percentile(rows, args, false) },
};

export function compileWindow(call: Call, compile: (part: Expression) => Compiled): WindowSlot {
  const { over } = call;
  if (over === undefined) throw new InvalidQueryError(`${call.name} needs OVER`, call.at);
  const partitionBy = over.partitionBy.map(compile);
  const order = compileOrder(over.orderBy, compile);
  const { type, compute } = compileOne(call, compile);
  return {
    type,
    compute(rows) {
      const results = new Map<Row, unknown>();
      for (const partition of partitionsOf(rows, partitionBy)) {
        const sorted = order === undefined ? partition : partition.toSorted(order);
        for (const [index, row] of sorted.entries()) {
          const frame = (): readonly Row[] => frameOf(sorted, index, order, over);
          results.set(row, compute({ rows: sorted, index, order, args: [], frame }));
        }
      }
      return rows.map((row) => results.get(row) ?? null);
    },
  };
}

function compileOne(
  call: Call,
  compile: (part: Expression) => Compiled,
): {
  readonly type: SqlType;
  readonly compute: Numbering['compute'];
} {
  if (aggregateNames.has(call.name)) {
    const { type, compute } = compileAggregate(call, compile);
    return { type, compute: ({ frame }) => compute(frame()) };
  }
  const numbering = numberings[call.name];
  if (numbering === undefined)
    throw new UnsupportedByDoubleError(`the analytic function ${call.name}`, call.at);
  const args = call.arguments.map(compile);
  return {
    type: numbering.type(args.map(({ type }) => type)),
    compute: (at) => numbering.compute({ ...at, args }),
  };
}

function partitionsOf(rows: readonly Row[], by: readonly Compiled[]): readonly (readonly Row[])[] {
  const partitions = Map.groupBy(rows, (row) => valueKey(by.map((key) => key.evaluate(row))));
  return [...partitions.values()];
}

function frameOf(
  rows: readonly Row[],
  index: number,
  order: Order,
  { rows: bounds }: Window,
): readonly Row[] {
  if (bounds !== undefined) {
    const from = bounds.from === null ? 0 : Math.max(0, index + bounds.from);
    const to = bounds.to === null ? rows.length : Math.max(0, index + bounds.to + 1);
    return rows.slice(from, to);
  }
  if (order === undefined) return rows;
  const last = rows.findLastIndex((row) => isPeer(row, rows[index], order));
  return rows.slice(0, last + 1);
}

function isPeer(left: Row, right: Row | undefined, order: Order): boolean {
  return right !== undefined && (order === undefined || order(left, right) === 0);
}

function valueOf(compiled: Compiled | undefined, row: Row | undefined): unknown {
  return compiled === undefined || row === undefined ? null : compiled.evaluate(row);
}

function argument(args: readonly Compiled[], index: number, row: Row | undefined, otherwise = 1): number {
  const value = valueOf(args[index], row);
  return value === null ? otherwise : Number(value);
}

function shifted({ rows, index, args }: At, direction: 1 | -1): unknown {
  const target = rows[index + direction * argument(args, 1, rows[index])];
  return target === undefined ? valueOf(args[2], rows[index]) : valueOf(args[0], target);
}

function percentile(rows: readonly Row[], args: readonly Compiled[], isContinuous: boolean): unknown {
  const values = rows
    .map((row) => valueOf(args[0], row))
    .filter((value) => value !== null)
    .toSorted(compareValues);
  if (values.length === 0) return null;
  const fraction = argument(args, 1, rows[0], 0);
  if (!isContinuous) return values[Math.max(0, Math.ceil(fraction * values.length) - 1)] ?? null;
  const position = fraction * (values.length - 1);
  const low = Number(values[Math.floor(position)]);
  return low + (Number(values[Math.ceil(position)]) - low) * (position - Math.floor(position));
}
