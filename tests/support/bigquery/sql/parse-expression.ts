import type { Call, Expression, Window } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { UnsupportedByDoubleError } from './sql-error.ts';

/** Precedence, loosest first. @see https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/operators */
const arithmetic: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '||'],
];
const comparisons = ['=', '!=', '<>', '<=', '>=', '<', '>'] as const;

export function parseExpression(cursor: Cursor): Expression {
  let left = parseAnd(cursor);
  for (;;) {
    const { at } = cursor.peek();
    if (!cursor.accept('OR')) return left;
    left = { node: 'binary', at, operator: 'OR', left, right: parseAnd(cursor) };
  }
}

function parseAnd(cursor: Cursor): Expression {
  let left = parseNot(cursor);
  for (;;) {
    const { at } = cursor.peek();
    if (!cursor.accept('AND')) return left;
    left = { node: 'binary', at, operator: 'AND', left, right: parseNot(cursor) };
  }
}

function parseNot(cursor: Cursor): Expression {
  const { at } = cursor.peek();
  if (cursor.accept('NOT')) return { node: 'unary', at, operator: 'NOT', operand: parseNot(cursor) };
  return parseComparison(cursor);
}

function parseComparison(cursor: Cursor): Expression {
  let left = parseArithmetic(cursor, 0);
  for (;;) {
    const following = parseTest(cursor, left);
    if (following === undefined) return left;
    left = following;
  }
}

function parseTest(cursor: Cursor, operand: Expression): Expression | undefined {
  const { at } = cursor.peek();
  const operator = comparisons.find((symbol) => cursor.accept(symbol));
  if (operator !== undefined) {
    const right = parseArithmetic(cursor, 0);
    return { node: 'binary', at, operator: operator === '<>' ? '!=' : operator, left: operand, right };
  }
  if (cursor.accept('IS')) return parseIs(cursor, operand, at);
  const not = cursor.accept('NOT');
  if (cursor.accept('BETWEEN')) {
    const low = parseArithmetic(cursor, 0);
    cursor.expect('AND');
    return { node: 'between', at, not, operand, low, high: parseArithmetic(cursor, 0) };
  }
  if (cursor.accept('IN')) return parseIn(cursor, operand, not, at);
  if (cursor.accept('LIKE')) {
    const like: Expression = {
      node: 'binary',
      at,
      operator: 'LIKE',
      left: operand,
      right: parseArithmetic(cursor, 0),
    };
    return not ? { node: 'unary', at, operator: 'NOT', operand: like } : like;
  }
  if (not) cursor.fail('BETWEEN, IN or LIKE');
  return undefined;
}

function parseIs(cursor: Cursor, operand: Expression, at: string): Expression {
  const not = cursor.accept('NOT');
  if (cursor.accept('DISTINCT', 'FROM')) {
    const operator = not ? 'IS NOT DISTINCT FROM' : 'IS DISTINCT FROM';
    return { node: 'binary', at, operator, left: operand, right: parseArithmetic(cursor, 0) };
  }
  const what = (['NULL', 'TRUE', 'FALSE'] as const).find((word) => cursor.accept(word));
  if (what === undefined) return cursor.fail('NULL, TRUE, FALSE or DISTINCT FROM');
  return { node: 'is', at, what, not, operand };
}

function parseIn(cursor: Cursor, operand: Expression, not: boolean, at: string): Expression {
  if (cursor.accept('UNNEST', '(')) {
    const array = parseExpression(cursor);
    cursor.expect(')');
    return { node: 'in-array', at, not, operand, array };
  }
  cursor.expect('(');
  if (cursor.sees('SELECT') || cursor.sees('WITH')) {
    const query = cursor.grammar.query(cursor);
    cursor.expect(')');
    return { node: 'in-query', at, not, operand, query };
  }
  const list = cursor.list(() => parseExpression(cursor));
  cursor.expect(')');
  return { node: 'in', at, not, operand, list };
}

function parseArithmetic(cursor: Cursor, level: number): Expression {
  const operators = arithmetic[level];
  if (operators === undefined) return parseUnary(cursor);
  let left = parseArithmetic(cursor, level + 1);
  for (;;) {
    const { at } = cursor.peek();
    const operator = operators.find((symbol) => cursor.accept(symbol));
    if (operator === undefined) return left;
    left = { node: 'binary', at, operator, left, right: parseArithmetic(cursor, level + 1) };
  }
}

