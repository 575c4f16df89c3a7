import type { ParameterType, ParameterValue } from './queries/query.ts';

/** A query as it is sent. */
export interface QueryJob {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly types: Readonly<Record<string, ParameterType>>;
  /** Where it runs. */
  readonly location: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly maximumBytesBilled: number;
  /** The server ends it then. */
  readonly timeLimitMs: number;
}

/** What a query cost. */
export interface JobCost {
  /** Undefined when the answer does not say. */
  readonly billedBytes: number | undefined;
  readonly slotMs: number;
  /** It ran in a reservation, so that bytes are not billed. */
  readonly isReserved: boolean;
}

export interface Page {
  readonly rows: readonly unknown[];
  readonly totalRows: number;
}

/** A job that was begun; end it with `cancel` when its rows are not wanted any more. */
export interface StartedJob {
  /** At most so many rows, read page by page. */
  rows(limit: number, signal: AbortSignal): Promise<Page>;
  cost(signal: AbortSignal): Promise<JobCost>;
  cancel(signal: AbortSignal): Promise<void>;
}

/** The REST API of BigQuery, as far as it is read. Failures are those of the driver; `toApiError` says what they mean. */
export interface BigqueryClient {
  /** Bytes that a query would process. Free, and nothing runs. */
  dryRun(job: QueryJob, signal: AbortSignal): Promise<number>;
  /** Begins a job under an id of ours. */
  start(job: QueryJob, jobId: string, signal: AbortSignal): Promise<void>;
  /** What was begun under that id, or may have been. */
  started(job: Pick<QueryJob, 'location'>, jobId: string): StartedJob;
  /** Lists one dataset of a project. Free. */
  ping(project: string, signal: AbortSignal): Promise<void>;
  /** Locations of the datasets of a project, at most a thousand datasets. Free. */
  locations(project: string, signal: AbortSignal): Promise<readonly string[]>;
  /** Jobs of all users in a state; at most `limit`. Free. */
  countJobs(
    project: string,
    state: 'running' | 'pending',
    limit: number,
    signal: AbortSignal,
  ): Promise<{ readonly count: number; readonly isTruncated: boolean }>;
  /** What the login's own jobs since then have cost whose id begins so and that carry the labels. Free. */
  ownJobs(
    jobs: {
      readonly project: string;
      readonly prefix: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly sinceMs: number;
    },
    signal: AbortSignal,
  ): Promise<readonly JobCost[]>;
  close(): void;
}
