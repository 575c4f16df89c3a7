import { createHash } from 'node:crypto';
import { ApiError } from './api-error.ts';
import type { Estate, Place, StoredRow } from './estate.ts';
import { toTuple } from './row-value.ts';
import { parseType, type StructField } from './sql/types.ts';

export interface UserColumn {
  readonly name: string;
  /** As in GoogleSQL: `INT64`, `ARRAY<STRING>`. */
  readonly type: string;
  readonly isRequired?: boolean;
}

/** A table with rows, as the double keeps it. Values are those of the evaluator. */
export interface UserTable extends Place {
  readonly dataset: string;
  readonly name: string;
  readonly kind: 'TABLE' | 'VIEW' | 'SNAPSHOT';
  readonly columns: readonly UserColumn[];
  readonly rows: readonly (readonly unknown[])[];
  readonly labels: Readonly<Record<string, string>>;
  readonly partitioning:
    | { readonly type: string; readonly field: string | undefined; readonly expirationMs: number | undefined }
    | undefined;
  readonly clustering: readonly string[];
  readonly requirePartitionFilter: boolean;
  readonly description: string | undefined;
  readonly creationMs: number;
  readonly expirationMs: number | undefined;
  /** Of a snapshot: what it was taken of, and when. */
  readonly base: { readonly dataset: string; readonly name: string; readonly atMs: number } | undefined;
  /** Text of a view. */
  readonly query: string | undefined;
  readonly bytes: number | undefined;
}

export interface UserTableInput {
  readonly dataset: string;
  readonly name: string;
  readonly project?: string;
  readonly region?: string;
  readonly columns: readonly (readonly [name: string, type: string])[];
  /** By column; absent ones are NULL. */
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
  readonly partitionedBy?: string;
  readonly partitionType?: string;
  readonly partitionExpirationMs?: number;
  readonly clusteredBy?: readonly string[];
  readonly requirePartitionFilter?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly kind?: UserTable['kind'];
  readonly creationMs?: number;
  readonly base?: UserTable['base'];
  readonly expirationMs?: number;
  /** What it is said to weigh; otherwise by its rows. */
  readonly bytes?: number;
}

/** Tables of users: made by tests and by the DDL that the double knows; seen in INFORMATION_SCHEMA and by the REST surfaces at once. */
export class UserTables {
  readonly #tables = new Map<string, UserTable>();
  readonly #home: Place;
  readonly #nowMs: () => number;

