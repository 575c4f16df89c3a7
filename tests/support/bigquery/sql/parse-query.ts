import type { OrderItem, Query, Select, SelectItem, SetOperation, Source } from './ast.ts';
import { Cursor } from './cursor.ts';
import { parseExpression } from './parse-expression.ts';
import { parsePrimary } from './parse-primary.ts';
import { InvalidQueryError, UnsupportedByDoubleError } from './sql-error.ts';

/** One SELECT statement, with or without WITH. Anything else is refused by name. */
export function parseStatement(sql: string): Query {
  const cursor = new Cursor(sql, { query: parseQuery, order: parseOrder, primary: parsePrimary });
  if (!cursor.sees('SELECT') && !cursor.sees('WITH') && !cursor.sees('(')) {
    throw new UnsupportedByDoubleError(`statements that begin with ${cursor.peek().text}`, cursor.peek().at);
  }
  const query = parseQuery(cursor);
  cursor.accept(';');
  if (cursor.sees('|>')) throw new UnsupportedByDoubleError('pipe syntax', cursor.peek().at);
  if (cursor.peek().kind !== 'end') cursor.fail('end of input');
  return query;
}

function parseQuery(cursor: Cursor): Query {
  const { at } = cursor.peek();
  const withs = cursor.accept('WITH') ? parseWiths(cursor) : [];
  const of = parseSetOperations(cursor);
  const orderBy = cursor.accept('ORDER', 'BY') ? parseOrder(cursor) : [];
  const limit = cursor.accept('LIMIT') ? parseExpression(cursor) : undefined;
  const offset = cursor.accept('OFFSET') ? parseExpression(cursor) : undefined;
  return { body: 'query', at, with: withs, of, orderBy, limit, offset };
}

function parseOrder(cursor: Cursor): OrderItem[] {
  return cursor.list(() => {
    const expression = parseExpression(cursor);
    const descending = cursor.accept('DESC');
    if (!descending) cursor.accept('ASC');
    let nullsFirst: boolean | undefined;
    if (cursor.accept('NULLS', 'FIRST')) nullsFirst = true;
    else if (cursor.accept('NULLS', 'LAST')) nullsFirst = false;
    return { expression, descending, nullsFirst };
  });
}

function parseWiths(cursor: Cursor): Query['with'] {
  if (cursor.sees('RECURSIVE')) throw new UnsupportedByDoubleError('WITH RECURSIVE', cursor.peek().at);
  return cursor.list(() => {
    const name = cursor.name();
    cursor.expect('AS');
    return { name, query: parenthesised(cursor) };
  });
}

function parenthesised(cursor: Cursor): Query {
  cursor.expect('(');
  const query = parseQuery(cursor);
  cursor.expect(')');
  return query;
}

const setOperators = ['UNION ALL', 'UNION DISTINCT', 'EXCEPT DISTINCT', 'INTERSECT DISTINCT'] as const;

function parseSetOperations(cursor: Cursor): Select | SetOperation | Query {
  let left: Select | SetOperation | Query = parseSetOperand(cursor);
  for (;;) {
    const { at } = cursor.peek();
    const operator = setOperators.find((words) => cursor.accept(...words.split(' ')));
    if (operator === undefined) return left;
    left = { body: 'set', at, operator, left, right: parseSetOperand(cursor) };
  }
}

function parseSetOperand(cursor: Cursor): Select | Query {
  return cursor.sees('(') ? parenthesised(cursor) : parseSelect(cursor);
}

function parseSelect(cursor: Cursor): Select {
  const { at } = cursor.peek();
  cursor.expect('SELECT');
  const distinct = cursor.accept('DISTINCT');
  if (!distinct) cursor.accept('ALL');
  const asStruct = cursor.accept('AS', 'STRUCT');
  const items = parseItems(cursor);
  const from = cursor.accept('FROM') ? parseSource(cursor) : undefined;
  const where = cursor.accept('WHERE') ? parseExpression(cursor) : undefined;
  const groupBy = cursor.accept('GROUP', 'BY') ? parseGroupBy(cursor) : [];
  const having = cursor.accept('HAVING') ? parseExpression(cursor) : undefined;
  const qualify = cursor.accept('QUALIFY') ? parseExpression(cursor) : undefined;
  if (cursor.sees('WINDOW')) throw new UnsupportedByDoubleError('named windows', cursor.peek().at);
  return { body: 'select', at, distinct, asStruct, items, from, where, groupBy, having, qualify };
}

