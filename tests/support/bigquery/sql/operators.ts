import type { Compiled, Row } from './scope.ts';
import { EvaluationError, InvalidQueryError } from './sql-error.ts';
import { microsOf } from './time.ts';
import { commonType, isNumeric, type SqlType, scalar, typeText } from './types.ts';
import { compareValues, int64, valueKey } from './values.ts';

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

const arithmetic: Readonly<Record<string, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
};

export function compileBinary(operator: string, left: Compiled, right: Compiled, at: string): Compiled {
  if (operator === 'AND' || operator === 'OR') return logical(operator, left, right, at);
  if (operator === 'LIKE') return compileLike(left, right, at);
  if (operator === '||') return concatenation(left, right, at);
  const compare = comparisons[operator];
  const isDistinct = operator === 'IS DISTINCT FROM' || operator === 'IS NOT DISTINCT FROM';
  if (compare !== undefined || isDistinct) {
    if (commonType([left.type, right.type]) === undefined) refuse(operator, [left.type, right.type], at);
    if (compare !== undefined && [left, right].some(({ type }) => type.kind === 'NULL')) {
      throw new InvalidQueryError(`Operands of ${operator} cannot be literal NULL`, at);
    }
    if (compare === undefined) return distinctness(operator === 'IS DISTINCT FROM', left, right);
    return strict(scalar('BOOL'), left, right, (a, b) => compare(compareValues(a, b)));
  }
  return compileArithmetic(operator, left, right, at);
}

function compileArithmetic(operator: string, left: Compiled, right: Compiled, at: string): Compiled {
  const kinds = `${left.type.kind} ${operator} ${right.type.kind}`;
  if (/^(TIMESTAMP|DATETIME) [-+] INTERVAL$/.test(kinds)) {
    const sign = operator === '-' ? -1 : 1;
    return strict(left.type, left, right, (a, b) => Number(a) + sign * intervalMicros(b));
  }
  if (/^DATE [-+] INT64$/.test(kinds)) {
    const sign = operator === '-' ? -1 : 1;
    return strict(left.type, left, right, (a, b) => Number(a) + sign * Number(b));
  }
  if (!isNumeric(left.type) || !isNumeric(right.type)) refuse(operator, [left.type, right.type], at);
  const common = commonType([left.type, right.type]) ?? scalar('FLOAT64');
  if (operator === '/') {
    const type = common.kind === 'NUMERIC' ? common : scalar('FLOAT64');
    return strict(type, left, right, (a, b) => divide(Number(a), Number(b)));
  }
  const compute = arithmetic[operator];
  if (compute === undefined)
    throw new InvalidQueryError(`operator ${operator} is not known to the BigQuery double`, at);
  if (common.kind !== 'INT64') return strict(common, left, right, (a, b) => compute(Number(a), Number(b)));
  return strict(common, left, right, (a, b) => int64(compute(Number(a), Number(b))));
}

function divide(left: number, right: number): number {
  if (right === 0) throw new EvaluationError(`division by zero: ${left} / 0`);
  return left / right;
}

/** An INTERVAL value is `[amount, part]`. */
function intervalMicros(value: unknown): number {
  const [amount, part] = Array.isArray(value) ? value : [];
  return microsOf(Number(amount), String(part));
}

function strict(
  type: SqlType,
  left: Compiled,
  right: Compiled,
  compute: (a: unknown, b: unknown) => unknown,
): Compiled {
  return {
    type,
    evaluate(row) {
      const a = left.evaluate(row);
      if (a === null) return null;
      const b = right.evaluate(row);
      return b === null ? null : compute(a, b);
    },
  };
}

function logical(operator: 'AND' | 'OR', left: Compiled, right: Compiled, at: string): Compiled {
  for (const { type } of [left, right])
    if (type.kind !== 'BOOL' && type.kind !== 'NULL') refuse(operator, [left.type, right.type], at);
  const decisive = operator === 'OR';
  const evaluate = (row: Row): unknown => {
    const a = left.evaluate(row);
    if (a === decisive) return decisive;
    const b = right.evaluate(row);
    if (b === decisive) return decisive;
    return a === null || b === null ? null : !decisive;
  };
  return { type: scalar('BOOL'), evaluate };
}

function distinctness(wanted: boolean, left: Compiled, right: Compiled): Compiled {
  return {
    type: scalar('BOOL'),
    evaluate: (row) => (valueKey(left.evaluate(row)) !== valueKey(right.evaluate(row))) === wanted,
  };
}

function concatenation(left: Compiled, right: Compiled, at: string): Compiled {
  const type = commonType([left.type, right.type]);
  if (type === undefined || !['STRING', 'ARRAY'].includes(type.kind))
    return refuse('||', [left.type, right.type], at);
  return strict(type, left, right, (a, b) =>
    Array.isArray(a) && Array.isArray(b) ? [...a, ...b] : `${String(a)}${String(b)}`,
  );
}

function compileLike(left: Compiled, right: Compiled, at: string): Compiled {
  if (commonType([left.type, right.type, scalar('STRING')])?.kind !== 'STRING')
    refuse('LIKE', [left.type, right.type], at);
  return strict(scalar('BOOL'), left, right, (a, b) => likePattern(String(b)).test(String(a)));
}

function likePattern(pattern: string): RegExp {
  const source = pattern.replace(/\\(.)|[%_]|[\\^$.*+?()[\]{}|/]/gs, (found, escaped: string | undefined) => {
    if (found === '%') return '[\\s\\S]*';
    if (found === '_') return '[\\s\\S]';
    return (escaped ?? found).replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 'u');
}

function refuse(operator: string, types: readonly SqlType[], at: string): never {
  const list = types.map(typeText).join(', ');
  throw new InvalidQueryError(
    `No matching signature for operator ${operator} for argument types: ${list}`,
    at,
  );
}
