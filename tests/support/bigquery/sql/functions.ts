import { createHash } from 'node:crypto';
import { timeFunctions } from './functions-time.ts';
import type { Compiled, ScalarFunction, Statement } from './scope.ts';
import { InvalidQueryError, UnsupportedByDoubleError } from './sql-error.ts';
import { commonType, isCoercible, parseType, type SqlType, scalar, typeText } from './types.ts';
import { asText, int64, roundHalfAway } from './values.ts';

const text = (value: unknown): string => String(value);

const functions: Readonly<Record<string, ScalarFunction>> = {
  ABS: { parameters: 'NUMBER', result: 'NUMBER', run: ([value]) => Math.abs(Number(value)) },
  SIGN: { parameters: 'NUMBER', result: 'NUMBER', run: ([value]) => Math.sign(Number(value)) },
  CEIL: { parameters: 'FLOAT64', result: 'FLOAT64', run: ([value]) => Math.ceil(Number(value)) },
  CEILING: { parameters: 'FLOAT64', result: 'FLOAT64', run: ([value]) => Math.ceil(Number(value)) },
  FLOOR: { parameters: 'FLOAT64', result: 'FLOAT64', run: ([value]) => Math.floor(Number(value)) },
  TRUNC: { parameters: 'FLOAT64', result: 'FLOAT64', run: ([value]) => Math.trunc(Number(value)) },
  ROUND: {
    parameters: 'FLOAT64, INT64?',
    result: 'FLOAT64',
    run: ([value, digits = 0]) => round(Number(value), Number(digits)),
  },
  POW: {
    parameters: 'FLOAT64, FLOAT64',
    result: 'FLOAT64',
    run: ([base, power]) => Number(base) ** Number(power),
  },
  POWER: {
    parameters: 'FLOAT64, FLOAT64',
    result: 'FLOAT64',
    run: ([base, power]) => Number(base) ** Number(power),
  },
  SQRT: { parameters: 'FLOAT64', result: 'FLOAT64', run: ([value]) => Math.sqrt(Number(value)) },
  EXP: { parameters: 'FLOAT64', result: 'FLOAT64', run: ([value]) => Math.exp(Number(value)) },
  LN: { parameters: 'FLOAT64', result: 'FLOAT64', run: ([value]) => Math.log(Number(value)) },
  LOG10: { parameters: 'FLOAT64', result: 'FLOAT64', run: ([value]) => Math.log10(Number(value)) },
  MOD: { parameters: 'INT64, INT64', result: 'INT64', run: ([a, b]) => Number(a) % Number(b) },
  DIV: {
    parameters: 'INT64, INT64',
    result: 'INT64',
    run: ([a, b]) => Math.trunc(Number(a) / nonZero(b, a)),
  },
  SAFE_DIVIDE: {
    parameters: 'FLOAT64, FLOAT64',
    result: 'FLOAT64',
    run: ([a, b]) => (Number(b) === 0 ? null : Number(a) / Number(b)),
  },
  SAFE_MULTIPLY: { parameters: 'NUMBER, NUMBER', result: 'NUMBER', run: ([a, b]) => Number(a) * Number(b) },
  SAFE_ADD: { parameters: 'NUMBER, NUMBER', result: 'NUMBER', run: ([a, b]) => Number(a) + Number(b) },
  IEEE_DIVIDE: { parameters: 'FLOAT64, FLOAT64', result: 'FLOAT64', run: ([a, b]) => Number(a) / Number(b) },
  IS_NAN: { parameters: 'FLOAT64', result: 'BOOL', run: ([value]) => Number.isNaN(Number(value)) },
  LOWER: { parameters: 'STRING', result: 'STRING', run: ([value]) => text(value).toLowerCase() },
  UPPER: { parameters: 'STRING', result: 'STRING', run: ([value]) => text(value).toUpperCase() },
  TRIM: { parameters: 'STRING', result: 'STRING', run: ([value]) => text(value).trim() },
  REVERSE: {
    parameters: 'STRING',
    result: 'STRING',
    run: ([value]) => Array.from(text(value)).toReversed().join(''),
  },
  CHAR_LENGTH: { parameters: 'STRING', result: 'INT64', run: ([value]) => Array.from(text(value)).length },
  LENGTH: { parameters: 'STRING', result: 'INT64', run: ([value]) => Array.from(text(value)).length },
  CONCAT: { parameters: 'STRING*', result: 'STRING', run: (values) => values.join('') },
  REPLACE: {
    parameters: 'STRING, STRING, STRING',
    result: 'STRING',
    run: ([value, from, to]) => text(value).replaceAll(text(from), text(to)),
  },
  LEFT: {
    parameters: 'STRING, INT64',
    result: 'STRING',
    run: ([value, length]) => Array.from(text(value)).slice(0, Number(length)).join(''),
  },
  RIGHT: {
    parameters: 'STRING, INT64',
    result: 'STRING',
    run: ([value, length]) => Array.from(text(value)).slice(-Number(length)).join(''),
  },
  SUBSTR: {
    parameters: 'STRING, INT64, INT64?',
    result: 'STRING',
    run: ([value, from, length]) => substring(text(value), Number(from), length),
  },
  SUBSTRING: {
    parameters: 'STRING, INT64, INT64?',
    result: 'STRING',
    run: ([value, from, length]) => substring(text(value), Number(from), length),
  },
  STRPOS: {
    parameters: 'STRING, STRING',
    result: 'INT64',
    run: ([value, part]) => text(value).indexOf(text(part)) + 1,
  },
  INSTR: {
    parameters: 'STRING, STRING',
    result: 'INT64',
    run: ([value, part]) => text(value).indexOf(text(part)) + 1,
  },
  STARTS_WITH: {
    parameters: 'STRING, STRING',
    result: 'BOOL',
    run: ([value, part]) => text(value).startsWith(text(part)),
  },
  ENDS_WITH: {
    parameters: 'STRING, STRING',
    result: 'BOOL',
    run: ([value, part]) => text(value).endsWith(text(part)),
  },
  CONTAINS_SUBSTR: {
    parameters: 'STRING, STRING',
    result: 'BOOL',
    run: ([value, part]) => text(value).toLowerCase().includes(text(part).toLowerCase()),
  },
  SPLIT: {
    parameters: 'STRING, STRING?',
    result: 'ARRAY<STRING>',
    run: ([value, by = ',']) => text(value).split(text(by)),
  },
  REGEXP_CONTAINS: {
    parameters: 'STRING, STRING',
    result: 'BOOL',
    run: ([value, pattern]) => new RegExp(text(pattern), 'u').test(text(value)),
  },
  REGEXP_EXTRACT: {
    parameters: 'STRING, STRING',
    result: 'STRING',
    run: ([value, pattern]) => regexpExtract(text(value), text(pattern)),
  },
  REGEXP_REPLACE: {
    parameters: 'STRING, STRING, STRING',
    result: 'STRING',
    run: ([value, pattern, by]) =>
      text(value).replace(new RegExp(text(pattern), 'gu'), text(by).replace(/\\(\d)/g, '$$$1')),
  },
  TO_HEX: { parameters: 'BYTES', result: 'STRING', run: ([value]) => text(value) },
  MD5: {
    parameters: 'STRING',
    result: 'BYTES',
    run: ([value]) => createHash('md5').update(text(value)).digest('hex'),
  },
  SHA256: {
    parameters: 'STRING',
    result: 'BYTES',
    run: ([value]) => createHash('sha256').update(text(value)).digest('hex'),
  },
  // Of the service it has 64 bits, which INT64 of the double has not.
  FARM_FINGERPRINT: {
    parameters: 'STRING',
    result: 'INT64',
    run: ([value]) => Number.parseInt(createHash('md5').update(text(value)).digest('hex').slice(0, 12), 16),
  },
  TO_JSON_STRING: { parameters: 'ANY', result: 'STRING', run: ([value]) => JSON.stringify(value) },
  ARRAY_LENGTH: {
    parameters: 'ARRAY',
    result: 'INT64',
    run: ([value]) => (Array.isArray(value) ? value.length : null),
  },
  ARRAY_TO_STRING: {
    parameters: 'ARRAY<STRING>, STRING',
    result: 'STRING',
    run: ([value, by]) =>
      Array.isArray(value) ? value.filter((item) => item !== null).join(text(by)) : null,
  },
  GENERATE_ARRAY: {
    parameters: 'INT64, INT64, INT64?',
    result: 'ARRAY<INT64>',
    run: ([from, to, step = 1]) => series(Number(from), Number(to), Number(step)),
  },
  JSON_VALUE: {
    parameters: 'JSON, STRING',
    result: 'STRING',
    run: ([value, path]) => jsonScalar(value, text(path)),
  },
  JSON_EXTRACT_SCALAR: {
    parameters: 'JSON, STRING',
    result: 'STRING',
    run: ([value, path]) => jsonScalar(value, text(path)),
  },
  ...timeFunctions,
};

