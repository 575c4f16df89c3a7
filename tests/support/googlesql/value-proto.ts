import { z } from 'zod';
import type { SqlType } from '../bigquery/sql/types.ts';
import { asText } from '../bigquery/sql/values.ts';

/** A `zetasql.ValueProto`, as the loader makes it: `value` names the field that is set; without it, NULL. */
const valueSchema = z.looseObject({ value: z.string().optional() });

const structSchema = z.object({ field: z.array(z.unknown()).default([]) });
const arraySchema = z.object({ element: z.array(z.unknown()).default([]) });
const secondsSchema = z.object({
  seconds: z.coerce.number().default(0),
  nanos: z.coerce.number().default(0),
});
const datetimeSchema = z.object({
  bitFieldDatetimeSeconds: z.coerce.number().default(0),
  nanos: z.coerce.number().default(0),
});

/** The evaluator's value, as a ValueProto. */
export function encodeValue(type: SqlType, value: unknown): object {
  if (value === null || value === undefined) return {};
  switch (type.kind) {
    case 'ARRAY':
      return { arrayValue: { element: listOf(value).map((item) => encodeValue(type.element, item)) } };
    case 'STRUCT': {
      const items = listOf(value);
      return {
        structValue: { field: type.fields.map((field, index) => encodeValue(field.type, items[index])) },
      };
    }
    case 'INT64':
      return { int64Value: asText(value) };
    case 'FLOAT64':
      return { doubleValue: value };
    case 'STRING':
      return { stringValue: value };
    case 'BOOL':
      return { boolValue: value };
    case 'DATE':
      return { dateValue: value };
    case 'JSON':
      return { jsonValue: value };
    case 'TIMESTAMP': {
      const seconds = Math.floor(Number(value) / 1e6);
      return { timestampValue: { seconds: String(seconds), nanos: (Number(value) - seconds * 1e6) * 1_000 } };
    }
    default:
      throw new TypeError(`values of type ${type.kind} are not encoded`);
  }
}

/** A ValueProto, as the evaluator's value. */
export function decodeValue(type: SqlType, given: unknown): unknown {
  const { value: name, ...fields } = valueSchema.parse(given);
  if (name === undefined) return null;
  const value = fields[name];
  switch (type.kind) {
    case 'ARRAY':
      return arraySchema.parse(value).element.map((item) => decodeValue(type.element, item));
    case 'STRUCT': {
      const items = structSchema.parse(value).field;
      return type.fields.map((field, index) => decodeValue(field.type, items[index]));
    }
    case 'INT64':
    case 'FLOAT64':
    case 'DATE':
      return Number(value);
    case 'TIMESTAMP': {
      const { seconds, nanos } = secondsSchema.parse(value);
      return seconds * 1e6 + nanos / 1_000;
    }
    case 'DATETIME':
      return decodeDatetime(datetimeSchema.parse(value));
    default:
      return value;
  }
}

/** Packed: year, month (4 bits), day (5), hour (5), minute (6), second (6). */
function decodeDatetime({ bitFieldDatetimeSeconds: packed, nanos }: z.infer<typeof datetimeSchema>): number {
  const take = (shift: number, bits: number): number => Math.floor(packed / 2 ** shift) % 2 ** bits;
  const ms = Date.UTC(take(26, 14), take(22, 4) - 1, take(17, 5), take(12, 5), take(6, 6), take(0, 6));
  return ms * 1_000 + nanos / 1_000;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
