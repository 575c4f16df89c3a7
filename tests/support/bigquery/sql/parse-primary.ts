import type { Expression } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseCall, parseExpression } from './parse-expression.ts';
import { UnsupportedByDoubleError } from './sql-error.ts';
import { parseType, type SqlType, scalar } from './types.ts';

type Keyword = (cursor: Cursor, at: string) => Expression;

/** What a word begins, when it is not a name or a function. */
const keywords: Readonly<Record<string, Keyword>> = {
  NULL: (_cursor, at) => ({ node: 'literal', at, type: scalar('NULL'), value: null }),
  TRUE: (_cursor, at) => ({ node: 'literal', at, type: scalar('BOOL'), value: true }),
  FALSE: (_cursor, at) => ({ node: 'literal', at, type: scalar('BOOL'), value: false }),
  CASE: parseCase,
  CAST: (cursor, at) => parseCast(cursor, at, false),
  SAFE_CAST: (cursor, at) => parseCast(cursor, at, true),
  EXTRACT: parseExtract,
  INTERVAL: parseInterval,
  STRUCT: parseStruct,
  ARRAY: parseArray,
  EXISTS: (cursor, at) => ({ node: 'subquery', at, kind: 'exists', query: parenthesisedQuery(cursor) }),
};

/** `DATE '2026-01-01'`: a word and a string. */
const typedLiterals = ['DATE', 'TIMESTAMP', 'DATETIME', 'NUMERIC'];

export function parsePrimary(cursor: Cursor): Expression {
  const token = cursor.peek();
  const { at } = token;
  if (token.kind === 'number') return parseNumber(cursor.next().text, at);
  if (token.kind === 'string')
    return { node: 'literal', at, type: scalar('STRING'), value: cursor.next().text };
  if (token.kind === 'parameter') return { node: 'parameter', at, name: cursor.next().text };
  if (token.kind === 'symbol') return parseSymbol(cursor, at);
  if (token.kind === 'word') {
    const word = token.text.toUpperCase();
    const keyword = keywords[word];
    if (keyword !== undefined) {
      cursor.next();
      return keyword(cursor, at);
    }
    if (typedLiterals.includes(word) && cursor.peek(1).kind === 'string') {
      cursor.next();
      const operand: Expression = { node: 'literal', at, type: scalar('STRING'), value: cursor.next().text };
      return { node: 'cast', at, safe: false, operand, type: parseType(word) };
    }
    const name = functionName(cursor);
    if (name !== undefined) return parseCall(cursor, name, at);
  }
  return { node: 'name', at, name: cursor.name() };
}

/** Takes `NAME(` or `SAFE.NAME(`; leaves the cursor where it is when there is no call. */
function functionName(cursor: Cursor): string | undefined {
  const name = cursor.peek().text.toUpperCase();
  if (cursor.peek(1).text === '(' && cursor.peek(1).kind === 'symbol') {
    cursor.next();
    cursor.next();
    return name;
  }
  if (cursor.sees(name, '.') && cursor.peek(3).text === '(' && cursor.peek(2).kind === 'word') {
    cursor.next();
    cursor.next();
    const member = cursor.next().text.toUpperCase();
    cursor.next();
    return `${name}.${member}`;
  }
  return undefined;
}

function parseNumber(text: string, at: string): Expression {
  const value = Number(text);
  const isInteger = /^(0x[0-9a-f]+|\d+)$/i.test(text);
  if (isInteger && !Number.isSafeInteger(value))
    throw new UnsupportedByDoubleError(`integers beyond 2^53 (${text})`, at);
  return { node: 'literal', at, type: scalar(isInteger ? 'INT64' : 'FLOAT64'), value };
}

function parseSymbol(cursor: Cursor, at: string): Expression {
  if (cursor.sees('[')) return parseElements(cursor, at, undefined);
  if (!cursor.sees('(')) return cursor.fail('an expression');
  if (cursor.sees('(', 'SELECT') || cursor.sees('(', 'WITH')) {
    return { node: 'subquery', at, kind: 'scalar', query: parenthesisedQuery(cursor) };
  }
  cursor.expect('(');
  const expressions = cursor.list(() => parseExpression(cursor));
  cursor.expect(')');
  const first = expressions[0];
  if (expressions.length === 1 && first !== undefined) return first;
  return {
    node: 'struct',
    at,
    type: undefined,
    fields: expressions.map((expression) => ({ name: '', expression })),
  };
}

