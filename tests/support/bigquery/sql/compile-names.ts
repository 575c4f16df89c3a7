import type { Expression } from './ast.ts';
import {
  type Compiled,
  findColumn,
  type Resolved,
  type Row,
  resolveName,
  type Scope,
  type Statement,
} from './scope.ts';
import { InvalidQueryError } from './sql-error.ts';
import { typeText } from './types.ts';

export function compileParameter(name: string, statement: Statement, at: string): Compiled {
  const parameter = statement.parameters.get(name.toLowerCase());
  if (parameter === undefined) throw new InvalidQueryError(`Query parameter '${name}' not found`, at);
  return { type: parameter.type, evaluate: () => parameter.value };
}

export function compileName(expression: Extract<Expression, { node: 'name' }>, scope: Scope): Compiled {
  const { name, at } = expression;
  return readResolved(checkGrouped(resolveName(name, visible(scope), at), scope, name, at));
}

export function compileField(
  expression: Extract<Expression, { node: 'field' }>,
  scope: Scope,
  compile: (part: Expression) => Compiled,
): Compiled {
  const { base, name, at } = expression;
  if (base.node === 'name') {
    const resolved = resolveName(base.name, visible(scope), base.at);
    if (resolved.isWhole) {
      let owner: Scope | undefined = visible(scope);
      for (let level = 0; level < resolved.depth; level += 1) owner = owner?.outer;
      const source = owner?.sources[resolved.source];
      const column = source && findColumn(source, name);
      if (column === undefined) throw new InvalidQueryError(`Name ${name} not found inside ${base.name}`, at);
      return readResolved(checkGrouped({ ...resolved, column }, scope, `${base.name}.${name}`, at));
    }
  }
  return fieldOf(compile(base), name, at);
}

/** What names mean: after GROUP BY they are looked up in FROM, and found there they must be grouped. */
function visible(scope: Scope): Scope {
  return scope.grouping?.inner ?? scope;
}

function checkGrouped(resolved: Resolved, scope: Scope, name: string, at: string): Resolved {
  if (scope.grouping === undefined || resolved.depth > 0) return resolved;
  throw new InvalidQueryError(
    `SELECT list expression references column ${name} which is neither grouped nor aggregated`,
    at,
  );
}

function readResolved({ depth, source, column }: Resolved): Compiled {
  column.used?.();
  const { get, type } = column;
  return {
    type,
    evaluate(row) {
      let current: Row | undefined = row;
      for (let level = 0; level < depth; level += 1) current = current?.outer;
      const tuple = current?.tuples[source];
      return tuple === undefined ? null : (get(tuple) ?? null);
    },
  };
}

function fieldOf(struct: Compiled, name: string, at: string): Compiled {
  if (struct.type.kind !== 'STRUCT') {
    throw new InvalidQueryError(
      `Cannot access field ${name} on a value with type ${typeText(struct.type)}`,
      at,
    );
  }
  const index = struct.type.fields.findIndex((field) => field.name.toLowerCase() === name.toLowerCase());
  const field = struct.type.fields[index];
  if (field === undefined)
    throw new InvalidQueryError(`Field name ${name} does not exist in ${typeText(struct.type)}`, at);
  return { type: field.type, evaluate: (row) => elementOf(struct.evaluate(row), index) };
}

function elementOf(value: unknown, index: number): unknown {
  return Array.isArray(value) ? (value[index] ?? null) : null;
}
