import { randomBytes } from 'node:crypto';
import { ApiError } from './api-error.ts';
import type { Estate } from './estate.ts';
import {
  bytesBilled,
  bytesProcessed,
  informationSchemaSource,
  type Reference,
} from './information-schema-source.ts';
import { prepareQuery } from './sql/prepare.ts';
import type { CompiledQuery } from './sql/scope.ts';
import { EvaluationError, InvalidQueryError } from './sql/sql-error.ts';
import { Zones } from './sql/time.ts';
import { prepareStatement } from './statements.ts';
import type { UserTables } from './user-tables.ts';
import { readParameters, type WireParameter } from './wire.ts';

/** What jobs.query and the configuration of jobs.insert have in common. */
export interface QueryRequest {
  readonly project: string;
  readonly caller: string;
  readonly query: string;
  readonly jobId?: string | undefined;
  readonly location?: string | undefined;
  readonly dryRun: boolean;
  readonly useLegacySql: boolean;
  readonly parameters: readonly WireParameter[];
  readonly maximumBytesBilled?: number | undefined;
  readonly jobTimeoutMs?: number | undefined;
  readonly defaultDataset?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
}

export interface QueryJob {
  readonly id: string;
  readonly project: string;
  readonly region: string;
  readonly caller: string;
  readonly query: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly createdMs: number;
  readonly columns: CompiledQuery['columns'];
  readonly bytesProcessed: number;
  readonly bytesBilled: number;
  readonly references: readonly Reference[];
  /** As in JOBS: SELECT, CREATE_TABLE_AS_SELECT, … */
  readonly statementType: string;
  readonly isDryRun: boolean;
  readonly reservation: string | undefined;
  readonly jobTimeoutMs: number | undefined;
  /** Answers still to be given before it is done; Infinity: never. */
  pendingPolls: number;
  state: 'RUNNING' | 'DONE';
  error: { readonly reason: string; readonly message: string; readonly location?: string } | undefined;
  rows: readonly (readonly unknown[])[];
  /** Of DML: rows that it took away. */
  deletedRows: number | undefined;
  /** What a statement changes, while the job still runs. */
  work: Pick<Runnable, 'run' | 'deletedRows'> | undefined;
}

/** What a test can set; read anew for each job. */
export interface QuerySteering {
  /** Answers `jobComplete: false` before a job is done. Infinity: until it is cancelled. */
  pendingPolls: number;
  /** Bytes that a query processes, instead of what the double makes up; undefined leaves that be. */
  bytesProcessed: ((query: string) => number | undefined) | undefined;
  /** Jobs that fail though they were begun; undefined leaves a job be. */
  jobError:
    | ((query: string) => { readonly reason: string; readonly message: string } | undefined)
    | undefined;
  /** `project:location.name`: jobs run in this reservation, and their bytes cost nothing. Undefined: on demand. */
  reservation: string | undefined;
}

export interface QueryServiceOptions {
  readonly estate: Estate;
  readonly tables: UserTables;
  readonly steering: QuerySteering;
  readonly nowMs: () => number;
  readonly isDenied: (permission: string, project: string) => boolean;
}

type Runnable = CompiledQuery & { readonly type: string; readonly deletedRows?: () => number | undefined };

/** Runs queries as jobs, bills them, and writes them down in JOBS, where the next query finds them. */
export class QueryService {
  readonly jobs = new Map<string, QueryJob>();
  readonly #options: QueryServiceOptions;
  readonly #zones = new Zones();

  constructor(options: QueryServiceOptions) {
    this.#options = options;
  }

  /** @throws {ApiError} when the job would not even be created. */
  start(request: QueryRequest): QueryJob {
    const { estate, isDenied, nowMs, steering } = this.#options;
    const { project, caller, query } = request;
    if (isDenied('bigquery.jobs.create', project)) {
      throw new ApiError(
        403,
        'accessDenied',
        `Access Denied: Project ${project}: User does not have bigquery.jobs.create permission in project ${project}.`,
      );
    }
    if (request.useLegacySql)
      throw new ApiError(400, 'invalidQuery', 'the BigQuery double does not speak legacy SQL');
    const region = regionOf(request);
    if (!estate.regions.includes(region))
      throw new ApiError(400, 'invalid', `Invalid value for location: ${region} is not a valid value`);
    const references: Reference[] = [];
    const compiled = this.#compile(request, region, references);
    const processed = steering.bytesProcessed?.(query) ?? bytesProcessed(references);
    const billed = bytesBilled(processed, references.length);
    const job: QueryJob = {
      id: request.jobId ?? `double_${randomBytes(8).toString('hex')}`,
      project,
      region,
      caller,
      query,
      labels: request.labels,
      createdMs: nowMs(),
      columns: compiled.columns,
      bytesProcessed: processed,
      bytesBilled: request.dryRun ? 0 : billed,
      references,
      statementType: compiled.type,
      isDryRun: request.dryRun,
      reservation: steering.reservation,
      jobTimeoutMs: request.jobTimeoutMs,
      pendingPolls: request.dryRun ? 0 : steering.pendingPolls,
      state: 'RUNNING',
      error: undefined,
      rows: [],
      work: undefined,
      deletedRows: undefined,
    };
    if (request.dryRun) return Object.assign(job, { state: 'DONE' });
    const failure = steering.jobError?.(query);
    if (this.jobs.has(job.id))
      throw new ApiError(409, 'duplicate', `Already Exists: Job ${project}:${region}.${job.id}`);
    this.jobs.set(job.id, job);
    const limit = request.maximumBytesBilled;
    if (limit !== undefined && billed > limit) {
      const message = `Query exceeded limit for bytes billed: ${limit}. ${billed} or higher required.`;
      this.#finish(job, { reason: 'bytesBilledLimitExceeded', message });
    } else if (failure !== undefined) this.#finish(job, failure);
    else this.#run(job, compiled);
    return job;
  }

