import type { Expression, Source } from './ast.ts';
import { compileExpression } from './compile-expression.ts';
import {
  type Compiled,
  findColumn,
  type Row,
  type Scope,
  type ScopeSource,
  type Statement,
} from './scope.ts';
import { InvalidQueryError, UnsupportedByDoubleError } from './sql-error.ts';
import { type SqlType, type StructField, scalar, typeText } from './types.ts';
import { valueKey } from './values.ts';

type Tuples = readonly (readonly unknown[] | undefined)[];

/** A part of FROM: the sources it adds, and the tuples it adds to those on its left. */
export interface CompiledSource {
  readonly sources: readonly ScopeSource[];
  readonly merged: ReadonlyMap<string, number>;
  readonly produce: (left: Tuples, outer: Row | undefined) => readonly Tuples[];
}

/** `scope` holds the sources on the left, which UNNEST may name. */
export function compileSource(source: Source, scope: Scope, statement: Statement): CompiledSource {
  switch (source.source) {
    case 'table':
      return compileTable(source, scope, statement);
    case 'query': {
      const query = statement.compileQuery(source.query, scope.outer, statement);
      const produce: CompiledSource['produce'] = (_left, outer) => query.run(outer).map((tuple) => [tuple]);
      return { sources: [tableSource(source.alias, query.columns)], merged: new Map(), produce };
    }
    case 'unnest':
      return compileUnnest(source, scope, statement);
    default:
      return compileJoin(source, scope, statement);
  }
}

function compileTable(
  source: Extract<Source, { source: 'table' }>,
  scope: Scope,
  statement: Statement,
): CompiledSource {
  const { path, alias, at } = source;
  const withQuery = statement.withs.get(path.toLowerCase());
  if (withQuery !== undefined) {
    const produce: CompiledSource['produce'] = (_left, outer) => withQuery.run(outer).map((tuple) => [tuple]);
    return { sources: [tableSource(alias, withQuery.columns)], merged: new Map(), produce };
  }
  const array = correlatedArray(path, scope);
  if (array !== undefined)
    return compileUnnest({ source: 'unnest', at, array, alias, offset: undefined }, scope, statement);
  const table = statement.table(path, at);
  const produce = (): readonly Tuples[] => table.rows().map((tuple) => [tuple]);
  return { sources: [tableSource(alias, table.columns, table.use)], merged: new Map(), produce };
}

/** `FROM jobs AS j, j.labels`: the path begins with an alias on the left. */
function correlatedArray(path: string, scope: Scope): Expression | undefined {
  const [head = '', ...fields] = path.split('.');
  if (fields.length === 0 || !scope.sources.some(({ alias }) => alias.toLowerCase() === head.toLowerCase()))
    return undefined;
  const base: Expression = { node: 'name', at: '1:1', name: head };
  return fields.reduce<Expression>((inner, name) => ({ node: 'field', at: '1:1', base: inner, name }), base);
}

function tableSource(
  alias: string,
  columns: readonly StructField[],
  onUse?: (column: string) => void,
): ScopeSource {
  const allUsed = (): void => columns.forEach(({ name }) => onUse?.(name));
  return {
    alias,
    columns: columns.map(({ name, type }, index) => ({
      name,
      type,
      get: (tuple: readonly unknown[]) => tuple[index],
      used: () => onUse?.(name),
    })),
    whole: { name: alias, type: { kind: 'STRUCT', fields: columns }, get: (tuple) => tuple, used: allUsed },
  };
}

function compileUnnest(
  source: Extract<Source, { source: 'unnest' }>,
  scope: Scope,
  statement: Statement,
): CompiledSource {
  const array = compileExpression(source.array, scope, statement);
  if (array.type.kind !== 'ARRAY') {
    throw new InvalidQueryError(
      `Values referenced in UNNEST must be arrays. UNNEST contains expression of type ${typeText(array.type)}`,
      source.at,
    );
  }
  const { element } = array.type;
  const produce: CompiledSource['produce'] = (left, outer) => {
    const list = array.evaluate({ tuples: left, outer });
    return Array.isArray(list) ? list.map((item: unknown, index) => [[item, index]]) : [];
  };
  return { sources: [unnestSource(source.alias, element, source.offset)], merged: new Map(), produce };
}

