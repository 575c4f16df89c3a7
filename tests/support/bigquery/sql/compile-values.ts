import type { Expression } from './ast.ts';
import type { Compiled, Row, Statement } from './scope.ts';
import { EvaluationError, InvalidQueryError } from './sql-error.ts';
import { extractPart, MICROS_PER_DAY } from './time.ts';
import { arrayOf, commonType, type StructField, scalar, typeText } from './types.ts';
import { asText, castBetween, int64 } from './values.ts';

export function compileElement(
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

export function compileUnary(operator: '-' | '+' | 'NOT' | '~', operand: Compiled, at: string): Compiled {
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

export function compileIs(expression: Extract<Expression, { node: 'is' }>, operand: Compiled): Compiled {
  const wanted = expression.what === 'NULL' ? null : expression.what === 'TRUE';
  return { type: scalar('BOOL'), evaluate: (row) => (operand.evaluate(row) === wanted) !== expression.not };
}

export function compileCase(
  expression: Extract<Expression, { node: 'case' }>,
  compile: (part: Expression) => Compiled,
): Compiled {
  const { at, operand } = expression;
  const branches = expression.branches.map(({ when, result }) => ({
    when: compile(
      operand === undefined ? when : { node: 'binary', at, operator: '=', left: operand, right: when },
    ),
    result: compile(result),
  }));
  const otherwise = expression.otherwise && compile(expression.otherwise);
  for (const { when } of branches) {
    if (when.type.kind !== 'BOOL' && when.type.kind !== 'NULL') {
      throw new InvalidQueryError(`CASE WHEN needs BOOL, not ${typeText(when.type)}`, at);
    }
  }
  const results = [...branches.map(({ result }) => result), ...(otherwise ? [otherwise] : [])];
  const type = commonType(results.map((result) => result.type));
  if (type === undefined)
    throw new InvalidQueryError('No matching signature for operator CASE: the results mix types', at);
  const evaluate = (row: Row): unknown =>
    (branches.find(({ when }) => when.evaluate(row) === true)?.result ?? otherwise)?.evaluate(row) ?? null;
  return { type, evaluate };
}

export function compileCast(
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

export function compileExtract(
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
      const local = kind === 'TIMESTAMP' ? zones.toLocal(wall, asText(zone?.evaluate(row) ?? 'UTC')) : wall;
      if (part === 'DATETIME') return local;
      return part === 'DATE' ? Math.floor(local / MICROS_PER_DAY) : int64(extractPart(local, part));
    },
  };
}

export function compileStruct(
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

export function compileArray(
  expression: Extract<Expression, { node: 'array' }>,
  compile: (part: Expression) => Compiled,
): Compiled {
  const elements = expression.elements.map(compile);
  const element = expression.element ?? commonType(elements.map(({ type }) => type)) ?? scalar('INT64');
  return { type: arrayOf(element), evaluate: (row) => elements.map((each) => each.evaluate(row)) };
}
