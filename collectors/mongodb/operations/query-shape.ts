import { type Document, isDocument } from '../document.ts';
import type { IndexField, IndexSpec } from '../index-spec.ts';

/** A query without its values. */
export interface QueryShape {
  readonly collection: string;
  /** Fields compared with one value or a list of them, in alphabetical order. */
  readonly equality: readonly string[];
  readonly sort: readonly { readonly field: string; readonly direction: 1 | -1 }[];
  /** Fields compared with bounds or the begin of a text. */
  readonly range: readonly string[];
  /** Documents asked for at most; 0 for all. */
  readonly limit: number;
}

const equalities: ReadonlySet<string> = new Set(['$eq', '$in']);
const ranges: ReadonlySet<string> = new Set(['$gt', '$gte', '$lt', '$lte']);
/** Fields of an index; more cost writes and rarely help. */
const mostFields = 4;

/**
 * The shape of a command as the profiler and `$currentOp` show it; undefined for what one index cannot serve: alternatives, expressions,
 * text, places, and commands that filter nothing.
 */
export function shapeOf(command: Document): QueryShape | undefined {
  const found = partsOf(command);
  if (found === undefined) return undefined;
  const fields = classify(found.filter);
  const { equality, range } = fields ?? { equality: [], range: [] };
  const sort = sortOf(found.sort);
  if (fields === undefined || sort === undefined || equality.length + range.length + sort.length === 0)
    return undefined;
  return {
    collection: found.collection,
    equality: [...new Set(equality)].sort(),
    sort,
    range: [...new Set(range)].filter((field) => !equality.includes(field)).sort(),
    limit: found.limit,
  };
}

/** As people write it, with `?` for every value. */
export function shapeText({ collection, equality, sort, range, limit }: QueryShape): string {
  const filter = [
    ...equality.map((field) => `${quoted(field)}: ?`),
    ...range.map((field) => `${quoted(field)}: { $gte: ? }`),
  ];
  const order = sort.map(({ field, direction }) => `${quoted(field)}: ${direction}`);
  return [
    `${collection}.find({ ${filter.join(', ')} })`,
    ...(order.length > 0 ? [`.sort({ ${order.join(', ')} })`] : []),
    ...(limit > 0 ? ['.limit(?)'] : []),
  ].join('');
}

/**
 * Equality, then sort, then range: what is equal narrows, what follows is in order, and what is left is cut out. Undefined when the
 * index on `_id` serves it.
 *
 * @see https://www.mongodb.com/docs/manual/tutorial/equality-sort-range-guideline/
 */
export function indexKeyOf({ equality, sort, range }: QueryShape): readonly IndexField[] | undefined {
  if (equality.includes('_id')) return undefined;
  const fields = [
    ...equality.map((name) => ({ name, kind: '1' })),
    ...sort.map(({ field, direction }) => ({ name: field, kind: String(direction) })),
    ...range.map((name) => ({ name, kind: '1' })),
  ];
  const once = fields.filter(({ name }, at) => fields.findIndex((each) => each.name === name) === at);
  const key = once.slice(0, mostFields);
  // Such a key has no order that JavaScript keeps.
  if (key.some(({ name }) => name === '' || /^(0|[1-9]\d*)$/.test(name))) return undefined;
  return key[0]?.name === '_id' ? undefined : key;
}

/** Whether an index already does what one with this key would: the same equalities in any order, then the same fields. */
export function serves(key: readonly IndexField[], equalities: number, index: IndexSpec): boolean {
  const { fields, flags } = index;
  if (flags.has('hidden') || flags.has('building') || flags.has('partial') || flags.has('sparse'))
    return false;
  const names = new Set(key.slice(0, equalities).map(({ name }) => name));
  const begin = fields.slice(0, equalities);
  return (
    fields.length >= key.length &&
    begin.every(({ name, kind }) => names.has(name) && (kind === '1' || kind === '-1')) &&
    key.slice(equalities).every(({ name, kind }, at) => {
      const field = fields[equalities + at];
      return field?.name === name && field.kind === kind;
    })
  );
}

function partsOf(
  command: Document,
):
  | { readonly collection: string; readonly filter: unknown; readonly sort: unknown; readonly limit: number }
  | undefined {
  const limit = typeof command['limit'] === 'number' ? command['limit'] : 0;
  if (typeof command['find'] === 'string')
    return {
      collection: command['find'],
      filter: command['filter'] ?? {},
      sort: command['sort'] ?? {},
      limit,
    };
  if (typeof command['count'] === 'string')
    return { collection: command['count'], filter: command['query'] ?? {}, sort: {}, limit: 0 };
  const { aggregate, pipeline } = command;
  if (typeof aggregate !== 'string' || !Array.isArray(pipeline)) return undefined;
  const [match, next]: readonly unknown[] = pipeline;
  if (!isDocument(match) || match['$match'] === undefined) return undefined;
  const sort = isDocument(next) ? (next['$sort'] ?? {}) : {};
  return { collection: aggregate, filter: match['$match'], sort, limit: 0 };
}

function classify(
  filter: unknown,
): { readonly equality: readonly string[]; readonly range: readonly string[] } | undefined {
  if (!isDocument(filter)) return undefined;
  const equality: string[] = [];
  const range: string[] = [];
  for (const [field, condition] of Object.entries(filter)) {
    if (field === '$comment') continue;
    if (field === '$and' && Array.isArray(condition)) {
      for (const each of condition) {
        const inner = classify(each);
        if (inner === undefined) return undefined;
        equality.push(...inner.equality);
        range.push(...inner.range);
      }
      continue;
    }
    if (field.startsWith('$')) return undefined;
    const kind = kindOf(condition);
    if (kind === 'equality') equality.push(field);
    if (kind === 'range') range.push(field);
  }
  return { equality, range };
}

/** Conditions that an index does not narrow (`$ne`, `$exists`, patterns …) are left to the documents. */
function kindOf(condition: unknown): 'equality' | 'range' | 'other' {
  if (condition instanceof RegExp) return 'other';
  if (!isDocument(condition)) return isPattern(condition) ? 'other' : 'equality';
  const operators = Object.keys(condition).filter((key) => key.startsWith('$'));
  if (operators.length === 0) return 'equality';
  if (operators.some((operator) => equalities.has(operator))) return 'equality';
  return operators.some((operator) => ranges.has(operator)) ? 'range' : 'other';
}

function isPattern(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Reflect.get(value, '_bsontype') === 'BSONRegExp';
}

function sortOf(sort: unknown): QueryShape['sort'] | undefined {
  if (!isDocument(sort)) return undefined;
  const fields = Object.entries(sort).map(([field, direction]) => ({ field, direction: Number(direction) }));
  if (fields.some(({ field }) => field.startsWith('$'))) return undefined;
  const known = fields.flatMap(({ field, direction }) =>
    direction === 1 || direction === -1
      ? [{ field, direction: direction === 1 ? (1 as const) : (-1 as const) }]
      : [],
  );
  return known.length === fields.length ? known : undefined;
}

function quoted(field: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(field) ? field : JSON.stringify(field);
}
