import type { OrderItem, Query, SetOperation } from './ast.ts';
import { compileExpression } from './compile-expression.ts';
import { compileSelect, sortByOutput } from './compile-select.ts';
import type { CompiledQuery, Row, Scope, Statement } from './scope.ts';
import { InvalidQueryError } from './sql-error.ts';
import { commonType, typeText } from './types.ts';
import { valueKey } from './values.ts';

export function compileQuery(query: Query, outer: Scope | undefined, statement: Statement): CompiledQuery {
  const inner = withQueries(query, outer, statement);
  const limit = bound(query.limit, inner);
  const offset = bound(query.offset, inner);
  const body = compileBody(query.of, query.orderBy, outer, inner);
  const run = (row: Row | undefined): readonly (readonly unknown[])[] => {
    const rows = body.run(row);
    const from = offset ?? 0;
    return rows.slice(from, limit === undefined ? undefined : from + limit);
  };
  return { columns: body.columns, run };
}

/** Each WITH is computed once a statement; it sees those before it. */
function withQueries(query: Query, outer: Scope | undefined, statement: Statement): Statement {
  let inner = statement;
  for (const { name, query: definition } of query.with) {
    const compiled = compileQuery(definition, outer, inner);
    let rows: readonly (readonly unknown[])[] | undefined;
    const run = (): readonly (readonly unknown[])[] => {
      rows ??= compiled.run(undefined);
      return rows;
    };
    inner = {
      ...inner,
      withs: new Map([...inner.withs, [name.toLowerCase(), { columns: compiled.columns, run }]]),
    };
  }
  return inner;
}

function bound(expression: Query['limit'], statement: Statement): number | undefined {
  if (expression === undefined) return undefined;
  const compiled = compileExpression(expression, { sources: [], outer: undefined }, statement);
  if (compiled.type.kind !== 'INT64')
    throw new InvalidQueryError(`LIMIT expects an integer, not ${typeText(compiled.type)}`, expression.at);
  return Number(compiled.evaluate({ tuples: [], outer: undefined }));
}

function compileBody(
  body: Query['of'],
  orderBy: readonly OrderItem[],
  outer: Scope | undefined,
  statement: Statement,
): CompiledQuery {
  if (body.body === 'select') return compileSelect(body, orderBy, outer, statement);
  const compiled =
    body.body === 'set' ? compileSet(body, outer, statement) : compileQuery(body, outer, statement);
  if (orderBy.length === 0) return compiled;
  return {
    columns: compiled.columns,
    run: (row) => sortByOutput(compiled.run(row), orderBy, compiled.columns),
  };
}

type Rows = readonly (readonly unknown[])[];

const operations: Readonly<Record<SetOperation['operator'], (left: Rows, right: Rows) => Rows>> = {
  'UNION ALL': (left, right) => [...left, ...right],
  'UNION DISTINCT': (left, right) => distinct([...left, ...right]),
  'EXCEPT DISTINCT': (left, right) => {
    const keys = new Set(right.map(valueKey));
    return distinct(left.filter((row) => !keys.has(valueKey(row))));
  },
  'INTERSECT DISTINCT': (left, right) => {
    const keys = new Set(right.map(valueKey));
    return distinct(left.filter((row) => keys.has(valueKey(row))));
  },
};

function compileSet(body: SetOperation, outer: Scope | undefined, statement: Statement): CompiledQuery {
  const left = compileBody(body.left, [], outer, statement);
  const right = compileBody(body.right, [], outer, statement);
  if (left.columns.length !== right.columns.length) {
    throw new InvalidQueryError(`Queries in ${body.operator} have mismatched column count`, body.at);
  }
  const columns = left.columns.map((column, index) => {
    const other = right.columns[index]?.type ?? column.type;
    const type = commonType([column.type, other]);
    if (type === undefined) {
      throw new InvalidQueryError(
        `Column ${index + 1} in ${body.operator} has incompatible types: ${typeText(column.type)}, ${typeText(other)}`,
        body.at,
      );
    }
    return { name: column.name, type };
  });
  const operate = operations[body.operator];
  return { columns, run: (row) => operate(left.run(row), right.run(row)) };
}

function distinct(rows: Rows): Rows {
  return [...new Map(rows.map((row) => [valueKey(row), row])).values()];
}