function unnestSource(alias: string, element: SqlType, offset: string | undefined): ScopeSource {
  const fields = element.kind === 'STRUCT' ? element.fields : [];
  const columns = fields.map(({ name, type }, index) => ({
    name,
    type,
    get: ([item]: readonly unknown[]) => (Array.isArray(item) ? item[index] : null),
  }));
  const position = {
    name: offset ?? '',
    type: scalar('INT64'),
    get: (tuple: readonly unknown[]) => tuple[1],
  };
  const whole = { name: alias, type: element, get: (tuple: readonly unknown[]) => tuple[0] };
  return { alias, columns: offset === undefined ? columns : [...columns, position], whole };
}

function compileJoin(
  source: Extract<Source, { source: 'join' }>,
  scope: Scope,
  statement: Statement,
): CompiledSource {
  const { kind, at } = source;
  const left = compileSource(source.left, scope, statement);
  const besides: Scope = {
    ...scope,
    sources: [...scope.sources, ...left.sources],
    merged: merge(scope.merged, left.merged),
  };
  const right = compileSource(source.right, besides, statement);
  const sources = [...left.sources, ...right.sources];
  const merged = new Map([...left.merged, ...right.merged]);
  const offset = scope.sources.length;
  if (source.using.length > 0 && kind !== 'INNER' && kind !== 'LEFT') {
    throw new UnsupportedByDoubleError(`${kind} JOIN … USING`, at);
  }
  for (const name of source.using) merged.set(name.toLowerCase(), offset + indexWith(left.sources, name, at));
  const full: Scope = {
    ...scope,
    sources: [...scope.sources, ...sources],
    merged: merge(scope.merged, merged),
  };
  const on = source.on && compileExpression(source.on, full, statement);
  const keys = [
    ...usingKeys(source.using, left, right, offset, at),
    ...equalityKeys(source.on, besides, full, right, statement),
  ];
  const join: Join = { kind, left, right, on, keys, offset, isLateral: isLateral(source.right, besides) };
  return { sources, merged, produce: (before, outer) => produceJoin(join, before, outer) };
}

function merge(
  left: ReadonlyMap<string, number> | undefined,
  right: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  return new Map([...(left ?? []), ...right]);
}

interface JoinKey {
  readonly left: (row: Row) => unknown;
  readonly right: (row: Row) => unknown;
}

interface Join {
  readonly kind: 'INNER' | 'LEFT' | 'RIGHT' | 'FULL' | 'CROSS';
  readonly left: CompiledSource;
  readonly right: CompiledSource;
  readonly on: Compiled | undefined;
  /** Equalities every match satisfies. */
  readonly keys: readonly JoinKey[];
  /** Sources before this join. */
  readonly offset: number;
  readonly isLateral: boolean;
}

function produceJoin(join: Join, before: Tuples, outer: Row | undefined): readonly Tuples[] {
  const { kind, left, right, on, keys } = join;
  const padding = left.sources.map(() => undefined);
  const shared = join.isLateral
    ? undefined
    : indexRows(right.produce([...before, ...padding], outer), join, before, outer);
  const matched = new Set<Tuples>();
  const joined: Tuples[] = [];
  for (const tuples of left.produce(before, outer)) {
    const base = [...before, ...tuples];
    const row: Row = { tuples: base, outer };
    const candidates =
      shared === undefined ? right.produce(base, outer) : (shared.get(keyOf(keys, 'left', row)) ?? []);
    let found = false;
    for (const candidate of candidates) {
      if (on !== undefined && on.evaluate({ tuples: [...base, ...candidate], outer }) !== true) continue;
      found = true;
      matched.add(candidate);
      joined.push([...tuples, ...candidate]);
    }
    if (!found && (kind === 'LEFT' || kind === 'FULL'))
      joined.push([...tuples, ...right.sources.map(() => undefined)]);
  }
  if (kind === 'RIGHT' || kind === 'FULL') {
    const rest = [...(shared?.values() ?? [])].flat().filter((candidate) => !matched.has(candidate));
    joined.push(...rest.map((candidate) => [...padding, ...candidate]));
  }
  return joined;
}

