import type { TableField, TableResource } from './table-resource.ts';
import type { SeenPattern } from './table-scene.ts';

/** How a table should be laid out, by the filters that its queries have. */
export interface Layout {
  readonly partition:
    | { readonly column: string; readonly expression: string; readonly by: 'DAY' | 'MONTH' }
    | undefined;
  /** At most four, the most useful first. */
  readonly cluster: readonly string[];
  /** Bytes of the queries that filter on the partition column so that partitions can be left out. */
  readonly prunedBytes: number;
  readonly allBytes: number;
  /** By column: bytes of the queries that filter on it, and how. */
  readonly uses: readonly { readonly column: string; readonly kind: string; readonly bytes: number }[];
}

const mostClusterColumns = 4;
const clusterable: ReadonlySet<string> = new Set([
  'STRING',
  'INTEGER',
  'INT64',
  'BOOLEAN',
  'BOOL',
  'DATE',
  'DATETIME',
  'TIMESTAMP',
  'NUMERIC',
  'BIGNUMERIC',
  'BYTES',
]);

/** By type: how a partition of a day or a month is written. */
const partitionings: Readonly<Record<string, Readonly<Record<'DAY' | 'MONTH', (column: string) => string>>>> =
  {
    DATE: { DAY: (column) => column, MONTH: (column) => `DATE_TRUNC(${column}, MONTH)` },
    TIMESTAMP: { DAY: (column) => `DATE(${column})`, MONTH: (column) => `TIMESTAMP_TRUNC(${column}, MONTH)` },
    DATETIME: { DAY: (column) => `DATE(${column})`, MONTH: (column) => `DATETIME_TRUNC(${column}, MONTH)` },
  };

/** Columns that weigh less than this share of the bytes are no reason. */
const leastShare = 0.05;

/**
 * Partitions by the column of time that most bytes are filtered by, clusters by the columns compared most. Nothing is proposed that no
 * query filters by.
 *
 * @param by a table keeps at most 10,000 partitions, and one job fills at most 4,000: months, where the days are more or not known
 */
export function proposeLayout(
  table: TableResource,
  patterns: readonly SeenPattern[],
  by: 'DAY' | 'MONTH',
): Layout {
  const fields = new Map(table.schema.fields.map((field) => [field.name.toLowerCase(), field]));
  const weights = new Map<string, { bytes: number; pruned: number; equal: number; kinds: Set<string> }>();
  for (const { row, use } of patterns)
    for (const [column, seen] of columnsOf(use?.references ?? [])) {
      const weight = weights.get(column) ?? { bytes: 0, pruned: 0, equal: 0, kinds: new Set<string>() };
      weight.bytes += row.bytes;
      if (seen.prunes) weight.pruned += row.bytes;
      if (seen.isCompared) weight.equal += row.bytes;
      for (const kind of seen.kinds) weight.kinds.add(kind);
      weights.set(column, weight);
    }
  const allBytes = patterns.reduce((sum, { row }) => sum + row.bytes, 0);
  const least = allBytes * leastShare;
  const best = [...weights]
    .filter(([column, { pruned }]) => pruned > least && kindOf(fields.get(column)) in partitionings)
    .toSorted(([, one], [, other]) => other.pruned - one.pruned)[0];
  const partitionField = best === undefined ? undefined : fields.get(best[0]);
  const expression = partitionings[kindOf(partitionField)]?.[by];
  return {
    partition:
      partitionField === undefined || expression === undefined
        ? undefined
        : { column: partitionField.name, expression: expression(`\`${partitionField.name}\``), by },
    cluster: [...weights]
      .filter(
        ([column, { equal }]) => equal > least && isClusterable(fields.get(column)) && column !== best?.[0],
      )
      .toSorted(([, one], [, other]) => other.equal - one.equal)
      .slice(0, mostClusterColumns)
      .flatMap(([column]) => fields.get(column)?.name ?? []),
    prunedBytes: best?.[1].pruned ?? 0,
    allBytes,
    uses: [...weights]
      .toSorted(([, one], [, other]) => other.bytes - one.bytes)
      .slice(0, 20)
      .map(([column, { bytes, kinds }]) => ({ column, kind: [...kinds].toSorted().join(', '), bytes })),
  };
}

interface SeenColumn {
  prunes: boolean;
  isCompared: boolean;
  readonly kinds: Set<string>;
}

/** A column prunes only if it does wherever the query names the table. */
function columnsOf(
  references: NonNullable<SeenPattern['use']>['references'],
): ReadonlyMap<string, SeenColumn> {
  const seen = new Map<string, SeenColumn>();
  for (const { column, kind } of references.flat()) {
    const own = seen.get(column) ?? { prunes: false, isCompared: false, kinds: new Set<string>() };
    own.kinds.add(kind);
    own.isCompared ||= kind === 'equality' || kind === 'join';
    own.prunes = references.every((each) => each.some((other) => other.column === column && other.prunes));
    seen.set(column, own);
  }
  return seen;
}

function kindOf(field: TableField | undefined): string {
  return field === undefined || field.mode === 'REPEATED' ? '' : field.type.toUpperCase();
}

function isClusterable(field: TableField | undefined): boolean {
  return clusterable.has(kindOf(field));
}

const sqlTypes: Readonly<Record<string, string>> = {
  INTEGER: 'INT64',
  FLOAT: 'FLOAT64',
  BOOLEAN: 'BOOL',
  RECORD: 'STRUCT',
};

/** A column as CREATE TABLE writes it. */
export function columnDefinition(field: TableField): string {
  const isRequired = field.mode === 'REQUIRED' ? ' NOT NULL' : '';
  const isDescribed =
    field.description === undefined || field.description === ''
      ? ''
      : ` OPTIONS (description = ${sqlText(field.description)})`;
  return `\`${field.name}\` ${typeOf(field)}${isRequired}${isDescribed}`;
}

function typeOf(field: TableField): string {
  const kind = sqlTypes[field.type.toUpperCase()] ?? field.type.toUpperCase();
  const own =
    kind === 'STRUCT'
      ? `STRUCT<${(field.fields ?? []).map((each) => `\`${each.name}\` ${typeOf(each)}`).join(', ')}>`
      : kind;
  return field.mode === 'REPEATED' ? `ARRAY<${own}>` : own;
}

/** A text as GoogleSQL writes it. */
export function sqlText(text: string): string {
  return JSON.stringify(text);
}