/** Resolves the overload and the coercions; undefined when there is no function of that name. */
export function compileFunction(
  name: string,
  args: readonly Compiled[],
  statement: Statement,
  at: string,
): Compiled | undefined {
  const isSafe = name.startsWith('SAFE.');
  const plain = isSafe ? name.slice('SAFE.'.length) : name;
  const found = functions[`${args[0]?.type.kind ?? ''} ${plain}`] ?? functions[plain];
  if (found === undefined) return undefined;
  checkSignature(name, found, args, at);
  const result = resultType(found.result, args);
  const run = (values: readonly unknown[]): unknown => {
    const value = found.run(values, statement);
    return result.kind === 'INT64' && typeof value === 'number' ? int64(value) : value;
  };
  return {
    type: result,
    evaluate(row) {
      const values = args.map((argument) => argument.evaluate(row));
      if (values.includes(null)) return null;
      if (!isSafe) return run(values);
      try {
        return run(values);
      } catch (error) {
        if (error instanceof UnsupportedByDoubleError || !(error instanceof InvalidQueryError)) throw error;
        return null; // what SAFE. is for
      }
    },
  };
}

function resultType(result: string, args: readonly Compiled[]): SqlType {
  if (result === 'NUMBER') return commonType(args.map(({ type }) => type)) ?? scalar('FLOAT64');
  return parseType(result);
}

