import { aggregateNames, compareNullable, compileOrder } from './aggregates.ts';
import type { Expression, OrderItem, Select, SelectItem } from './ast.ts';
import { compileExpression } from './compile-expression.ts';
import { compileSource } from './compile-source.ts';
import { expressionKey, isExpression } from './expression-key.ts';
import { impliedName } from './parse-primary.ts';
import {
  type AggregateSlot,
  type Compiled,
  type CompiledQuery,
  type Row,
  type Scope,
  type Statement,
  someCall,
  type WindowSlot,
} from './scope.ts';
import { InvalidQueryError, UnsupportedByDoubleError } from './sql-error.ts';
import { typeText } from './types.ts';
import { valueKey } from './values.ts';

type Item = Extract<SelectItem, { item: 'expression' }>;

/** FROM, WHERE, GROUP BY, HAVING, analytic calls, QUALIFY, the list, DISTINCT and ORDER BY, in this order. */
export function compileSelect(
  select: Select,
  orderBy: readonly OrderItem[],
  outer: Scope | undefined,
  statement: Statement,
): CompiledQuery {
  const empty: Scope = { sources: [], outer };
  const from = select.from && compileSource(select.from, empty, statement);
  const inner: Scope = { sources: from?.sources ?? [], outer, merged: from?.merged ?? new Map() };
  const where =
    select.where && boolean(compileExpression(select.where, inner, statement), 'WHERE', select.where);
  const items = select.items.flatMap((item) => expandItem(item, inner));
  const aliases = aliasesOf(items);
  const ordering = orderBy.map((item) => ({
    ...item,
    expression: orderExpression(item.expression, items, aliases),
  }));
  const grouping = compileGrouping(select, ordering, items, aliases, inner, statement);
  const windows: WindowSlot[] = [];
  const scope: Scope =
    grouping === undefined ? { ...inner, windows } : { ...inner, windows, grouping: grouping.scope };
  const list = items.map(({ expression }) => compileExpression(expression, scope, statement));
  const { windows: _none, ...withoutWindows } = scope;
  const having = condition('HAVING', select.having, aliases, withoutWindows, statement);
  const qualify = condition('QUALIFY', select.qualify, aliases, scope, statement);
  const order = compileOrder(ordering, (part) => compileExpression(part, scope, statement));

  const run = (outerRow: Row | undefined): readonly (readonly unknown[])[] => {
    const tuples = from === undefined ? [[]] : from.produce([], outerRow);
    let rows: readonly Row[] = tuples.map((each) => ({ tuples: each, outer: outerRow }));
    if (where !== undefined) rows = rows.filter((row) => where.evaluate(row) === true);
    if (grouping !== undefined) rows = grouping.run(rows, outerRow);
    if (having !== undefined) rows = rows.filter((row) => having.evaluate(row) === true);
    rows = withWindows(rows, windows);
    if (qualify !== undefined) rows = rows.filter((row) => qualify.evaluate(row) === true);
    if (order !== undefined) rows = rows.toSorted(order);
    const values = rows.map((row) => list.map((item) => item.evaluate(row)));
    return select.distinct ? [...new Map(values.map((each) => [valueKey(each), each])).values()] : values;
  };
  const columns = items.map(({ alias }, index) => ({
    name: alias ?? `f${index}_`,
    type: typeOf(list[index]),
  }));
  if (!select.asStruct) return { columns, run };
  const struct = { name: '', type: { kind: 'STRUCT', fields: columns } as const };
  return { columns: [struct], run: (row) => run(row).map((tuple) => [tuple]) };
}

function typeOf(compiled: Compiled | undefined): Compiled['type'] {
  return compiled?.type.kind === 'NULL' || compiled === undefined ? { kind: 'INT64' } : compiled.type;
}

function boolean(compiled: Compiled, clause: string, { at }: Expression): Compiled {
  if (compiled.type.kind === 'BOOL' || compiled.type.kind === 'NULL') return compiled;
  throw new InvalidQueryError(
    `${clause} clause should return type BOOL, but returns ${typeText(compiled.type)}`,
    at,
  );
}

function expandItem(item: SelectItem, scope: Scope): Item[] {
  const { at } = item;
  if (item.item === 'expression') {
    const implied = impliedName(item.expression);
    return [{ ...item, alias: item.alias ?? (implied === '' ? undefined : implied) }];
  }
  const excepted = new Set(item.except.map((name) => name.toLowerCase()));
  const { of } = item;
  if (of !== undefined && of.node !== 'name') throw new UnsupportedByDoubleError('expression.*', at);
  const wanted = of && of.name.toLowerCase();
  const sources = scope.sources.filter(({ alias }) => wanted === undefined || alias.toLowerCase() === wanted);
  if (sources.length === 0) throw new InvalidQueryError(`Unrecognized name: ${wanted ?? '*'}`, at);
  if ((scope.merged?.size ?? 0) > 0 && wanted === undefined)
    throw new UnsupportedByDoubleError('SELECT * after USING', at);
  return sources.flatMap((source) => {
    const names = source.columns.map(({ name }) => name).filter((name) => !excepted.has(name.toLowerCase()));
    return names.map((name): Item => {
      const base: Expression = { node: 'name', at, name: source.alias };
      const expression: Expression =
        source.alias === '' ? { node: 'name', at, name } : { node: 'field', at, base, name };
      return { item: 'expression', at, alias: name, expression };
    });
  });
}

function aliasesOf(items: readonly Item[]): ReadonlyMap<string, Expression> {
  return new Map(
    items.flatMap(({ alias, expression }) =>
      alias === undefined ? [] : [[alias.toLowerCase(), expression] as const],
    ),
  );
}

