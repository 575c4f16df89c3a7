import type { Estate, Place, Row } from './estate.ts';
import { toMicros } from './row-value.ts';

export interface DatasetInput {
  readonly name: string;
  readonly project?: string;
  readonly region?: string;
  /** Default: not set, which is billed as LOGICAL. */
  readonly billingModel?: 'LOGICAL' | 'PHYSICAL';
}

export interface TableInput {
  readonly dataset: string;
  readonly name: string;
  readonly project?: string;
  readonly region?: string;
  readonly rows?: number;
  readonly activeLogicalBytes?: number;
  readonly longTermLogicalBytes?: number;
  /** Contains the bytes of time travel, as in TABLE_STORAGE. */
  readonly activePhysicalBytes?: number;
  readonly longTermPhysicalBytes?: number;
  readonly timeTravelBytes?: number;
  readonly failSafeBytes?: number;
  readonly deleted?: boolean;
  readonly partitionedBy?: string;
  readonly clusteredBy?: readonly string[];
  readonly requirePartitionFilter?: boolean;
  readonly type?: 'BASE TABLE' | 'VIEW' | 'EXTERNAL' | 'MATERIALIZED VIEW';
  readonly columns?: readonly string[];
}

const created = new Date('2025-01-01T00:00:00Z');

/** Adds datasets, tables and jobs consistently to all the views that show them. */
export class Inventory {
  readonly #estate: Estate;
  readonly #home: Place;
  #jobs = 0;

  constructor(estate: Estate, home: Place) {
    this.#estate = estate;
    this.#home = home;
  }

  addDataset({
    name,
    project = this.#home.project,
    region = this.#home.region,
    billingModel,
  }: DatasetInput): void {
    const place = { project, region };
    const schema = { catalog_name: project, schema_name: name };
    const location = region.length === 2 ? region.toUpperCase() : region;
    this.#estate.insert('SCHEMATA', place, {
      ...schema,
      creation_time: created,
      last_modified_time: created,
      location,
    });
    if (billingModel === undefined) return;
    const option = {
      option_name: 'storage_billing_model',
      option_type: 'STRING',
      option_value: `"${billingModel}"`,
    };
    this.#estate.insert('SCHEMATA_OPTIONS', place, { ...schema, ...option });
  }

  addTable(table: TableInput): void {
    const { dataset, name, type = 'BASE TABLE', deleted = false } = table;
    const place = { project: table.project ?? this.#home.project, region: table.region ?? this.#home.region };
    const named = { table_catalog: place.project, table_schema: dataset, table_name: name };
    this.#estate.insert('TABLE_STORAGE', place, {
      ...named,
      ...storageRow(table, place),
      deleted,
      table_type: type,
    });
    if (deleted) return;
    this.#estate.insert('TABLES', place, { ...named, table_type: type, creation_time: created });
    for (const column of columnRows(table)) this.#estate.insert('COLUMNS', place, { ...named, ...column });
    if (table.requirePartitionFilter === true) {
      const option = { option_name: 'require_partition_filter', option_type: 'BOOL', option_value: 'true' };
      this.#estate.insert('TABLE_OPTIONS', place, { ...named, ...option });
    }
  }

  /**
   * Adds a row of JOBS. Everything has a default: a successful on-demand SELECT of one second, created now minus nothing that is given.
   *
   * @param job columns of JOBS, `creation_time` (Date or ISO text) at least; besides `project_id`, `region` says where.
   */
  addJob(job: Row & { readonly creation_time: Date | string; readonly region?: string }): string {
    const { region = this.#home.region, ...given } = job;
    this.#jobs += 1;
    const project = typeof given['project_id'] === 'string' ? given['project_id'] : this.#home.project;
    const row = { ...jobDefaults(given, `job_${this.#jobs}`), project_id: project, ...given };
    this.#estate.insert('JOBS', { project, region }, row);
    return row.job_id;
  }

  addJobs(jobs: Iterable<Row & { readonly creation_time: Date | string; readonly region?: string }>): void {
    for (const job of jobs) this.addJob(job);
  }

  /** Adds a row of any view, in the home project and region unless said otherwise. */
  addRow(view: string, row: Row, place: Partial<Place> = {}): void {
    this.#estate.insert(view, { ...this.#home, ...place }, row);
  }
}

function jobDefaults(
  given: Row & { readonly creation_time: Date | string },
  id: string,
): Row & { readonly job_id: string } {
  const createdMs = toMicros(given.creation_time) / 1_000;
  const isQuery = (given['job_type'] ?? 'QUERY') === 'QUERY';
  const billed = given['total_bytes_billed'] ?? (isQuery ? 10 * 1024 ** 2 : null);
  return {
    job_id: id,
    user_email: 'analyst@double.test',
    start_time: new Date(createdMs + 100),
    end_time: new Date(createdMs + 1_100),
    job_type: 'QUERY',
    ...(isQuery && !('statement_type' in given) ? { statement_type: 'SELECT' } : {}),
    priority: 'INTERACTIVE',
    state: 'DONE',
    ...(isQuery ? { cache_hit: false } : {}),
    total_bytes_billed: billed,
    total_bytes_processed: billed,
    total_slot_ms: 1_000,
    job_creation_reason: { code: 'REQUESTED' },
  };
}

function storageRow(table: TableInput, { project }: Place): Row {
  const active = table.activeLogicalBytes ?? 0;
  const longTerm = table.longTermLogicalBytes ?? 0;
  const activePhysical = table.activePhysicalBytes ?? 0;
  const longTermPhysical = table.longTermPhysicalBytes ?? 0;
  return {
    project_id: project,
    creation_time: created,
    total_rows: table.rows ?? 0,
    total_partitions: table.partitionedBy === undefined ? 0 : 1,
    total_logical_bytes: active + longTerm,
    active_logical_bytes: active,
    long_term_logical_bytes: longTerm,
    current_physical_bytes: activePhysical + longTermPhysical - (table.timeTravelBytes ?? 0),
    total_physical_bytes: activePhysical + longTermPhysical,
    active_physical_bytes: activePhysical,
    long_term_physical_bytes: longTermPhysical,
    time_travel_physical_bytes: table.timeTravelBytes ?? 0,
    fail_safe_physical_bytes: table.failSafeBytes ?? 0,
    storage_last_modified_time: created,
  };
}

function columnRows({ partitionedBy, clusteredBy = [], columns = ['id'] }: TableInput): readonly Row[] {
  const names = [
    ...new Set([...columns, ...(partitionedBy === undefined ? [] : [partitionedBy]), ...clusteredBy]),
  ];
  return names.map((name, index) => ({
    column_name: name,
    ordinal_position: index + 1,
    is_nullable: 'YES',
    data_type: name === partitionedBy ? 'TIMESTAMP' : 'STRING',
    is_hidden: name.startsWith('_') ? 'YES' : 'NO',
    is_partitioning_column: name === partitionedBy ? 'YES' : 'NO',
    clustering_ordinal_position: clusteredBy.includes(name) ? clusteredBy.indexOf(name) + 1 : null,
  }));
}
