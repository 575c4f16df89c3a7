/** Reading BSON answers whose fields differ between server versions: what is not there, or is of another type, is undefined. */

export type Document = Readonly<Record<string, unknown>>;

/** Whether this is a document of fields, and not a list or a BSON value such as a date. */
export function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isBson(value);
}

/** The value at a path such as `wiredTiger.cache.bytes currently in the cache`; no step of a path holds a dot. */
export function at(document: unknown, path: string): unknown {
  let value = document;
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
  }
  return value;
}

/** The number at a path, of whichever of the four numeric types the server chose. */
export function numberAt(document: unknown, path: string): number | undefined {
  return toNumber(at(document, path));
}

/** The text at a path. */
export function textAt(document: unknown, path: string): string | undefined {
  const value = at(document, path);
  return typeof value === 'string' ? value : undefined;
}

/** The boolean at a path. */
export function booleanAt(document: unknown, path: string): boolean | undefined {
  const value = at(document, path);
  return typeof value === 'boolean' ? value : undefined;
}

/** Unix time in milliseconds of the date at a path; undefined for the epoch itself, which servers send for "never". */
export function timeAt(document: unknown, path: string): number | undefined {
  const value = at(document, path);
  if (!(value instanceof Date)) return undefined;
  const time = value.getTime();
  return Number.isFinite(time) && time > 0 ? time : undefined;
}

/** The ObjectId at a path, in hexadecimal. */
export function idAt(document: unknown, path: string): string | undefined {
  const value = at(document, path);
  return isBson(value) && Reflect.get(value, '_bsontype') === 'ObjectId' ? print(value) : undefined;
}

/** The documents of the list at a path; empty when there is none. */
export function listAt(document: unknown, path: string): readonly Document[] {
  const value = at(document, path);
  return Array.isArray(value) ? value.filter(isDocument) : [];
}

/** The texts of the list at a path. */
export function textsAt(document: unknown, path: string): readonly string[] {
  const value = at(document, path);
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** The document at a path. */
export function documentAt(document: unknown, path: string): Document | undefined {
  const value = at(document, path);
  return isDocument(value) ? value : undefined;
}

/**
 * int32 and double arrive as numbers, int64 as a number up to 2^53 and as a Long beyond; with `useBigInt64` as a bigint. Above 2^53 the
 * nearest double is given.
 */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value === 'bigint') return Number(value);
  if (!isBson(value)) return undefined;
  const type: unknown = Reflect.get(value, '_bsontype');
  if (type !== 'Long' && type !== 'Double' && type !== 'Int32' && type !== 'Decimal128') return undefined;
  const number = Number(print(value));
  return Number.isFinite(number) ? number : undefined;
}

/** Seconds of a BSON timestamp (`ts` of an oplog entry); undefined for anything else and for 0. */
export function timestampSeconds(value: unknown): number | undefined {
  if (!isBson(value) || Reflect.get(value, '_bsontype') !== 'Timestamp') return undefined;
  const seconds = toNumber(Reflect.get(value, 't'));
  return seconds === undefined || seconds === 0 ? undefined : seconds;
}

/** Number of a BSON timestamp within its second; undefined for anything else. */
export function timestampCount(value: unknown): number | undefined {
  if (!isBson(value) || Reflect.get(value, '_bsontype') !== 'Timestamp') return undefined;
  return toNumber(Reflect.get(value, 'i'));
}

/** BSON values print their number, or their id in hexadecimal. */
function print(value: object): string {
  const toText: unknown = Reflect.get(value, 'toString');
  return typeof toText === 'function' ? String(Reflect.apply(toText, value, [])) : '';
}

function isBson(value: unknown): value is object {
  return typeof value === 'object' && value !== null && (value instanceof Date || '_bsontype' in value);
}