function checkSignature(name: string, called: ScalarFunction, args: readonly Compiled[], at: string): void {
  const parameters = called.parameters === '' ? [] : called.parameters.split(', ');
  const repeats = parameters.at(-1)?.endsWith('*') ?? false;
  const required = parameters.filter((parameter) => !parameter.endsWith('?')).length;
  const fits =
    args.length >= required &&
    (repeats || args.length <= parameters.length) &&
    args.every(({ type }, index) => matches(type, parameters[Math.min(index, parameters.length - 1)] ?? ''));
  if (fits) return;
  const given = args.map(({ type }) => typeText(type)).join(', ');
  throw new InvalidQueryError(`No matching signature for function ${name} for argument types: ${given}`, at);
}

function matches(type: SqlType, parameter: string): boolean {
  const wanted = parameter.replace(/[?*]$/, '');
  if (wanted === 'ANY' || type.kind === 'NULL') return true;
  if (wanted === 'ARRAY') return type.kind === 'ARRAY';
  if (wanted === 'NUMBER') return isCoercible(type, scalar('FLOAT64'));
  if (wanted === 'JSON' && type.kind === 'STRING') return true;
  return wanted.split('|').some((each) => isCoercible(type, parseType(each)));
}

function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return roundHalfAway(value * scale) / scale;
}

function nonZero(value: unknown, dividend: unknown): number {
  if (Number(value) === 0) throw new InvalidQueryError(`division by zero: ${Number(dividend)} / 0`);
  return Number(value);
}

function substring(value: string, from: number, length: unknown): string {
  const letters = Array.from(value);
  const start = from > 0 ? from - 1 : from < 0 ? Math.max(letters.length + from, 0) : 0;
  return letters.slice(start, length === undefined ? undefined : start + Number(length)).join('');
}

function regexpExtract(value: string, pattern: string): string | null {
  const match = new RegExp(pattern, 'u').exec(value);
  return match === null ? null : (match[1] ?? match[0]);
}

function series(from: number, to: number, step: number): number[] {
  const length = Math.max(0, Math.floor((to - from) / step) + 1);
  return Array.from({ length }, (_none, index) => from + index * step);
}

/** A JSON value is its text. Only `$.a.b[0]` paths. */
function jsonScalar(value: unknown, path: string): string | null {
  let current: unknown = typeof value === 'string' ? JSON.parse(value) : value;
  for (const [, name, index] of path.matchAll(/\.([A-Za-z_]\w*)|\[(\d+)\]/g)) {
    if (typeof current !== 'object' || current === null) return null;
    current = Reflect.get(current, name ?? Number(index));
  }
  return current === undefined || current === null || typeof current === 'object' ? null : asText(current);
}
