import type { A_Expr, Node, SelectStmt } from 'libpg-query';
import type { OrderKey, ParameterUse } from './predicates.ts';
import type { FoundColumn, Level, Source } from './statement-level.ts';

const flipped: Readonly<Record<string, string>> = { '=': '=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** Adds what a condition, or each part of a conjunction, asks of columns. */
export function addCondition(level: Level, node: Node | undefined): void {
  if (node === undefined) return;
  if ('BoolExpr' in node) {
    if (node.BoolExpr.boolop === 'AND_EXPR')
      for (const part of node.BoolExpr.args ?? []) addCondition(level, part);
  } else if ('NullTest' in node) {
    const { arg, nulltesttype } = node.NullTest;
    const column = columnOf(level, arg);
    if (column !== undefined && nulltesttype === 'IS_NULL') add(column, 'equal');
  } else if ('A_Expr' in node) addComparison(level, node.A_Expr);
}

function addComparison(level: Level, { kind, name, lexpr, rexpr }: A_Expr): void {
  const operator = (name ?? []).map((part) => ('String' in part ? part.String.sval : '')).join('.');
  if (kind === 'AEXPR_BETWEEN') return addBetween(level, lexpr, rexpr);
  if ((kind === 'AEXPR_IN' || kind === 'AEXPR_OP_ANY') && operator === '=') {
    const column = columnOf(level, lexpr);
    if (column === undefined || mentions(level, rexpr, column.source)) return;
    add(column, 'lists');
    use(level, column, rexpr, kind === 'AEXPR_IN' ? 'equal' : 'list');
  }
  if (kind !== 'AEXPR_OP' || flipped[operator] === undefined) return;
  addSide(level, lexpr, operator, rexpr);
  addSide(level, rexpr, flipped[operator], lexpr);
}

function addSide(level: Level, side: Node | undefined, operator: string, other: Node | undefined): void {
  const column = columnOf(level, side);
  // Of a query around this one it is a constant here.
  if (column === undefined || !level.sources.includes(column.source)) return;
  if (mentions(level, other, column.source)) return;
  if (operator !== '=') add(column, 'ranges');
  else add(column, columnOf(level, other) === undefined ? 'equal' : 'joins');
  use(level, column, other, operator === '=' ? 'equal' : operator.startsWith('>') ? 'above' : 'below');
}

function addBetween(level: Level, side: Node | undefined, bounds: Node | undefined): void {
  const column = columnOf(level, side);
  if (column === undefined || bounds === undefined || !('List' in bounds)) return;
  if (mentions(level, bounds, column.source)) return;
  add(column, 'ranges');
  const [low, high] = bounds.List.items ?? [];
  use(level, column, low, 'above');
  use(level, column, high, 'below');
}

/** Columns of JOIN … USING, on both sides. */
export function addUsing(names: readonly Node[] | undefined, joined: readonly Source[]): void {
  for (const node of names ?? []) {
    const name = 'String' in node ? (node.String.sval ?? '') : '';
    for (const source of joined) if (source.columns.has(name)) add({ source, name }, 'joins');
  }
}

/** The order of a query, when one table alone gives it. */
export function addOrder(level: Level, select: SelectStmt): void {
  const { sortClause = [], groupClause, distinctClause, larg, limitCount } = select;
  if (groupClause !== undefined || distinctClause !== undefined || larg !== undefined) return;
  const keys: (OrderKey & { readonly source: Source })[] = [];
  for (const node of sortClause) {
    if (!('SortBy' in node)) return;
    const { node: key, sortby_dir, sortby_nulls } = node.SortBy;
    const column = columnOf(level, targetOf(select, key));
    if (column === undefined || sortby_dir === 'SORTBY_USING') return;
    keys.push({
      source: column.source,
      column: column.name,
      descending: sortby_dir === 'SORTBY_DESC',
      nulls: nullsOf(sortby_nulls),
    });
  }
  const [first] = keys;
  if (first === undefined || keys.some(({ source }) => source !== first.source)) return;
  first.source.found.order = keys.map(({ column, descending, nulls }) => ({ column, descending, nulls }));
  first.source.found.limited = limitCount !== undefined;
}

function nullsOf(nulls: string | undefined): OrderKey['nulls'] {
  if (nulls === 'SORTBY_NULLS_FIRST') return 'first';
  return nulls === 'SORTBY_NULLS_LAST' ? 'last' : undefined;
}

/** ORDER BY 2 and ORDER BY name mean what the target list says. */
function targetOf({ targetList = [] }: SelectStmt, key: Node | undefined): Node | undefined {
  if (key === undefined) return undefined;
  const values = targetList.map((node) => ('ResTarget' in node ? node.ResTarget : {}));
  if ('A_Const' in key) return values[(key.A_Const.ival?.ival ?? 0) - 1]?.val;
  if (!('ColumnRef' in key) || key.ColumnRef.fields?.length !== 1) return key;
  const [field] = key.ColumnRef.fields;
  const name = field !== undefined && 'String' in field ? field.String.sval : undefined;
  return values.find((value) => value.name !== undefined && value.name === name)?.val ?? key;
}

export function limitParameters(level: Level, { limitCount, limitOffset }: SelectStmt): void {
  for (const [node, role] of [
    [limitCount, 'count'],
    [limitOffset, 'skip'],
  ] as const)
    for (const number of parametersOf(node)) level.parameters.push({ number, role, column: undefined });
}

function add({ source, name }: FoundColumn, list: 'equal' | 'lists' | 'joins' | 'ranges'): void {
  if (!source.found[list].includes(name)) source.found[list].push(name);
}

function use(level: Level, column: FoundColumn, node: Node | undefined, role: ParameterUse['role']): void {
  for (const number of parametersOf(node))
    level.parameters.push({
      number,
      role,
      column: { relation: column.source.found.relation, name: column.name },
    });
}

/** Parameters that are the value itself, or parts of a list of values; not those inside a calculation. */
function parametersOf(node: Node | undefined): readonly number[] {
  if (node === undefined) return [];
  if ('ParamRef' in node) return [node.ParamRef.number ?? 0];
  if ('TypeCast' in node) return parametersOf(node.TypeCast.arg);
  if ('List' in node) return (node.List.items ?? []).flatMap(parametersOf);
  if ('A_ArrayExpr' in node) return (node.A_ArrayExpr.elements ?? []).flatMap(parametersOf);
  return [];
}

function columnOf(level: Level, node: Node | undefined): FoundColumn | undefined {
  return node !== undefined && 'ColumnRef' in node ? level.resolve(node.ColumnRef) : undefined;
}

/** Whether an expression has columns of this table: then it is no value to look up. */
function mentions(level: Level, part: unknown, source: Source): boolean {
  if (typeof part !== 'object' || part === null) return false;
  return Object.entries(part).some(([key, value]: [string, unknown]) =>
    key === 'ColumnRef' && typeof value === 'object' && value !== null
      ? level.resolve(value)?.source === source
      : mentions(level, value, source),
  );
}
