import { BSON, Long, ObjectId, Timestamp } from 'mongodb';
import { failure } from '../errors.ts';
import { type Doc, isDoc, listOf, numberOf } from '../values.ts';

type Test = (value: unknown, operand: unknown, siblings: Doc) => boolean;

/** The query operators this double knows. @see https://www.mongodb.com/docs/manual/reference/operator/query/ */
const operators: Readonly<Record<string, Test>> = {
  $eq: (value, operand) => equals(value, operand),
  $ne: (value, operand) => !equals(value, operand),
  $gt: (value, operand) => ordered(value, operand, (order) => order > 0),
  $gte: (value, operand) => ordered(value, operand, (order) => order >= 0),
  $lt: (value, operand) => ordered(value, operand, (order) => order < 0),
  $lte: (value, operand) => ordered(value, operand, (order) => order <= 0),
  $in: (value, operand) => listOf(operand).some((one) => matchesValue(value, one)),
  $nin: (value, operand) => !listOf(operand).some((one) => matchesValue(value, one)),
  $exists: (value, operand) => (value !== undefined) === (operand === true || operand === 1),
  $not: (value, operand) => !matchesValue(value, operand),
  $regex: (value, operand, siblings) =>
    patternOf(operand, siblings['$options']).test(typeof value === 'string' ? value : '\0'),
  $options: () => true,
  $type: () => true,
};

/** @throws {CommandError} 2 BadValue for an operator this double does not know. */
export function matchesFilter(document: Doc, filter: Doc): boolean {
  return Object.entries(filter).every(([field, condition]) => {
    if (field === '$and') return listOf(condition).every((one) => isDoc(one) && matchesFilter(document, one));
    if (field === '$or') return listOf(condition).some((one) => isDoc(one) && matchesFilter(document, one));
    if (field === '$nor') return !listOf(condition).some((one) => isDoc(one) && matchesFilter(document, one));
    if (field === '$comment') return true;
    if (field.startsWith('$')) throw failure('BadValue', `unknown top level operator: ${field}`);
    return matchesValue(valueAt(document, field), condition);
  });
}

function matchesValue(value: unknown, condition: unknown): boolean {
  if (condition instanceof RegExp || isBsonPattern(condition))
    return patternOf(condition, undefined).test(typeof value === 'string' ? value : '\0');
  if (!isDoc(condition) || !Object.keys(condition).some((key) => key.startsWith('$'))) {
    return equals(value, condition) || (Array.isArray(value) && value.some((one) => equals(one, condition)));
  }
  return Object.entries(condition).every(([operator, operand]) => {
    const test = operators[operator];
    if (!test) throw failure('BadValue', `unknown operator: ${operator}`);
    return test(value, operand, condition);
  });
}

/** The value at a dotted path; `undefined` where there is none. */
export function valueAt(document: unknown, path: string): unknown {
  let at: unknown = document;
  for (const key of path.split('.')) {
    if (Array.isArray(at)) at = at[Number(key)];
    else if (typeof at === 'object' && at !== null)
      at = Object.entries(at).find(([name]) => name === key)?.[1];
    else return undefined;
  }
  return at;
}

/** Order of two values as sort needs it; values of different kinds by kind. */
export function compare(left: unknown, right: unknown): number {
  const [a, b] = [rank(left), rank(right)];
  if (a.kind !== b.kind) return a.kind - b.kind;
  if (a.value < b.value) return -1;
  return a.value > b.value ? 1 : 0;
}

export function equals(left: unknown, right: unknown): boolean {
  if (left === undefined || left === null) return right === undefined || right === null;
  const [a, b] = [rank(left), rank(right)];
  return a.kind === b.kind && a.value === b.value;
}

function rank(value: unknown): { readonly kind: number; readonly value: number | bigint | string } {
  if (value === undefined || value === null) return { kind: 0, value: 0 };
  // A Timestamp is a Long by class, so it comes first.
  if (value instanceof Timestamp) return { kind: 6, value: value.toBigInt() };
  if (Long.isLong(value)) return { kind: 1, value: value.toNumber() };
  const number = numberOf(value);
  if (number !== undefined) return { kind: 1, value: number };
  if (typeof value === 'string') return { kind: 2, value };
  if (value instanceof ObjectId) return { kind: 4, value: value.toHexString() };
  if (typeof value === 'boolean') return { kind: 5, value: Number(value) };
  if (value instanceof Date) return { kind: 6, value: BigInt(value.getTime()) };
  return { kind: 3, value: BSON.EJSON.stringify(value) };
}

function ordered(value: unknown, operand: unknown, holds: (order: number) => boolean): boolean {
  return value !== undefined && rank(value).kind === rank(operand).kind && holds(compare(value, operand));
}

function isBsonPattern(value: unknown): value is BSON.BSONRegExp {
  return value instanceof BSON.BSONRegExp;
}

function patternOf(pattern: unknown, options: unknown): RegExp {
  const flags = typeof options === 'string' ? options.replaceAll(/[^imsu]/gu, '') : '';
  if (pattern instanceof RegExp) return new RegExp(pattern.source, flags === '' ? pattern.flags : flags);
  if (isBsonPattern(pattern)) return new RegExp(pattern.pattern, pattern.options.replaceAll(/[^imsu]/gu, ''));
  return new RegExp(String(pattern), flags);
}
