import type { Call, Expression } from './ast.ts';
import type { Compiled, Row } from './scope.ts';
import { InvalidQueryError } from './sql-error.ts';
import { arrayOf, commonType, type SqlType, scalar, typeText } from './types.ts';
import { compareValues } from './values.ts';

type Special = (args: readonly Compiled[], call: Call) => Compiled;

/** Functions that do not simply answer NULL for NULL, or whose type follows from their arguments. */
const specials: Readonly<Record<string, Special>> = {
  IF: (args, call) => {
    const [condition, then, otherwise] = exactly(args, 3, call);
    if (condition === undefined || then === undefined || otherwise === undefined) return fail(args, call);
    if (condition.type.kind !== 'BOOL' && condition.type.kind !== 'NULL') fail(args, call);
    const evaluate = (row: Row): unknown =>
      (condition.evaluate(row) === true ? then : otherwise).evaluate(row);
    return { type: common([then, otherwise], call), evaluate };
  },
  IFNULL: (args, call) => firstNonNull(exactly(args, 2, call), call),
  COALESCE: (args, call) => firstNonNull(args, call),
  NULLIF: (args, call) => {
    const [value, unwanted] = exactly(args, 2, call);
    if (value === undefined || unwanted === undefined) return fail(args, call);
    common(args, call);
    const evaluate = (row: Row): unknown => {
      const found = value.evaluate(row);
      const other = unwanted.evaluate(row);
      return found !== null && other !== null && compareValues(found, other) === 0 ? null : found;
    };
    return { type: value.type, evaluate };
  },
  GREATEST: (args, call) => extreme(args, call, 1),
  LEAST: (args, call) => extreme(args, call, -1),
  ARRAY_CONCAT: (args, call) => {
    const type = common(args, call);
    if (type.kind !== 'ARRAY') fail(args, call);
    const evaluate = (row: Row): unknown => {
      const lists = args.map((argument) => argument.evaluate(row));
      return lists.includes(null) ? null : lists.flat();
    };
    return { type, evaluate };
  },
  ARRAY_REVERSE: (args, call) => {
    const [array] = exactly(args, 1, call);
    if (array?.type.kind !== 'ARRAY') return fail(args, call);
    const evaluate = (row: Row): unknown => {
      const list = array.evaluate(row);
      return Array.isArray(list) ? list.toReversed() : null;
    };
    return { type: arrayOf(array.type.element), evaluate };
  },
};

export function compileSpecial(call: Call, compile: (part: Expression) => Compiled): Compiled | undefined {
  const special = specials[call.name];
  return special && special(call.arguments.map(compile), call);
}

function firstNonNull(args: readonly Compiled[], call: Call): Compiled {
  const type = common(args, call);
  const evaluate = (row: Row): unknown => {
    for (const argument of args) {
      const value = argument.evaluate(row);
      if (value !== null) return value;
    }
    return null;
  };
  return { type, evaluate };
}

function extreme(args: readonly Compiled[], call: Call, direction: 1 | -1): Compiled {
  const type = common(args, call);
  const evaluate = (row: Row): unknown => {
    const values = args.map((argument) => argument.evaluate(row));
    if (values.includes(null)) return null;
    return values.reduce((best, value) => (direction * compareValues(value, best) > 0 ? value : best));
  };
  return { type, evaluate };
}

function common(args: readonly Compiled[], call: Call): SqlType {
  const type = commonType(args.map((argument) => argument.type));
  return type === undefined || args.length === 0
    ? fail(args, call)
    : type.kind === 'NULL'
      ? scalar('INT64')
      : type;
}

function exactly(args: readonly Compiled[], count: number, call: Call): readonly Compiled[] {
  return args.length === count ? args : fail(args, call);
}

function fail(args: readonly Compiled[], call: Call): never {
  const given = args.map(({ type }) => typeText(type)).join(', ');
  throw new InvalidQueryError(
    `No matching signature for function ${call.name} for argument types: ${given}`,
    call.at,
  );
}
