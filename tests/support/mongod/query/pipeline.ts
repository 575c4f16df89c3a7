import { BSON } from 'mongodb';
import { failure } from '../errors.ts';
import { place } from '../model/counters.ts';
import { type Doc, docOf, isDoc, isOn, listOf, numberOf } from '../values.ts';
import { compare, equals, matchesFilter, valueAt } from './match.ts';

type Stage = (documents: Iterable<Doc>, operand: unknown) => Iterable<Doc>;

/** The stages that work on documents. Sources ($indexStats and the like) are commands' own. */
const stages: Readonly<Record<string, Stage>> = {
  *$match(documents, operand) {
    for (const one of documents) if (matchesFilter(one, docOf(operand))) yield one;
  },
  *$project(documents, operand) {
    for (const one of documents) yield project(one, docOf(operand));
  },
  *$addFields(documents, operand) {
    for (const one of documents) yield withFields(one, docOf(operand));
  },
  *$set(documents, operand) {
    for (const one of documents) yield withFields(one, docOf(operand));
  },
  *$unset(documents, operand) {
    const fields = typeof operand === 'string' ? [operand] : listOf(operand).map(String);
    for (const one of documents) yield project(one, Object.fromEntries(fields.map((field) => [field, 0])));
  },
  *$limit(documents, operand) {
    let left = numberOf(operand) ?? 0;
    if (left <= 0) return;
    for (const one of documents) {
      yield one;
      left -= 1;
      if (left === 0) return;
    }
  },
  /** The first ones: a double has no dice. */
  *$sample(documents, operand) {
    yield* [...documents].slice(0, numberOf(docOf(operand)['size']) ?? 0);
  },
  *$skip(documents, operand) {
    let left = numberOf(operand) ?? 0;
    for (const one of documents) {
      if (left > 0) left -= 1;
      else yield one;
    }
  },
  $sort: (documents, operand) => sorted(documents, docOf(operand)),
  $group: (documents, operand) => group(documents, docOf(operand)),
  *$count(documents, operand) {
    const count = [...documents].length;
    if (count > 0) yield { [String(operand)]: count };
  },
};

/** @throws {CommandError} 40324 for a stage this double does not know. */
export function runPipeline(documents: Iterable<Doc>, pipeline: readonly unknown[]): Iterable<Doc> {
  return pipeline.reduce<Iterable<Doc>>((input, stage) => {
    const [name = '', operand] = Object.entries(docOf(stage))[0] ?? [];
    const run = stages[name];
    if (!run) throw failure('Location40324', `Unrecognized pipeline stage name: '${name}'`);
    return run(input, operand);
  }, documents);
}

