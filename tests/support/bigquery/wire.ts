import { InvalidQueryError } from './sql/sql-error.ts';
import { dateText, dateTimeText, Zones } from './sql/time.ts';
import { arrayOf, parseType, type SqlType, type StructField, scalar } from './sql/types.ts';
import { asText, castBetween, floatText } from './sql/values.ts';

/** Names of types in a TableSchema. @see https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema */
const wireNames: Readonly<Record<string, string>> = {
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  BOOL: 'BOOLEAN',
  STRUCT: 'RECORD',
};

export interface WireField {
  readonly name: string;
  readonly type: string;
  readonly mode: 'NULLABLE' | 'REPEATED';
  readonly fields?: readonly WireField[];
}

export function wireField({ name, type }: StructField): WireField {
  const item = type.kind === 'ARRAY' ? type.element : type;
  const mode = type.kind === 'ARRAY' ? 'REPEATED' : 'NULLABLE';
  const named = { name, type: wireNames[item.kind] ?? item.kind, mode } as const;
  return item.kind === 'STRUCT' ? { ...named, fields: item.fields.map(wireField) } : named;
}

export function wireRow(
  columns: readonly StructField[],
  row: readonly unknown[],
  int64Timestamps: boolean,
): unknown {
  return {
    f: columns.map(({ type }, index) => ({ v: wireValue(type, row[index] ?? null, int64Timestamps) })),
  };
}

function wireValue(type: SqlType, value: unknown, int64Timestamps: boolean): unknown {
  if (type.kind === 'ARRAY') {
    const list = Array.isArray(value) ? value : []; // NULL arrays come out empty
    return list.map((item: unknown) => ({ v: wireValue(type.element, item, int64Timestamps) }));
  }
  if (value === null) return null;
  if (type.kind === 'STRUCT')
    return Array.isArray(value) ? wireRow(type.fields, value, int64Timestamps) : null;
  if (type.kind === 'TIMESTAMP') return int64Timestamps ? asText(value) : String(Number(value) / 1e6);
  if (type.kind === 'DATE') return dateText(Number(value));
  if (type.kind === 'DATETIME') return dateTimeText(Number(value));
  if (type.kind === 'FLOAT64') return floatText(Number(value));
  return asText(value);
}

/** A QueryParameter of the REST surface. @see https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/QueryParameter */
export interface WireParameter {
  readonly name?: string;
  readonly parameterType?: WireParameterType;
  readonly parameterValue?: WireParameterValue;
}

interface WireParameterType {
  readonly type?: string;
  readonly arrayType?: WireParameterType;
  readonly structTypes?: readonly { readonly name?: string; readonly type: WireParameterType }[];
}

interface WireParameterValue {
  readonly value?: unknown;
  readonly arrayValues?: readonly WireParameterValue[];
  readonly structValues?: Readonly<Record<string, WireParameterValue>>;
}

export function readParameters(
  parameters: readonly WireParameter[],
): ReadonlyMap<string, { readonly type: SqlType; readonly value: unknown }> {
  const zones = new Zones();
  return new Map(
    parameters.map(({ name = '', parameterType = {}, parameterValue = {} }) => {
      const type = readType(parameterType);
      return [name, { type, value: readValue(type, parameterValue, zones) }] as const;
    }),
  );
}

function readType(given: WireParameterType): SqlType {
  if (given.type === 'ARRAY') return arrayOf(readType(given.arrayType ?? {}));
  if (given.type !== 'STRUCT') return given.type === undefined ? scalar('STRING') : parseType(given.type);
  return {
    kind: 'STRUCT',
    fields: (given.structTypes ?? []).map(({ name = '', type }) => ({ name, type: readType(type) })),
  };
}

function readValue(type: SqlType, given: WireParameterValue, zones: Zones): unknown {
  if (type.kind === 'ARRAY')
    return (given.arrayValues ?? []).map((item) => readValue(type.element, item, zones));
  if (type.kind === 'STRUCT')
    return type.fields.map((field) => readValue(field.type, given.structValues?.[field.name] ?? {}, zones));
  if (given.value === undefined || given.value === null) return null;
  const cast = castBetween(scalar('STRING'), type);
  if (cast === undefined) throw new InvalidQueryError(`Unsupported query parameter type ${type.kind}`);
  return cast(asText(given.value), zones);
}