function parseUnary(cursor: Cursor): Expression {
  const { at } = cursor.peek();
  const operator = (['-', '+', '~'] as const).find((symbol) => cursor.accept(symbol));
  if (operator !== undefined) return { node: 'unary', at, operator, operand: parseUnary(cursor) };
  return parsePostfix(cursor);
}

function parsePostfix(cursor: Cursor): Expression {
  let base = cursor.grammar.primary(cursor);
  for (;;) {
    const { at } = cursor.peek();
    if (cursor.sees('.') && cursor.peek(1).text !== '*') {
      cursor.next();
      base = { node: 'field', at, base, name: cursor.next().text };
    } else if (cursor.accept('[')) base = parseElement(cursor, base, at);
    else return base;
  }
}

const accessors = {
  OFFSET: { from: 0, safe: false },
  ORDINAL: { from: 1, safe: false },
  SAFE_OFFSET: { from: 0, safe: true },
  SAFE_ORDINAL: { from: 1, safe: true },
} as const;

function parseElement(cursor: Cursor, base: Expression, at: string): Expression {
  for (const [name, { from, safe }] of Object.entries(accessors)) {
    if (!cursor.accept(name, '(')) continue;
    const index = parseExpression(cursor);
    cursor.expect(')', ']');
    return { node: 'element', at, base, index, from, safe };
  }
  const index = parseExpression(cursor);
  cursor.expect(']');
  return { node: 'element', at, base, index, from: 0, safe: false };
}

/** The arguments of a call, its `(` already taken, and what may follow them. */
export function parseCall(cursor: Cursor, name: string, at: string): Call {
  const star = cursor.accept('*');
  const distinct = cursor.accept('DISTINCT');
  const list = star || cursor.sees(')') ? [] : cursor.list(() => parseExpression(cursor));
  const ignoreNulls = cursor.accept('IGNORE', 'NULLS');
  if (!ignoreNulls) cursor.accept('RESPECT', 'NULLS');
  const having = cursor.accept('HAVING') ? parseHavingExtreme(cursor) : undefined;
  const orderBy = cursor.accept('ORDER', 'BY') ? cursor.grammar.order(cursor) : [];
  const limit = cursor.accept('LIMIT') ? parseExpression(cursor) : undefined;
  cursor.expect(')');
  const over = cursor.accept('OVER') ? parseWindow(cursor) : undefined;
  return {
    node: 'call',
    at,
    name,
    arguments: list,
    star,
    distinct,
    ignoreNulls,
    orderBy,
    limit,
    having,
    over,
  };
}

function parseHavingExtreme(cursor: Cursor): Call['having'] {
  const kind = cursor.accept('MAX') ? 'MAX' : 'MIN';
  if (kind === 'MIN') cursor.expect('MIN');
  return { kind, expression: parseExpression(cursor) };
}

function parseWindow(cursor: Cursor): Window {
  cursor.expect('(');
  const partitionBy = cursor.accept('PARTITION', 'BY') ? cursor.list(() => parseExpression(cursor)) : [];
  const orderBy = cursor.accept('ORDER', 'BY') ? cursor.grammar.order(cursor) : [];
  if (cursor.sees('RANGE')) throw new UnsupportedByDoubleError('RANGE frames', cursor.peek().at);
  let rows: Window['rows'];
  if (cursor.accept('ROWS')) {
    const both = cursor.accept('BETWEEN');
    const from = parseFrameBound(cursor);
    if (both) cursor.expect('AND');
    rows = { from, to: both ? parseFrameBound(cursor) : 0 };
  }
  cursor.expect(')');
  return { partitionBy, orderBy, rows };
}

function parseFrameBound(cursor: Cursor): number | null {
  if (cursor.accept('CURRENT', 'ROW')) return 0;
  const unbounded = cursor.accept('UNBOUNDED');
  const amount = unbounded ? 0 : Number(cursor.next().text);
  const sign = cursor.accept('PRECEDING') ? -1 : 1;
  if (sign === 1) cursor.expect('FOLLOWING');
  return unbounded ? null : sign * amount;
}