function indexRows(
  rows: readonly Tuples[],
  join: Join,
  before: Tuples,
  outer: Row | undefined,
): Map<string, Tuples[]> {
  const padding = join.left.sources.map(() => undefined);
  return Map.groupBy(rows, (tuples) =>
    keyOf(join.keys, 'right', { tuples: [...before, ...padding, ...tuples], outer }),
  );
}

/** NULL equals nothing, so it gets a key of its own on each side. */
function keyOf(keys: readonly JoinKey[], side: 'left' | 'right', row: Row): string {
  const values = keys.map((key) => key[side](row));
  return values.includes(null) ? `no match ${side}` : valueKey(values);
}

/** Whether it must be produced anew for each row on the left. */
function isLateral(source: Source, scope: Scope): boolean {
  if (source.source === 'join') return isLateral(source.left, scope) || isLateral(source.right, scope);
  return (
    source.source === 'unnest' ||
    (source.source === 'table' && correlatedArray(source.path, scope) !== undefined)
  );
}

function indexWith(sources: readonly ScopeSource[], name: string, at: string): number {
  const index = sources.findIndex((source) => findColumn(source, name) !== undefined);
  if (index < 0) throw new InvalidQueryError(`Column ${name} in USING clause not found`, at);
  return index;
}

function usingKeys(
  names: readonly string[],
  left: CompiledSource,
  right: CompiledSource,
  offset: number,
  at: string,
): JoinKey[] {
  return names.map((name) => {
    const sides = { left: [left, offset], right: [right, offset + left.sources.length] } as const;
    const reader = ([side, start]: readonly [CompiledSource, number]) => {
      const index = indexWith(side.sources, name, at);
      const source = side.sources[index];
      const column = source && findColumn(source, name);
      column?.used?.();
      return (row: Row): unknown => {
        const tuple = row.tuples[start + index];
        return tuple === undefined ? null : (column?.get(tuple) ?? null);
      };
    };
    return { left: reader(sides.left), right: reader(sides.right) };
  });
}

/** `a.x = b.y` conjuncts of ON, so that a join of two big tables is not their product. */
function equalityKeys(
  on: Expression | undefined,
  leftScope: Scope,
  full: Scope,
  right: CompiledSource,
  statement: Statement,
): JoinKey[] {
  if (on?.node !== 'binary') return [];
  if (on.operator === 'AND') {
    return [on.left, on.right].flatMap((part) => equalityKeys(part, leftScope, full, right, statement));
  }
  if (on.operator !== '=') return [];
  const hidden = full.sources.map((source, index) =>
    index < leftScope.sources.length ? nameless(source) : source,
  );
  const rightScope: Scope = { sources: hidden, outer: undefined };
  const leftOnly: Scope = { sources: leftScope.sources, outer: undefined };
  for (const [a, b] of [
    [on.left, on.right],
    [on.right, on.left],
  ] as const) {
    const left = tryCompile(a, leftOnly, statement);
    const other = tryCompile(b, rightScope, statement);
    if (left?.type.kind === other?.type.kind && left !== undefined && other !== undefined) {
      return [{ left: left.evaluate, right: other.evaluate }];
    }
  }
  return [];
}

function nameless(source: ScopeSource): ScopeSource {
  return { ...source, alias: '', columns: [] };
}

function tryCompile(expression: Expression, scope: Scope, statement: Statement): Compiled | undefined {
  try {
    return compileExpression(expression, scope, statement);
  } catch (error) {
    if (error instanceof InvalidQueryError) return undefined; // needs names of both sides: not a key
    throw error;
  }
}
