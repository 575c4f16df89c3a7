import { compileQuery } from './compile-query.ts';
import { parseStatement } from './parse-query.ts';
import type { CompiledQuery, Statement, Table } from './scope.ts';
import { Zones } from './time.ts';
import type { SqlType } from './types.ts';

export interface PrepareOptions {
  readonly table: (path: string, at: string) => Table;
  /** By name, without `@`. */
  readonly parameters?: ReadonlyMap<string, { readonly type: SqlType; readonly value: unknown }>;
  /** What CURRENT_TIMESTAMP answers. */
  readonly nowMicros: number;
  readonly zones?: Zones;
}

/**
 * Parses a query, resolves its names and checks its types, and answers what runs it.
 *
 * @throws {InvalidQueryError} what the service would refuse, with `line:column`, and what the double does not know.
 */
export function prepareQuery(sql: string, options: PrepareOptions): CompiledQuery {
  const parameters = [...(options.parameters ?? [])].map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  const statement: Statement = {
    table: options.table,
    parameters: new Map(parameters),
    nowMicros: options.nowMicros,
    zones: options.zones ?? new Zones(),
    withs: new Map(),
    compileQuery,
  };
  return compileQuery(parseStatement(sql), undefined, statement);
}
