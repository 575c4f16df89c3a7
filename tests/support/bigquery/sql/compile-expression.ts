import { aggregateNames, compileAggregate } from './aggregates.ts';
import type { Call, Expression } from './ast.ts';
import { expressionKey } from './expression-key.ts';
import { compileFunction } from './functions.ts';
import { compileBinary } from './operators.ts';
import {
  type Compiled,
  findColumn,
  type Resolved,
  type Row,
  resolveName,
  type Scope,
  type Statement,
  type WindowSlot,
} from './scope.ts';
import { compileSpecial } from './special-functions.ts';
import { EvaluationError, InvalidQueryError, UnsupportedByDoubleError } from './sql-error.ts';
import { extractPart, MICROS_PER_DAY } from './time.ts';
import { arrayOf, commonType, type SqlType, type StructField, scalar, typeText } from './types.ts';
import { castBetween, compareValues, int64 } from './values.ts';
import { compileWindow } from './windows.ts';

/** Resolves names, checks types, and gives the evaluator. */
export function compileExpression(expression: Expression, scope: Scope, statement: Statement): Compiled {
  const key = scope.grouping?.keys.get(expressionKey(expression, scope.grouping.inner));
  if (key !== undefined) return { type: key.type, evaluate: (row) => row.group?.[key.index] ?? null };
  const compile = (part: Expression): Compiled => compileExpression(part, scope, statement);
  const { at } = expression;
  switch (expression.node) {
    case 'literal':
      return { type: expression.type, evaluate: () => expression.value };
    case 'parameter':
      return compileParameter(expression.name, statement, at);
    case 'name':
      return compileName(expression, scope);
    case 'field':
      return compileField(expression, scope, statement);
    case 'element':
      return compileElement(expression, compile);
    case 'unary':
      return compileUnary(expression.operator, compile(expression.operand), at);
    case 'binary':
      return compileBinary(expression.operator, ...coercePair(expression, compile, statement), at);
    case 'is':
      return compileIs(expression, compile(expression.operand));
    case 'between': {
      const { operand, low, high } = expression;
      const above: Expression = { node: 'binary', at, operator: '>=', left: operand, right: low };
      const below: Expression = { node: 'binary', at, operator: '<=', left: operand, right: high };
      const both: Expression = { node: 'binary', at, operator: 'AND', left: above, right: below };
      return compile(expression.not ? { node: 'unary', at, operator: 'NOT', operand: both } : both);
    }
    case 'in':
    case 'in-array':
    case 'in-query':
      return compileIn(expression, scope, statement);
    case 'case':
      return compileCase(expression, compile);
    case 'cast':
      return compileCast(expression, compile(expression.operand), statement);
    case 'extract':
      return compileExtract(expression, compile, statement);
    case 'interval': {
      const amount = compile(expression.amount);
      return {
        type: scalar('INTERVAL'),
        evaluate: (row) => intervalOf(amount.evaluate(row), expression.part),
      };
    }
    case 'struct':
      return compileStruct(expression, compile);
    case 'array':
      return compileArray(expression, compile);
    case 'subquery':
      return compileSubquery(expression, scope, statement);
    case 'call':
      return compileCall(expression, scope, statement);
  }
}

function intervalOf(amount: unknown, part: string): unknown {
  return amount === null ? null : [amount, part];
}

function compileParameter(name: string, statement: Statement, at: string): Compiled {
  const parameter = statement.parameters.get(name.toLowerCase());
  if (parameter === undefined) throw new InvalidQueryError(`Query parameter '${name}' not found`, at);
  return { type: parameter.type, evaluate: () => parameter.value };
}