function parenthesisedQuery(cursor: Cursor): ReturnType<Cursor['grammar']['query']> {
  cursor.expect('(');
  const query = cursor.grammar.query(cursor);
  cursor.expect(')');
  return query;
}

function parseCase(cursor: Cursor, at: string): Expression {
  const operand = cursor.sees('WHEN') ? undefined : parseExpression(cursor);
  const branches: { when: Expression; result: Expression }[] = [];
  while (cursor.accept('WHEN')) {
    const when = parseExpression(cursor);
    cursor.expect('THEN');
    branches.push({ when, result: parseExpression(cursor) });
  }
  const otherwise = cursor.accept('ELSE') ? parseExpression(cursor) : undefined;
  cursor.expect('END');
  return { node: 'case', at, operand, branches, otherwise };
}

function parseCast(cursor: Cursor, at: string, safe: boolean): Expression {
  cursor.expect('(');
  const operand = parseExpression(cursor);
  cursor.expect('AS');
  const type = parseTypeName(cursor);
  if (cursor.sees('FORMAT')) throw new UnsupportedByDoubleError('CAST … FORMAT', at);
  cursor.expect(')');
  return { node: 'cast', at, safe, operand, type };
}

function parseExtract(cursor: Cursor, at: string): Expression {
  cursor.expect('(');
  const part = cursor.next().text.toUpperCase();
  cursor.expect('FROM');
  const operand = parseExpression(cursor);
  const zone = cursor.accept('AT', 'TIME', 'ZONE') ? parseExpression(cursor) : undefined;
  cursor.expect(')');
  return { node: 'extract', at, part, operand, zone };
}

function parseInterval(cursor: Cursor, at: string): Expression {
  const amount = parsePrimaryWithSign(cursor);
  return { node: 'interval', at, amount, part: cursor.next().text.toUpperCase() };
}

function parsePrimaryWithSign(cursor: Cursor): Expression {
  const { at } = cursor.peek();
  if (cursor.accept('-')) return { node: 'unary', at, operator: '-', operand: parsePrimary(cursor) };
  return parsePrimary(cursor);
}

function parseStruct(cursor: Cursor, at: string): Expression {
  let type: SqlType | undefined;
  if (cursor.sees('<')) type = parseType(`STRUCT${angleText(cursor)}`);
  cursor.expect('(');
  const fields = cursor.sees(')')
    ? []
    : cursor.list(() => {
        const expression = parseExpression(cursor);
        const alias = cursor.accept('AS') ? cursor.name() : undefined;
        return { name: alias ?? impliedName(expression), expression };
      });
  cursor.expect(')');
  return { node: 'struct', at, type, fields };
}

function parseArray(cursor: Cursor, at: string): Expression {
  if (cursor.sees('(')) return { node: 'subquery', at, kind: 'array', query: parenthesisedQuery(cursor) };
  const type = cursor.sees('<') ? parseType(`ARRAY${angleText(cursor)}`) : undefined;
  return parseElements(cursor, at, type?.kind === 'ARRAY' ? type.element : undefined);
}

function parseElements(cursor: Cursor, at: string, element: SqlType | undefined): Expression {
  cursor.expect('[');
  const elements = cursor.sees(']') ? [] : cursor.list(() => parseExpression(cursor));
  cursor.expect(']');
  return { node: 'array', at, elements, element };
}

function parseTypeName(cursor: Cursor): SqlType {
  const { at } = cursor.peek();
  const word = cursor.next().text;
  const text = cursor.sees('<') ? word + angleText(cursor) : word;
  if (cursor.sees('(')) throw new UnsupportedByDoubleError('parameterised types', at);
  return parseType(text);
}

/** `<…>` with what is between, as text. */
function angleText(cursor: Cursor): string {
  let depth = 0;
  let text = '';
  do {
    const token = cursor.next();
    if (token.kind === 'end') cursor.fail('">"');
    if (token.text === '<') depth += 1;
    if (token.text === '>') depth -= 1;
    if (token.text === '>>') depth -= 2;
    text += `${token.text} `;
  } while (depth > 0);
  return text;
}

/** The name that `SELECT a.b` gives its column; empty when the expression has none. */
export function impliedName(expression: Expression): string {
  return expression.node === 'name' || expression.node === 'field' ? expression.name : '';
}