  constructor(estate: Estate, home: Place, nowMs: () => number) {
    this.#home = home;
    this.#nowMs = nowMs;
    estate.show((view) => [...this.#tables.values()].flatMap((table) => rowsOf(view, table, estate)));
  }

  add(input: UserTableInput): UserTable {
    const { project = this.#home.project, region = this.#home.region, columns, rows = [] } = input;
    const fields = columns.map(([name, type]) => ({ name, type: parseType(type) }));
    return this.put({
      project,
      region,
      dataset: input.dataset,
      name: input.name,
      kind: input.kind ?? 'TABLE',
      columns: columns.map(([name, type]) => ({ name, type })),
      rows: rows.map((row) => toTuple(fields, row)),
      labels: input.labels ?? {},
      partitioning:
        input.partitionedBy === undefined
          ? undefined
          : {
              type: input.partitionType ?? 'DAY',
              field: input.partitionedBy,
              expirationMs: input.partitionExpirationMs,
            },
      clustering: input.clusteredBy ?? [],
      requirePartitionFilter: input.requirePartitionFilter ?? false,
      description: undefined,
      creationMs: input.creationMs ?? this.#nowMs(),
      expirationMs: input.expirationMs,
      base: input.base,
      query: undefined,
      bytes: input.bytes,
    });
  }

  put(table: UserTable): UserTable {
    this.#tables.set(keyOf(table.project, table.dataset, table.name), table);
    return table;
  }

  find(project: string, dataset: string, name: string): UserTable | undefined {
    return this.#tables.get(keyOf(project, dataset, name));
  }

  /** @throws {ApiError} as the service says it. */
  get(project: string, dataset: string, name: string): UserTable {
    const found = this.find(project, dataset, name);
    if (found !== undefined) return found;
    throw new ApiError(404, 'notFound', `Not found: Table ${project}:${dataset}.${name}`);
  }

  remove({ project, dataset, name }: Pick<UserTable, 'project' | 'dataset' | 'name'>): void {
    this.#tables.delete(keyOf(project, dataset, name));
  }

  inDataset(project: string, dataset: string): readonly UserTable[] {
    return [...this.#tables.values()].filter(
      (table) => table.project === project && table.dataset === dataset,
    );
  }
}

/** Types of the columns, for the evaluator. */
export function fieldsOf({ columns }: Pick<UserTable, 'columns'>): readonly StructField[] {
  return columns.map(({ name, type }) => ({ name, type: parseType(type) }));
}

export function bytesOf({ bytes, rows, columns }: UserTable): number {
  return bytes ?? rows.length * columns.length * 8;
}

/** Changes with everything that the table is, its rows too. */
export function etagOf(table: UserTable): string {
  return createHash('sha256').update(JSON.stringify(table)).digest('base64url').slice(0, 22);
}

const wireTypes: Readonly<Record<string, string>> = {
  INT64: 'INTEGER',
  FLOAT64: 'FLOAT',
  BOOL: 'BOOLEAN',
  STRUCT: 'RECORD',
};

/** @see https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/tables#Table */
export function userTableResource(table: UserTable): object {
  const { project, dataset, name, partitioning, clustering, base } = table;
  return {
    kind: 'bigquery#table',
    etag: etagOf(table),
    id: `${project}:${dataset}.${name}`,
    tableReference: { projectId: project, datasetId: dataset, tableId: name },
    type: table.kind,
    location: table.region.length === 2 ? table.region.toUpperCase() : table.region,
    creationTime: String(table.creationMs),
    labels: table.labels,
    numBytes: String(bytesOf(table)),
    numRows: String(table.rows.length),
    schema: { fields: table.columns.map(fieldResource) },
    ...(table.description === undefined ? {} : { description: table.description }),
    ...(table.expirationMs === undefined ? {} : { expirationTime: String(table.expirationMs) }),
    ...(partitioning === undefined
      ? {}
      : {
          timePartitioning: {
            type: partitioning.type,
            ...(partitioning.field === undefined ? {} : { field: partitioning.field }),
            ...(partitioning.expirationMs === undefined
              ? {}
              : { expirationMs: String(partitioning.expirationMs) }),
          },
        }),
    ...(clustering.length === 0 ? {} : { clustering: { fields: clustering } }),
    ...(table.requirePartitionFilter ? { requirePartitionFilter: true } : {}),
    ...(base === undefined
      ? {}
      : {
          snapshotDefinition: {
            baseTableReference: { projectId: project, datasetId: base.dataset, tableId: base.name },
            snapshotTime: new Date(base.atMs).toISOString(),
          },
        }),
  };
}

function fieldResource({ name, type, isRequired }: UserColumn): object {
  const element = /^ARRAY<(.*)>$/i.exec(type)?.[1];
  const kind = (element ?? type).toUpperCase();
  return {
    name,
    type: wireTypes[kind] ?? kind,
    mode: element === undefined ? (isRequired === true ? 'REQUIRED' : 'NULLABLE') : 'REPEATED',
  };
}

function keyOf(project: string, dataset: string, name: string): string {
  return `${project}.${dataset}.${name}`;
}

function rowsOf(family: string, table: UserTable, estate: Estate): readonly StoredRow[] {
  const view = estate.views.get(family);
  if (view === undefined) return [];
  const named = { table_catalog: table.project, table_schema: table.dataset, table_name: table.name };
  return viewRows(family, table).map((given) => {
    const row = { ...named, ...given };
    return { project: table.project, region: table.region, row, tuple: toTuple(view.columns, row) };
  });
}

function viewRows(family: string, table: UserTable): readonly Readonly<Record<string, unknown>>[] {
  const creation = new Date(table.creationMs);
  const type = { TABLE: 'BASE TABLE', VIEW: 'VIEW', SNAPSHOT: 'SNAPSHOT' }[table.kind];
  const bytes = bytesOf(table);
  switch (family) {
    case 'TABLES':
      return [{ table_type: type, creation_time: creation }];
    case 'TABLE_STORAGE':
      return [
        {
          project_id: table.project,
          creation_time: creation,
          table_type: type,
          total_rows: table.rows.length,
          total_logical_bytes: bytes,
          active_logical_bytes: bytes,
          long_term_logical_bytes: 0,
          total_physical_bytes: bytes,
          active_physical_bytes: bytes,
          long_term_physical_bytes: 0,
          time_travel_physical_bytes: 0,
          fail_safe_physical_bytes: 0,
          deleted: false,
        },
      ];
    case 'COLUMNS':
      return table.columns.map((column, index) => ({
        column_name: column.name,
        ordinal_position: index + 1,
        is_nullable: column.isRequired === true ? 'NO' : 'YES',
        data_type: column.type,
        is_hidden: 'NO',
        is_partitioning_column: table.partitioning?.field === column.name ? 'YES' : 'NO',
        clustering_ordinal_position: table.clustering.includes(column.name)
          ? table.clustering.indexOf(column.name) + 1
          : null,
      }));
    case 'TABLE_OPTIONS':
      return [
        ...(table.requirePartitionFilter
          ? [{ option_name: 'require_partition_filter', option_type: 'BOOL', option_value: 'true' }]
          : []),
        ...(table.description === undefined
          ? []
          : [
              {
                option_name: 'description',
                option_type: 'STRING',
                option_value: JSON.stringify(table.description),
              },
            ]),
      ];
    default:
      return [];
  }
}
