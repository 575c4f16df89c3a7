import { aggregateNames, compileAggregate } from './aggregates.ts';
import type { Call, Expression } from './ast.ts';
import { compileField, compileName, compileParameter } from './compile-names.ts';
import {
  compileArray,
  compileCase,
  compileCast,
  compileElement,
  compileExtract,
  compileIs,
  compileStruct,
  compileUnary,
} from './compile-values.ts';
import { expressionKey } from './expression-key.ts';
import { compileFunction } from './functions.ts';
import { compileBinary } from './operators.ts';
import type { Compiled, Row, Scope, Statement, WindowSlot } from './scope.ts';
import { compileSpecial } from './special-functions.ts';
import { EvaluationError, InvalidQueryError, UnsupportedByDoubleError } from './sql-error.ts';
import { arrayOf, commonType, type SqlType, scalar, typeText } from './types.ts';
import { castBetween, compareValues } from './values.ts';
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
      return compileField(expression, scope, compile);
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
    default:
      return compileCall(expression, scope, statement);
  }
}

function intervalOf(amount: unknown, part: string): unknown {
  return amount === null ? null : [amount, part];
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
  const position = name.endsWith('_DIFF')
    ? 2
    : name.endsWith('_TRUNC') || name === 'LAST_DAY'
      ? 1
      : undefined;
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
