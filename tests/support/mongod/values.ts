import { Long } from 'mongodb';

/** A BSON document as this double reads and builds it. */
export type Doc = Record<string, unknown>;

export function isDoc(value: unknown): value is Doc {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) === Object.prototype
  );
}

/** The document, or an empty one where the client sent something else. */
export function docOf(value: unknown): Doc {
  return isDoc(value) ? value : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A number in any of BSON's types; `undefined` for everything else. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (Long.isLong(value)) return value.toNumber();
  if (
    typeof value === 'object' &&
    value !== null &&
    '_bsontype' in value &&
    ['Double', 'Int32'].includes(String(value._bsontype))
  ) {
    return Number(value);
  }
  return undefined;
}

/** As the server sends switches: absent, 0 and false mean no. */
export function isOn(value: unknown): boolean {
  return value === true || (numberOf(value) ?? 0) !== 0;
}

/** An int64 on the wire. */
export function long(value: number): Long {
  return Long.fromNumber(value);
}

/** An int32 where it fits, an int64 otherwise: what the server's `appendNumber` does. */
export function int(value: number): number | Long {
  return Number.isInteger(value) && Math.abs(value) > 0x7fff_ffff ? Long.fromNumber(value) : value;
}