  /** A query, or a statement that changes tables; both are checked before anything runs. */
  #compile(request: QueryRequest, region: string, references: Reference[]): Runnable {
    const { estate, tables, isDenied, nowMs } = this.#options;
    const { project, caller } = request;
    // What tables were is not kept: they are read as they are.
    const query = request.query.replace(/FOR SYSTEM_TIME AS OF TIMESTAMP_MILLIS\(\d+\)/g, '');
    const table = informationSchemaSource(
      { estate, tables, project, region, caller, isDenied, defaultDataset: request.defaultDataset },
      references,
    );
    const parameters = readParameters(request.parameters);
    const prepare = (sql: string): CompiledQuery =>
      orInvalid(() =>
        prepareQuery(sql, { table, parameters, nowMicros: nowMs() * 1_000, zones: this.#zones }),
      );
    const statement = prepareStatement(query, {
      tables,
      project,
      region,
      defaultDataset: request.defaultDataset,
      nowMs: nowMs(),
      select: (sql) => {
        const selected = prepare(sql);
        return { columns: selected.columns, rows: () => selected.run(undefined) };
      },
    });
    if (statement === undefined) return { ...prepare(query), type: 'SELECT' };
    if (isDenied('bigquery.tables.create', project))
      throw new ApiError(
        403,
        'accessDenied',
        `Access Denied: Project ${project}: User does not have bigquery.tables.create permission.`,
      );
    let deletedRows: number | undefined;
    const run = (): readonly [] => {
      deletedRows = statement.run() ?? undefined;
      return [];
    };
    return { columns: [], run, type: statement.type, deletedRows: () => deletedRows };
  }

  /** Counts a look at the job, and lets it end when its time has come. */
  poll(job: QueryJob): void {
    if (job.state === 'DONE') return;
    const timeoutMs = job.jobTimeoutMs;
    if (timeoutMs !== undefined && this.#options.nowMs() - job.createdMs >= timeoutMs) {
      this.#finish(job, {
        reason: 'stopped',
        message: `Job execution was cancelled: Job timed out after ${timeoutMs} ms`,
      });
    } else if (job.pendingPolls > 0) job.pendingPolls -= 1;
    else if (job.work === undefined) this.#finish(job, undefined);
    else this.#run(job, job.work);
  }

  cancel(job: QueryJob): void {
    if (job.state === 'RUNNING')
      this.#finish(job, {
        reason: 'stopped',
        message: 'Job execution was cancelled: User requested cancellation',
      });
  }

  #run(job: QueryJob, compiled: Pick<Runnable, 'run' | 'deletedRows'>): void {
    if (job.pendingPolls > 0 && job.statementType !== 'SELECT') {
      job.work = compiled;
      return;
    }
    try {
      job.rows = compiled.run(undefined);
      job.deletedRows = compiled.deletedRows?.();
    } catch (error) {
      if (error instanceof ApiError) {
        this.#finish(job, { reason: error.reason, message: error.message });
        return;
      }
      if (!(error instanceof InvalidQueryError)) throw error;
      this.#finish(job, { reason: 'invalidQuery', message: error.message, location: 'query' });
      return;
    }
    if (job.pendingPolls === 0) this.#finish(job, undefined);
  }

  #finish(job: QueryJob, error: QueryJob['error']): void {
    job.state = 'DONE';
    job.error = error;
    if (error !== undefined) job.rows = [];
    this.#options.estate.insert(
      'JOBS',
      { project: job.project, region: job.region },
      jobRow(job, this.#options.nowMs()),
    );
  }
}

/** As given; otherwise the region that the query names, as the service infers it from what a query reads. */
function regionOf({ location, query }: QueryRequest): string {
  const named = /region-([a-z0-9-]+)/i.exec(query)?.[1];
  return (location ?? named ?? 'us').toLowerCase();
}

function orInvalid<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof EvaluationError || error instanceof InvalidQueryError) {
      throw new ApiError(400, 'invalidQuery', error.message, 'query');
    }
    throw error;
  }
}

function jobRow(job: QueryJob, nowMs: number): Readonly<Record<string, unknown>> {
  const wasRefused = job.error?.reason === 'bytesBilledLimitExceeded';
  const tables = job.references.map(({ project, view, table }) => ({
    project_id: project,
    dataset_id: table?.dataset ?? 'INFORMATION_SCHEMA',
    table_id: view.name,
  }));
  return {
    job_id: job.id,
    project_id: job.project,
    user_email: job.caller,
    creation_time: new Date(job.createdMs),
    start_time: new Date(job.createdMs),
    end_time: new Date(nowMs),
    job_type: 'QUERY',
    statement_type: job.statementType,
    priority: 'INTERACTIVE',
    state: 'DONE',
    query: job.query,
    labels: job.labels,
    cache_hit: false,
    total_bytes_processed: wasRefused ? 0 : job.bytesProcessed,
    total_bytes_billed: wasRefused ? 0 : bytesBilled(job.bytesProcessed, job.references.length),
    total_slot_ms: 100,
    referenced_tables: tables,
    reservation_id: job.reservation,
    error_result: job.error && { reason: job.error.reason, message: job.error.message },
    job_creation_reason: { code: 'REQUESTED' },
  };
}