/** An alias of the select list wins over a column: so says the service's own analyser of GROUP BY, HAVING, QUALIFY and ORDER BY. */
function condition(
  clause: string,
  expression: Expression | undefined,
  aliases: ReadonlyMap<string, Expression>,
  scope: Scope,
  statement: Statement,
): Compiled | undefined {
  return (
    expression &&
    boolean(compileExpression(withAliases(expression, aliases), scope, statement), clause, expression)
  );
}

/** `ORDER BY 2` and `ORDER BY alias`. */
function orderExpression(
  expression: Expression,
  items: readonly Item[],
  aliases: ReadonlyMap<string, Expression>,
): Expression {
  if (expression.node === 'literal' && expression.type.kind === 'INT64')
    return ordinal(Number(expression.value), items, expression.at);
  return withAliases(expression, aliases);
}

function ordinal(position: number, items: readonly Item[], at: string): Expression {
  const item = items[position - 1];
  if (item === undefined) throw new InvalidQueryError(`Column number ${position} is out of range`, at);
  return item.expression;
}

/** Names of the select list replaced by what they stand for. */
function withAliases(expression: Expression, aliases: ReadonlyMap<string, Expression>): Expression {
  const replaced = replaceNames(expression, aliases);
  if (!isExpression(replaced)) throw new TypeError('an expression became something else');
  return replaced;
}

function replaceNames(part: unknown, aliases: ReadonlyMap<string, Expression>): unknown {
  if (Array.isArray(part)) return part.map((item) => replaceNames(item, aliases));
  if (typeof part !== 'object' || part === null || 'body' in part) return part;
  if ('node' in part && part.node === 'name' && 'name' in part)
    return aliases.get(String(part.name).toLowerCase()) ?? part;
  if ('node' in part && part.node === 'field' && 'base' in part && isNameNode(part.base)) return part;
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [key, replaceNames(value, aliases)]));
}

function isNameNode(part: unknown): boolean {
  return typeof part === 'object' && part !== null && 'node' in part && part.node === 'name';
}

interface CompiledGrouping {
  readonly scope: NonNullable<Scope['grouping']>;
  readonly run: (rows: readonly Row[], outer: Row | undefined) => readonly Row[];
}

function compileGrouping(
  select: Select,
  ordering: readonly OrderItem[],
  items: readonly Item[],
  aliases: ReadonlyMap<string, Expression>,
  inner: Scope,
  statement: Statement,
): CompiledGrouping | undefined {
  const isAggregate = (call: { readonly name: string; readonly over: unknown }): boolean =>
    aggregateNames.has(call.name) && call.over === undefined;
  const aggregates = someCall([items, select.having, select.qualify, ordering], isAggregate);
  if (select.groupBy.length === 0 && !aggregates) return undefined;
  const expressions = select.groupBy.map((expression) => groupExpression(expression, items, aliases));
  const keys = expressions.map((expression) => compileExpression(expression, inner, statement));
  const positions = new Map(
    expressions.map(
      (expression, index) =>
        [expressionKey(expression, inner), { index, type: typeOf(keys[index]) }] as const,
    ),
  );
  const slots: AggregateSlot[] = [];
  // Two keys that mean the same share a position; the values are laid out by expression all the same.
  const scope = { keys: positions, keyCount: keys.length, aggregates: slots, inner };
  return {
    scope,
    run(rows, outer) {
      const groups = Map.groupBy(rows, (row) => valueKey(keys.map((key) => key.evaluate(row))));
      if (groups.size === 0 && keys.length === 0) groups.set('', []);
      return [...groups.values()].map((members): Row => {
        const [first] = members;
        const values = keys.map((key) => (first === undefined ? null : key.evaluate(first)));
        const group = [...values, ...slots.map((slot) => slot.compute(members))];
        return { tuples: [], outer, group };
      });
    },
  };
}

function groupExpression(
  expression: Expression,
  items: readonly Item[],
  aliases: ReadonlyMap<string, Expression>,
): Expression {
  if (expression.node === 'literal' && expression.type.kind === 'INT64')
    return ordinal(Number(expression.value), items, expression.at);
  return expression.node === 'name' ? (aliases.get(expression.name.toLowerCase()) ?? expression) : expression;
}

function withWindows(rows: readonly Row[], windows: readonly WindowSlot[]): readonly Row[] {
  if (windows.length === 0) return rows;
  const columns = windows.map((window) => window.compute(rows));
  return rows.map((row, index) => ({ ...row, windows: columns.map((column) => column[index] ?? null) }));
}

/** Rows of values in the order of columns; the columns by name or number. */
export function sortByOutput(
  rows: readonly (readonly unknown[])[],
  orderBy: readonly OrderItem[],
  columns: CompiledQuery['columns'],
): readonly (readonly unknown[])[] {
  const keys = orderBy.map(({ expression, descending, nullsFirst }) => {
    const name = expression.node === 'name' ? expression.name.toLowerCase() : undefined;
    const index =
      expression.node === 'literal'
        ? Number(expression.value) - 1
        : columns.findIndex((column) => column.name.toLowerCase() === name);
    if (columns[index] === undefined)
      throw new UnsupportedByDoubleError('ORDER BY an expression after a set operation', expression.at);
    return { index, descending, nullsFirst };
  });
  return rows.toSorted((left, right) => {
    for (const { index, descending, nullsFirst } of keys) {
      const order = compareNullable(left[index] ?? null, right[index] ?? null, descending, nullsFirst);
      if (order !== 0) return order;
    }
    return 0;
  });
}