export function sorted(documents: Iterable<Doc>, by: Doc): Doc[] {
  const fields = Object.entries(by);
  return [...documents].sort((a, b) => {
    for (const [field, direction] of fields) {
      const order = compare(valueAt(a, field), valueAt(b, field)) * (numberOf(direction) ?? 1);
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** Inclusion, exclusion and computed fields. */
export function project(document: Doc, projection: Doc): Doc {
  const entries = Object.entries(projection);
  if (entries.length === 0) return document;
  const excludes =
    entries.every(([field, value]) => field === '_id' || isSwitch(value)) &&
    entries.some(([field, value]) => field !== '_id' && isSwitch(value) && !isOn(value));
  const onlyId =
    entries.length === 1 && entries[0]?.[0] === '_id' && isSwitch(entries[0][1]) && !isOn(entries[0][1]);
  const result: Doc = excludes || onlyId ? structuredCopy(document) : {};
  if (!excludes && !onlyId && document['_id'] !== undefined && !('_id' in projection))
    result['_id'] = document['_id'];
  for (const [field, value] of flatten(entries)) {
    if (isSwitch(value) && !isOn(value)) place(result, field, undefined);
    else {
      const computed = isSwitch(value) ? valueAt(document, field) : evaluate(document, value);
      if (computed !== undefined) place(result, field, computed);
    }
  }
  return result;
}

/** `{a: {b: 1}}` means `{'a.b': 1}` unless the inner document is an expression. */
function flatten(entries: readonly (readonly [string, unknown])[]): readonly (readonly [string, unknown])[] {
  return entries.flatMap(([field, value]) => {
    if (!isDoc(value) || Object.keys(value).some((key) => key.startsWith('$')))
      return [[field, value] as const];
    return flatten(Object.entries(value).map(([key, inner]) => [`${field}.${key}`, inner] as const));
  });
}

function withFields(document: Doc, fields: Doc): Doc {
  const result = structuredCopy(document);
  for (const [field, value] of Object.entries(fields)) place(result, field, evaluate(document, value));
  return result;
}

function isSwitch(value: unknown): boolean {
  return typeof value === 'boolean' || numberOf(value) !== undefined;
}

/** Copies the plain documents on the way; values of BSON's own types stay the same objects. */
function structuredCopy(document: Doc): Doc {
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [key, isDoc(value) ? structuredCopy(value) : value]),
  );
}

type Expression = (document: Doc, operand: unknown) => unknown;

const numbers = (document: Doc, operand: unknown): number[] =>
  listOf(operand).map((one) => numberOf(evaluate(document, one)) ?? 0);

const expressions: Readonly<Record<string, Expression>> = {
  $literal: (_document, operand) => operand,
  $size: (document, operand) => listOf(evaluate(document, operand)).length,
  $ifNull: (document, operand) =>
    listOf(operand)
      .map((one) => evaluate(document, one))
      .find((one) => one !== undefined && one !== null),
  $add: (document, operand) => numbers(document, operand).reduce((sum, one) => sum + one, 0),
  $subtract: (document, operand) => numbers(document, operand).reduce((left, right) => left - right),
  $multiply: (document, operand) => numbers(document, operand).reduce((left, right) => left * right, 1),
  $divide: (document, operand) => numbers(document, operand).reduce((left, right) => left / right),
  $eq: (document, operand) =>
    equals(evaluate(document, listOf(operand)[0]), evaluate(document, listOf(operand)[1])),
  $cond: (document, operand) => {
    const [when, then, otherwise] = Array.isArray(operand)
      ? operand
      : [docOf(operand)['if'], docOf(operand)['then'], docOf(operand)['else']];
    return evaluate(document, evaluate(document, when) === true ? then : otherwise);
  },
};

/** @throws {CommandError} 2 BadValue for an expression this double does not know. */
function evaluate(document: Doc, expression: unknown): unknown {
  if (typeof expression === 'string' && expression.startsWith('$$ROOT')) return document;
  if (typeof expression === 'string' && expression.startsWith('$'))
    return valueAt(document, expression.slice(1));
  if (!isDoc(expression)) return expression;
  const [operator = '', operand] = Object.entries(expression)[0] ?? [];
  if (!operator.startsWith('$'))
    return Object.fromEntries(
      Object.entries(expression).map(([key, value]) => [key, evaluate(document, value)]),
    );
  const run = expressions[operator];
  if (!run) throw failure('BadValue', `Unrecognized expression '${operator}'`);
  return run(document, operand);
}

type Accumulate = (values: readonly unknown[]) => unknown;

const accumulators: Readonly<Record<string, Accumulate>> = {
  $sum: (values) => values.reduce<number>((sum, one) => sum + (numberOf(one) ?? 0), 0),
  $avg: (values) =>
    values.length === 0
      ? null
      : values.reduce<number>((sum, one) => sum + (numberOf(one) ?? 0), 0) / values.length,
  $max: (values) => values.toSorted(compare).at(-1),
  $min: (values) => values.filter((one) => one !== undefined).toSorted(compare)[0],
  $first: (values) => values[0],
  $last: (values) => values.at(-1),
  $push: (values) => [...values],
  $addToSet: (values) =>
    values.filter((one, index) => values.findIndex((other) => equals(one, other)) === index),
  $count: (values) => values.length,
};

function group(documents: Iterable<Doc>, spec: Doc): Doc[] {
  const groups = new Map<string, { readonly id: unknown; readonly documents: Doc[] }>();
  for (const document of documents) {
    const id = evaluate(document, spec['_id']);
    const key = BSON.EJSON.stringify({ id: id ?? null });
    const found = groups.get(key) ?? { id: id ?? null, documents: [] };
    groups.set(key, found);
    found.documents.push(document);
  }
  return [...groups.values()].map(({ id, documents: members }) => ({
    _id: id,
    ...accumulated(members, spec),
  }));
}

function accumulated(documents: readonly Doc[], spec: Doc): Doc {
  const fields = Object.entries(spec).filter(([field]) => field !== '_id');
  return Object.fromEntries(
    fields.map(([field, accumulator]) => {
      const [operator = '', operand] = Object.entries(docOf(accumulator))[0] ?? [];
      const run = accumulators[operator];
      if (!run) throw failure('BadValue', `unknown group operator '${operator}'`);
      return [field, run(documents.map((one) => evaluate(one, operand)))];
    }),
  );
}
