import type { SqlType, StructField } from '../bigquery/sql/types.ts';

/** Names of `zetasql.TypeKind`. */
const kinds: Readonly<Record<string, string>> = { FLOAT64: 'TYPE_DOUBLE' };

/** A `zetasql.TypeProto`. */
export function typeProto(type: SqlType): object {
  if (type.kind === 'ARRAY')
    return { typeKind: 'TYPE_ARRAY', arrayType: { elementType: typeProto(type.element) } };
  if (type.kind === 'STRUCT') {
    const field = type.fields.map(({ name, type: fieldType }) => ({
      fieldName: name,
      fieldType: typeProto(fieldType),
    }));
    return { typeKind: 'TYPE_STRUCT', structType: { field } };
  }
  return { typeKind: kinds[type.kind] ?? `TYPE_${type.kind}` };
}

/** A `zetasql.SimpleTableProto`; the whole back-ticked path is its name. */
export function tableProto(name: string, columns: readonly StructField[]): object {
  return { name, column: columns.map((column) => ({ name: column.name, type: typeProto(column.type) })) };
}
