import type { Expression, OrderItem, Query } from './ast.ts';
import { type Token, tokenize } from './lexer.ts';
import { InvalidQueryError } from './sql-error.ts';

/** The rules that call each other in a circle; handed in so that the files do not import each other in a circle. */
export interface Grammar {
  readonly query: (cursor: Cursor) => Query;
  readonly order: (cursor: Cursor) => OrderItem[];
  readonly primary: (cursor: Cursor) => Expression;
}

/** Where the parser is. Words are compared without case. */
export class Cursor {
  readonly #tokens: readonly Token[];
  #position = 0;
  readonly grammar: Grammar;

  constructor(sql: string, grammar: Grammar) {
    this.grammar = grammar;
    this.#tokens = tokenize(sql);
  }

  peek(ahead = 0): Token {
    const last = this.#tokens.length - 1;
    const token = this.#tokens[Math.min(this.#position + ahead, last)];
    if (token === undefined) throw new TypeError('no tokens');
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.#position += 1;
    return token;
  }

  /** Whether these words or symbols come next. */
  sees(...words: readonly string[]): boolean {
    return words.every((word, index) => {
      const token = this.peek(index);
      return (token.kind === 'word' || token.kind === 'symbol') && token.text.toUpperCase() === word;
    });
  }

  /** Takes them if they come next. */
  accept(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false;
    this.#position += words.length;
    return true;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.accept(word)) this.fail(`"${word}"`);
  }

  /** A name, quoted or not. */
  name(): string {
    const token = this.next();
    if (token.kind === 'quoted') return token.text;
    if (token.kind !== 'word' || reserved.has(token.text.toUpperCase())) {
      throw new InvalidQueryError(`Syntax error: Expected identifier but got "${token.text}"`, token.at);
    }
    return token.text;
  }

  /** `AS name`, `name` or nothing. */
  alias(): string | undefined {
    if (this.accept('AS')) return this.name();
    const token = this.peek();
    const isName =
      token.kind === 'quoted' || (token.kind === 'word' && !reserved.has(token.text.toUpperCase()));
    return isName ? this.name() : undefined;
  }

  fail(wanted: string): never {
    const token = this.peek();
    throw new InvalidQueryError(`Syntax error: Expected ${wanted} but got "${token.text}"`, token.at);
  }

  /** Items with commas between. */
  list<T>(read: () => T): T[] {
    const items = [read()];
    while (this.accept(',')) items.push(read());
    return items;
  }
}

/** @see https://docs.cloud.google.com/bigquery/docs/reference/standard-sql/lexical#reserved_keywords */
const reserved = new Set(
  `ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE CROSS CUBE CURRENT DEFAULT DEFINE DESC
  DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH FOLLOWING FOR FROM FULL GROUP GROUPING GROUPS HASH HAVING IF
  IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT LOOKUP MERGE NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER OUTER
  OVER PARTITION PRECEDING PROTO QUALIFY RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE
  UNBOUNDED UNION UNNEST USING WHEN WHERE WINDOW WITH WITHIN`.split(/\s+/),
);
