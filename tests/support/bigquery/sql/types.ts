/** A GoogleSQL type. Field order of a STRUCT counts, names do not. */
export type SqlType =
  | { readonly kind: ScalarKind }
  | { readonly kind: 'ARRAY'; readonly element: SqlType }
  | { readonly kind: 'STRUCT'; readonly fields: readonly StructField[] };

export interface StructField {
  /** Empty when it has none. */
  readonly name: string;
  readonly type: SqlType;
}

const scalarKinds = [
  'INT64',
  'FLOAT64',
  'NUMERIC',
  'STRING',
  'BYTES',
  'BOOL',
  'TIMESTAMP',
  'DATE',
  'DATETIME',
  'JSON',
  'INTERVAL',
  /** The type of a bare NULL: fits everywhere. */
  'NULL',
  /** DAY, HOUR, …: an argument that is a word. */
  'PART',
] as const;

export type ScalarKind = (typeof scalarKinds)[number];

const aliases: Readonly<Record<string, ScalarKind>> = {
  INTEGER: 'INT64',
  INT: 'INT64',
  BIGINT: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  DECIMAL: 'NUMERIC',
  BIGNUMERIC: 'NUMERIC',
};

export function scalar(kind: ScalarKind): SqlType {
  return { kind };
}

export function arrayOf(element: SqlType): SqlType {
  return { kind: 'ARRAY', element };
}

/** Reads `ARRAY<STRUCT<key STRING, value STRING>>` and its like. */
export function parseType(text: string): SqlType {
  const words = text.match(/[A-Za-z_][A-Za-z0-9_]*|[<>,]/g) ?? [];
  let position = 0;
  const next = (): string => words[position++] ?? '';
  const read = (): SqlType => {
    const word = next().toUpperCase();
    if (word === 'ARRAY') {
      next();
      const element = read();
      next();
      return arrayOf(element);
    }
    if (word === 'STRUCT') return { kind: 'STRUCT', fields: readFields() };
    return scalar(scalarKind(word, text));
  };
  const readFields = (): StructField[] => {
    const fields: StructField[] = [];
    next();
    for (;;) {
      const following = words[position + 1];
      const named = following !== undefined && !'<>,'.includes(following);
      const name = named ? next() : '';
      fields.push({ name, type: read() });
      if (next() !== ',') return fields;
    }
  };
  return read();
}

function scalarKind(word: string, text: string): ScalarKind {
  const kind = aliases[word] ?? scalarKinds.find((known) => known === word);
  if (kind === undefined) throw new TypeError(`unknown type ${word} in ${text}`);
  return kind;
}

export function typeText(type: SqlType): string {
  if (type.kind === 'ARRAY') return `ARRAY<${typeText(type.element)}>`;
  if (type.kind === 'STRUCT') {
    return `STRUCT<${type.fields.map((field) => `${field.name} ${typeText(field.type)}`.trim()).join(', ')}>`;
  }
  return type.kind;
}

export function isNumeric(type: SqlType): boolean {
  return type.kind === 'INT64' || type.kind === 'FLOAT64' || type.kind === 'NUMERIC' || type.kind === 'NULL';
}

/** Whether a value of `from` may stand where `to` is wanted, without a cast. */
export function isCoercible(from: SqlType, to: SqlType): boolean {
  if (from.kind === 'NULL') return true;
  if (from.kind === 'ARRAY') return to.kind === 'ARRAY' && isCoercible(from.element, to.element);
  if (from.kind === 'STRUCT') {
    if (to.kind !== 'STRUCT' || to.fields.length !== from.fields.length) return false;
    return from.fields.every((field, index) => {
      const target = to.fields[index];
      return target !== undefined && isCoercible(field.type, target.type);
    });
  }
  if (from.kind === to.kind) return true;
  if (from.kind === 'INT64') return to.kind === 'FLOAT64' || to.kind === 'NUMERIC';
  return from.kind === 'NUMERIC' && to.kind === 'FLOAT64';
}

/** The one type all of them can be; undefined when there is none. */
export function commonType(types: readonly SqlType[]): SqlType | undefined {
  let common: SqlType | undefined;
  for (const type of types) {
    if (common === undefined || isCoercible(common, type)) common = type;
    else if (!isCoercible(type, common)) return undefined;
  }
  return common;
}