function parseGroupBy(cursor: Cursor): Select['groupBy'] {
  for (const word of ['ROLLUP', 'CUBE', 'GROUPING', 'ALL']) {
    if (cursor.sees(word)) throw new UnsupportedByDoubleError(`GROUP BY ${word}`, cursor.peek().at);
  }
  return cursor.list(() => parseExpression(cursor));
}

function parseItems(cursor: Cursor): SelectItem[] {
  const items: SelectItem[] = [];
  do {
    if (cursor.sees('FROM')) break; // a comma may stand after the last item
    items.push(parseItem(cursor));
  } while (cursor.accept(','));
  if (items.length === 0)
    throw new InvalidQueryError('Syntax error: SELECT list must not be empty', cursor.peek().at);
  return items;
}

function parseItem(cursor: Cursor): SelectItem {
  const { at } = cursor.peek();
  if (cursor.accept('*')) return { item: 'star', at, of: undefined, except: parseExcept(cursor) };
  const expression = parseExpression(cursor);
  if (cursor.accept('.', '*')) return { item: 'star', at, of: expression, except: parseExcept(cursor) };
  return { item: 'expression', at, expression, alias: cursor.alias() };
}

function parseExcept(cursor: Cursor): string[] {
  if (cursor.sees('REPLACE')) throw new UnsupportedByDoubleError('SELECT * REPLACE', cursor.peek().at);
  if (!cursor.accept('EXCEPT', '(')) return [];
  const names = cursor.list(() => cursor.name());
  cursor.expect(')');
  return names;
}

function parseSource(cursor: Cursor): Source {
  let left = parseSourcePrimary(cursor);
  for (;;) {
    const { at } = cursor.peek();
    if (cursor.accept(',')) {
      const right = parseSourcePrimary(cursor);
      left = { source: 'join', at, kind: 'CROSS', left, right, on: undefined, using: [] };
      continue;
    }
    const kind = parseJoinKind(cursor);
    if (kind === undefined) return left;
    const right = parseSourcePrimary(cursor);
    const on = cursor.accept('ON') ? parseExpression(cursor) : undefined;
    const using: string[] = [];
    if (on === undefined && cursor.accept('USING', '(')) {
      using.push(...cursor.list(() => cursor.name()));
      cursor.expect(')');
    }
    left = { source: 'join', at, kind, left, right, on, using };
  }
}

function parseJoinKind(cursor: Cursor): 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS' | undefined {
  if (cursor.accept('CROSS', 'JOIN')) return 'CROSS';
  if (cursor.accept('JOIN') || cursor.accept('INNER', 'JOIN')) return 'INNER';
  for (const kind of ['LEFT', 'RIGHT', 'FULL'] as const) {
    if (cursor.accept(kind, 'JOIN') || cursor.accept(kind, 'OUTER', 'JOIN')) return kind;
  }
  return undefined;
}

function parseSourcePrimary(cursor: Cursor): Source {
  const { at } = cursor.peek();
  if (cursor.accept('UNNEST', '(')) {
    const array = parseExpression(cursor);
    cursor.expect(')');
    const alias = cursor.alias() ?? '';
    const offset = cursor.accept('WITH', 'OFFSET') ? (cursor.alias() ?? 'offset') : undefined;
    return { source: 'unnest', at, array, alias, offset };
  }
  if (cursor.sees('(')) {
    if (!cursor.sees('(', 'SELECT') && !cursor.sees('(', 'WITH') && !cursor.sees('(', '(')) {
      cursor.expect('(');
      const inner = parseSource(cursor);
      cursor.expect(')');
      return inner;
    }
    const query = parenthesised(cursor);
    return { source: 'query', at, query, alias: cursor.alias() ?? '' };
  }
  const parts = [cursor.name()];
  while (cursor.accept('.')) parts.push(cursor.next().text);
  if (cursor.sees('FOR')) throw new UnsupportedByDoubleError('FOR SYSTEM_TIME', cursor.peek().at);
  if (cursor.sees('TABLESAMPLE')) throw new UnsupportedByDoubleError('TABLESAMPLE', cursor.peek().at);
  const path = parts.join('.');
  return { source: 'table', at, path, alias: cursor.alias() ?? path.split('.').at(-1) ?? path };
}
