import { parseDateTime } from './sql/time.ts';
import type { SqlType, StructField } from './sql/types.ts';

/**
 * A value as tests write it, to the value the evaluator works with: a Date, `Date.now()`-like instant as Date or ISO text for TIMESTAMP,
 * an object for STRUCT (and for labels), an array for ARRAY, anything for JSON. Absent fields are NULL, absent arrays empty.
 */
function toValue(type: SqlType, given: unknown): unknown {
  if (type.kind === 'ARRAY') return toArray(type.element, given);
  if (given === undefined || given === null) return null;
  if (type.kind === 'STRUCT')
    return type.fields.map((field) => toValue(field.type, fieldOf(given, field.name)));
  if (type.kind === 'TIMESTAMP' || type.kind === 'DATETIME') return toMicros(given);
  if (type.kind === 'JSON') return JSON.stringify(given);
  return given;
}

function toArray(element: SqlType, given: unknown): readonly unknown[] {
  if (Array.isArray(given)) return given.map((item) => toValue(element, item));
  if (typeof given !== 'object' || given === null) return [];
  // { team: 'core' } for ARRAY<STRUCT<key, value>>
  return Object.entries(given).map(([key, value]) => toValue(element, { key, value }));
}

/** A row as an object, to a tuple; a column that the view does not have is a mistake of the test. */
export function toTuple(
  columns: readonly StructField[],
  row: Readonly<Record<string, unknown>>,
): readonly unknown[] {
  const known = columns.filter(({ name }) => name in row);
  if (known.length !== Object.keys(row).length) {
    const unknown = Object.keys(row).filter((name) => !known.some((column) => column.name === name));
    throw new TypeError(`the view has no column ${unknown.join(', ')}`);
  }
  return columns.map(({ name, type }) => toValue(type, row[name]));
}

export function toMicros(given: unknown): number {
  if (given instanceof Date) return given.getTime() * 1_000;
  if (typeof given === 'string') return parseDateTime(given).local;
  throw new TypeError(`not an instant: ${String(given)}`);
}

function fieldOf(given: unknown, name: string): unknown {
  return typeof given === 'object' && given !== null ? Reflect.get(given, name) : undefined;
}