function compileName(expression: Extract<Expression, { node: 'name' }>, scope: Scope): Compiled {
  const { name, at } = expression;
  return readResolved(checkGrouped(resolveName(name, visible(scope), at), scope, name, at));
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

function compileField(
  expression: Extract<Expression, { node: 'field' }>,
  scope: Scope,
  statement: Statement,
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
  const struct = compileExpression(base, scope, statement);
  return fieldOf(struct, name, at);
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

function compileElement(
  expression: Extract<Expression, { node: 'element' }>,
  compile: (part: Expression) => Compiled,
): Compiled {
  const base = compile(expression.base);
  const index = compile(expression.index);
  if (base.type.kind !== 'ARRAY') {
    throw new InvalidQueryError(
      `Element access using [] is not supported on values of type ${typeText(base.type)}`,
      expression.at,
    );
  }
  const { from, safe } = expression;
  return {
    type: base.type.element,
    evaluate(row) {
      const list = base.evaluate(row);
      const position = index.evaluate(row);
      if (!Array.isArray(list) || typeof position !== 'number') return null;
      const isInside = position >= from && position - from < list.length;
      if (!isInside && !safe) throw new EvaluationError(`Array index ${position} is out of bounds`);
      return isInside ? (list[position - from] ?? null) : null;
    },
  };
}

function compileUnary(operator: '-' | '+' | 'NOT' | '~', operand: Compiled, at: string): Compiled {
  const { kind } = operand.type;
  const isNegation = operator === 'NOT';
  const fits = isNegation ? kind === 'BOOL' : ['INT64', 'FLOAT64', 'NUMERIC'].includes(kind);
  if (!(fits || kind === 'NULL') || operator === '~') {
    throw new InvalidQueryError(
      `No matching signature for operator ${operator} for argument type: ${typeText(operand.type)}`,
      at,
    );
  }
  const sign = operator === '-' ? -1 : 1;
  return {
    type: operand.type,
    evaluate(row) {
      const value = operand.evaluate(row);
      if (value === null) return null;
      return isNegation ? value !== true : sign * Number(value);
    },
  };
}

function compileIs(expression: Extract<Expression, { node: 'is' }>, operand: Compiled): Compiled {
  const wanted = expression.what === 'NULL' ? null : expression.what === 'TRUE';
  return { type: scalar('BOOL'), evaluate: (row) => (operand.evaluate(row) === wanted) !== expression.not };
}

/** A string literal or parameter beside a time becomes a time, as in GoogleSQL. */
function coercePair(
  expression: { readonly left: Expression; readonly right: Expression },
  compile: (part: Expression) => Compiled,
  statement: Statement,
): [Compiled, Compiled] {
  const left = compile(expression.left);
  const right = compile(expression.right);
  return [
    coerceString(expression.left, left, right.type, statement),
    coerceString(expression.right, right, left.type, statement),
  ];
}

function coerceString(
  source: Expression,
  compiled: Compiled,
  wanted: SqlType,
  statement: Statement,
): Compiled {
  const isConstant = source.node === 'literal' || source.node === 'parameter';
  if (
    !isConstant ||
    compiled.type.kind !== 'STRING' ||
    !['TIMESTAMP', 'DATE', 'DATETIME'].includes(wanted.kind)
  )
    return compiled;
  const cast = castBetween(compiled.type, wanted);
  return cast === undefined
    ? compiled
    : { type: wanted, evaluate: (row) => cast(compiled.evaluate(row), statement.zones) };
}

function compileIn(
  expression: Extract<Expression, { node: 'in' | 'in-array' | 'in-query' }>,
  scope: Scope,
  statement: Statement,
): Compiled {
  const { at, not } = expression;
  const operand = compileExpression(expression.operand, scope, statement);
  const { type, values } = membership(expression, operand, scope, statement);
  if (commonType([operand.type, type]) === undefined) {
    throw new InvalidQueryError(
      `No matching signature for operator IN for argument types ${typeText(operand.type)} and ${typeText(type)}`,
      at,
    );
  }
  return {
    type: scalar('BOOL'),
    evaluate(row) {
      const value = operand.evaluate(row);
      if (value === null) return null;
      const list = values(row);
      if (list.some((each) => each !== null && compareValues(each, value) === 0)) return !not;
      return list.includes(null) ? null : not;
    },
  };
}

function membership(
  expression: Extract<Expression, { node: 'in' | 'in-array' | 'in-query' }>,
  operand: Compiled,
  scope: Scope,
  statement: Statement,
): { readonly type: SqlType; readonly values: (row: Row) => readonly unknown[] } {
  const none = scalar('NULL');
  if (expression.node === 'in') {
    const list = expression.list.map((part) =>
      coerceString(part, compileExpression(part, scope, statement), operand.type, statement),
    );
    const type = commonType(list.map((item) => item.type));
    if (type === undefined)
      throw new InvalidQueryError(
        'No matching signature for operator IN: the list mixes types',
        expression.at,
      );
    return { type, values: (row) => list.map((item) => item.evaluate(row)) };
  }
  if (expression.node === 'in-array') {
    const array = compileExpression(expression.array, scope, statement);
    if (array.type.kind !== 'ARRAY') throw new InvalidQueryError('IN UNNEST needs an array', expression.at);
    return { type: array.type.element, values: (row) => listOf(array.evaluate(row)) };
  }
  const query = statement.compileQuery(expression.query, scope, statement);
  return {
    type: query.columns[0]?.type ?? none,
    values: (row) => query.run(row).map((tuple) => tuple[0] ?? null),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function compileCase(
  expression: Extract<Expression, { node: 'case' }>,
  compile: (part: Expression) => Compiled,
): Compiled {
  const { at, operand } = expression;
  const branches = expression.branches.map(({ when, then }) => ({
    when: compile(
      operand === undefined ? when : { node: 'binary', at, operator: '=', left: operand, right: when },
    ),
    then: compile(then),
  }));
  const otherwise = expression.otherwise && compile(expression.otherwise);
  for (const { when } of branches) {
    if (when.type.kind !== 'BOOL' && when.type.kind !== 'NULL') {
      throw new InvalidQueryError(`CASE WHEN needs BOOL, not ${typeText(when.type)}`, at);
    }
  }
  const results = [...branches.map(({ then }) => then), ...(otherwise ? [otherwise] : [])];
  const type = commonType(results.map((result) => result.type));
  if (type === undefined)
    throw new InvalidQueryError('No matching signature for operator CASE: the results mix types', at);
  const evaluate = (row: Row): unknown =>
    (branches.find(({ when }) => when.evaluate(row) === true)?.then ?? otherwise)?.evaluate(row) ?? null;
  return { type, evaluate };
}

function compileCast(
  expression: Extract<Expression, { node: 'cast' }>,
  operand: Compiled,
  { zones }: Statement,
): Compiled {
  const { type, safe, at } = expression;
  const cast = castBetween(operand.type, type);
  if (cast === undefined) {
    throw new InvalidQueryError(`Invalid cast from ${typeText(operand.type)} to ${typeText(type)}`, at);
  }
  return {
    type,
    evaluate(row) {
      try {
        return cast(operand.evaluate(row), zones);
      } catch (error) {
        if (safe && error instanceof EvaluationError) return null;
        throw error;
      }
    },
  };
}

function compileExtract(
  expression: Extract<Expression, { node: 'extract' }>,
  compile: (part: Expression) => Compiled,
  { zones }: Statement,
): Compiled {
  const operand = compile(expression.operand);
  const zone = expression.zone && compile(expression.zone);
  const { part, at } = expression;
  const { kind } = operand.type;
  if (!['TIMESTAMP', 'DATE', 'DATETIME'].includes(kind)) {
    throw new InvalidQueryError(`EXTRACT from ${typeText(operand.type)} is not supported`, at);
  }
  const type = scalar(part === 'DATE' ? 'DATE' : part === 'DATETIME' ? 'DATETIME' : 'INT64');
  return {
    type,
    evaluate(row) {
      const value = operand.evaluate(row);
      if (typeof value !== 'number') return null;
      const wall = kind === 'DATE' ? value * MICROS_PER_DAY : value;
      const local = kind === 'TIMESTAMP' ? zones.toLocal(wall, String(zone?.evaluate(row) ?? 'UTC')) : wall;
      if (part === 'DATETIME') return local;
      return part === 'DATE' ? Math.floor(local / MICROS_PER_DAY) : int64(extractPart(local, part));
    },
  };
}

function compileStruct(
  expression: Extract<Expression, { node: 'struct' }>,
  compile: (part: Expression) => Compiled,
): Compiled {
  const values = expression.fields.map((field) => compile(field.expression));
  const implied: StructField[] = values.map(({ type }, index) => ({
    name: expression.fields[index]?.name ?? '',
    type,
  }));
  const type = expression.type ?? ({ kind: 'STRUCT', fields: implied } as const);
  return { type, evaluate: (row) => values.map((value) => value.evaluate(row)) };
}

function compileArray(
  expression: Extract<Expression, { node: 'array' }>,
  compile: (part: Expression) => Compiled,
): Compiled {
  const elements = expression.elements.map(compile);
  const element = expression.element ?? commonType(elements.map(({ type }) => type)) ?? scalar('INT64');
  return { type: arrayOf(element), evaluate: (row) => elements.map((each) => each.evaluate(row)) };
}

function compileSubquery(
  expression: Extract<Expression, { node: 'subquery' }>,
  scope: Scope,
  statement: Statement,
): Compiled {
  const query = statement.compileQuery(expression.query, scope, statement);
  if (expression.kind === 'exists')
    return { type: scalar('BOOL'), evaluate: (row) => query.run(row).length > 0 };
  const [column, second] = query.columns;
  if (column === undefined || second !== undefined) {
    throw new InvalidQueryError(
      `Scalar subquery cannot have more than one column unless using SELECT AS STRUCT`,
      expression.at,
    );
  }
  if (expression.kind === 'array') {
    return { type: arrayOf(column.type), evaluate: (row) => query.run(row).map((tuple) => tuple[0] ?? null) };
  }
  return {
    type: column.type,
    evaluate(row) {
      const rows = query.run(row);
      if (rows.length > 1) throw new EvaluationError('Scalar subquery produced more than one element');
      return rows[0]?.[0] ?? null;
    },
  };
}

function compileCall(call: Call, scope: Scope, statement: Statement): Compiled {
  const { at, name } = call;
  if (call.over !== undefined) {
    if (scope.windows === undefined) throw new InvalidQueryError('Analytic function not allowed here', at);
    return windowSlot(call, scope.windows, scope, statement);
  }
  const compile = (part: Expression): Compiled => compileExpression(part, scope, statement);
  if (aggregateNames.has(name)) {
    if (scope.grouping === undefined)
      throw new InvalidQueryError(`Aggregate function ${name} not allowed here`, at);
    return aggregateSlot(call, scope.grouping, statement);
  }
  const special = compileSpecial(call, compile);
  if (special !== undefined) return special;
  const args = call.arguments.map((argument, index) => {
    const part = datePart(name, argument, index);
    return part === undefined ? compile(argument) : { type: scalar('PART'), evaluate: () => part };
  });
  const compiled = compileFunction(name, args, statement, at);
  if (compiled === undefined) throw new UnsupportedByDoubleError(`the function ${name}`, at);
  return compiled;
}

/** The word in `TIMESTAMP_TRUNC(x, DAY)`. */
function datePart(name: string, argument: Expression, index: number): string | undefined {
  const position = /_DIFF$/.test(name) ? 2 : /_TRUNC$|^LAST_DAY$/.test(name) ? 1 : undefined;
  if (position !== index) return undefined;
  if (argument.node === 'name') return argument.name.toUpperCase();
  const start = argument.node === 'call' && argument.name === 'WEEK' ? argument.arguments[0] : undefined;
  return start?.node === 'name' ? `WEEK(${start.name.toUpperCase()})` : undefined;
}

function windowSlot(call: Call, slots: WindowSlot[], scope: Scope, statement: Statement): Compiled {
  const { windows: _used, ...without } = scope;
  const slot = compileWindow(call, (part) => compileExpression(part, without, statement));
  const index = slots.push(slot) - 1;
  return { type: slot.type, evaluate: (row) => row.windows?.[index] ?? null };
}

function aggregateSlot(call: Call, grouping: NonNullable<Scope['grouping']>, statement: Statement): Compiled {
  const compileInner = (part: Expression): Compiled => compileExpression(part, grouping.inner, statement);
  const slot = { call, ...compileAggregate(call, compileInner) };
  const index = grouping.keyCount + grouping.aggregates.length;
  grouping.aggregates.push(slot);
  return { type: slot.type, evaluate: (row) => row.group?.[index] ?? null };
}
