import { ApiError } from './api-error.ts';
import type { Place } from './estate.ts';
import type { StructField } from './sql/types.ts';
import type { TableOptions } from './table-options.ts';
import type { UserTable, UserTables } from './user-tables.ts';

/** What a statement that changes something is: its kind, and what doing it answers. */
export interface PreparedStatement {
  /** As in JOBS. */
  readonly type: string;
  /** Changes the tables; gives the number of rows that DML took away. Throws as the service does. */
  readonly run: () => number | void;
}

export interface StatementContext extends Place {
  readonly tables: UserTables;
  readonly defaultDataset?: string | undefined;
  readonly nowMs: number;
  /** Evaluates a SELECT of ours over the tables and the parameters of the job. */
  readonly select: (sql: string) => {
    readonly columns: readonly StructField[];
    readonly rows: () => readonly (readonly unknown[])[];
  };
}

export function invalid(message: string): ApiError {
  return new ApiError(400, 'invalidQuery', message, 'query');
}

interface Named {
  readonly project: string;
  readonly dataset: string;
  readonly name: string;
}

export function nameOf(given: string, { project, defaultDataset }: StatementContext): Named {
  const parts = given.replaceAll('`', '').split('.');
  const [name = '', dataset = defaultDataset, owner] = parts.toReversed();
  if (dataset === undefined)
    throw invalid(`Table "${name}" must be qualified with a dataset (e.g. dataset.table).`);
  return { project: owner ?? project, dataset, name };
}

/** @throws {ApiError} 409 where it is there already. */
export function free(named: Named, isSpared: boolean, { tables }: StatementContext): 'free' | 'taken' {
  if (tables.find(named.project, named.dataset, named.name) === undefined) return 'free';
  if (isSpared) return 'taken';
  throw new ApiError(
    409,
    'duplicate',
    `Already Exists: Table ${named.project}:${named.dataset}.${named.name}`,
  );
}

export const nothing = (): void => undefined;

export function empty(named: Named, { region, nowMs }: StatementContext): UserTable {
  return {
    ...named,
    region,
    kind: 'TABLE',
    columns: [],
    rows: [],
    labels: {},
    partitioning: undefined,
    clustering: [],
    requirePartitionFilter: false,
    description: undefined,
    creationMs: nowMs,
    expirationMs: undefined,
    base: undefined,
    query: undefined,
    bytes: undefined,
  };
}

export function withOptions(table: UserTable, options: TableOptions): UserTable {
  const { partitionExpirationMs, ...others } = options;
  const partitioning =
    partitionExpirationMs === undefined || table.partitioning === undefined
      ? table.partitioning
      : { ...table.partitioning, expirationMs: partitionExpirationMs };
  return { ...table, ...others, partitioning };
}

export function existing(given: string, context: StatementContext): UserTable {
  const { project, dataset, name } = nameOf(given, context);
  return context.tables.get(project, dataset, name);
}
