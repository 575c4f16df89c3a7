import { z } from 'zod';
import { ApiError } from './api-error.ts';
import type { Estate } from './estate.ts';
import { type ApiRequest, delay, type Route } from './http-double.ts';
import { listJobs } from './job-list.ts';
import type { QueryJob, QueryService } from './query-jobs.ts';
import { type WireParameter, wireField, wireRow } from './wire.ts';

export interface JobRoutesOptions {
  readonly queries: QueryService;
  readonly estate: Estate;
  /** Rows in one answer, whatever the client asks; the service itself stops at 10 MB. */
  readonly steering: { readonly maximumRowsPerPage: number; readonly pollHoldMs: number };
  readonly isDenied: (permission: string, project: string) => boolean;
}

const labels = z.record(z.string(), z.string()).default({});
// An int64 is a JSON string on the wire; clients may send a number.
const int64 = z.union([z.string(), z.number()]).transform(Number).optional();
const formatOptions = z
  .object({ useInt64Timestamp: z.boolean().default(false) })
  .default({ useInt64Timestamp: false });
// Checked where it is read: readParameters knows the shapes.
const queryParameters = z
  .array(z.custom<WireParameter>((value) => typeof value === 'object' && value !== null))
  .default([]);

const queryRequest = z.object({
  query: z.string(),
  location: z.string().optional(),
  dryRun: z.boolean().default(false),
  useLegacySql: z.boolean().default(true),
  maximumBytesBilled: int64,
  maxResults: z.number().optional(),
  queryParameters,
  formatOptions,
  labels,
});

const insertRequest = z.object({
  jobReference: z.object({ jobId: z.string().optional(), location: z.string().optional() }).default({}),
  configuration: z.object({
    dryRun: z.boolean().default(false),
    jobTimeoutMs: int64,
    labels,
    query: z.object({
      query: z.string(),
      useLegacySql: z.boolean().default(true),
      maximumBytesBilled: int64,
      queryParameters,
      defaultDataset: z.object({ datasetId: z.string() }).optional(),
    }),
  }),
});

/** @see https://docs.cloud.google.com/bigquery/docs/reference/rest/v2/jobs */
export function jobRoutes(options: JobRoutesOptions): readonly Route[] {
  const { queries } = options;
  return [
    {
      operation: 'jobs.query',
      method: 'POST',
      path: /^\/queries$/,
      answer: (request) => runQuery(request, options),
    },
    {
      operation: 'getQueryResults',
      method: 'GET',
      path: /^\/queries\/([^/]+)$/,
      answer: async (request) => {
        const job = findJob(request, queries);
        queries.poll(job);
        // The service holds the answer while the job runs, up to timeoutMs; so does the double, for less.
        if (job.state === 'RUNNING')
          await delay(
            Math.min(options.steering.pollHoldMs, Number(request.parameters.get('timeoutMs') ?? 10_000)),
          );
        const int64Timestamps = request.parameters.get('formatOptions.useInt64Timestamp') === 'true';
        return results(job, { ...page(request), int64Timestamps }, options);
      },
    },
    {
      operation: 'jobs.insert',
      method: 'POST',
      path: /^\/jobs$/,
      answer: (request) => insertJob(request, queries),
    },
    {
      operation: 'jobs.list',
      method: 'GET',
      path: /^\/jobs$/,
      answer: (request) => listJobs(request, options),
    },
    {
      operation: 'jobs.get',
      method: 'GET',
      path: /^\/jobs\/([^/]+)$/,
      answer: (request) => {
        const job = findJob(request, queries);
        queries.poll(job);
        return jobResource(job);
      },
    },
    {
      operation: 'jobs.cancel',
      method: 'POST',
      path: /^\/jobs\/([^/]+)\/cancel$/,
      answer: (request) => {
        const job = findJob(request, queries);
        queries.cancel(job);
        return { kind: 'bigquery#jobCancelResponse', job: jobResource(job) };
      },
    },
  ];
}

function runQuery({ project, caller, body }: ApiRequest, options: JobRoutesOptions): unknown {
  const request = parse(queryRequest, body);
  const { location, query, dryRun, useLegacySql, maximumBytesBilled } = request;
  const parameters = request.queryParameters;
  const job = options.queries.start({
    project,
    caller,
    query,
    location,
    dryRun,
    useLegacySql,
    maximumBytesBilled,
    parameters,
    labels: request.labels,
  });
  if (job.state === 'DONE') throwJobError(job);
  const int64Timestamps = request.formatOptions.useInt64Timestamp;
  return {
    ...results(job, { from: 0, count: request.maxResults, int64Timestamps }, options),
    kind: 'bigquery#queryResponse',
  };
}

function insertJob({ project, caller, body }: ApiRequest, queries: QueryService): unknown {
  const { jobReference, configuration } = parse(insertRequest, body);
  const { query, useLegacySql, maximumBytesBilled, queryParameters: parameters } = configuration.query;
  const { dryRun, jobTimeoutMs } = configuration;
  const job = queries.start({
    project,
    caller,
    query,
    jobId: jobReference.jobId,
    location: jobReference.location,
    dryRun,
    useLegacySql,
    maximumBytesBilled,
    parameters,
    jobTimeoutMs,
    defaultDataset: configuration.query.defaultDataset?.datasetId,
    labels: configuration.labels,
  });
  return jobResource(job);
}

interface Page {
  readonly from: number;
  readonly count: number | undefined;
}

function page({ parameters }: ApiRequest): Page {
  const from = Number(parameters.get('pageToken') ?? parameters.get('startIndex') ?? 0);
  const count = parameters.get('maxResults');
  return { from, count: count === null ? undefined : Number(count) };
}

function results(
  job: QueryJob,
  { from, count, int64Timestamps }: Page & { readonly int64Timestamps: boolean },
  { steering }: JobRoutesOptions,
): object {
  throwJobError(job);
  const jobReference = referenceOf(job);
  if (job.state === 'RUNNING')
    return { kind: 'bigquery#getQueryResultsResponse', jobReference, jobComplete: false };
  const end = from + Math.min(count ?? steering.maximumRowsPerPage, steering.maximumRowsPerPage);
  const rows = job.rows.slice(from, end).map((row) => wireRow(job.columns, row, int64Timestamps));
  return {
    kind: 'bigquery#getQueryResultsResponse',
    schema: { fields: job.columns.map(wireField) },
    ...(job.isDryRun ? {} : { jobReference }),
    totalRows: String(job.rows.length),
    ...(rows.length === 0 ? {} : { rows }),
    ...(end < job.rows.length ? { pageToken: String(end) } : {}),
    totalBytesProcessed: String(job.bytesProcessed),
    totalBytesBilled: String(job.bytesBilled),
    jobComplete: true,
    cacheHit: false,
    location: job.region.toUpperCase(),
  };
}

function throwJobError({ error }: QueryJob): void {
  if (error !== undefined) throw new ApiError(400, error.reason, error.message, error.location);
}

function referenceOf({ project, id, region }: QueryJob): object {
  return { projectId: project, jobId: id, location: region.length === 2 ? region.toUpperCase() : region };
}

function jobResource(job: QueryJob): unknown {
  const error = job.error && { reason: job.error.reason, message: job.error.message };
  const times = job.state === 'DONE' ? { endTime: String(job.createdMs) } : {};
  return {
    kind: 'bigquery#job',
    id: `${job.project}:${job.region.toUpperCase()}.${job.id}`,
    ...(job.isDryRun
      ? { jobReference: { projectId: job.project, location: job.region.toUpperCase() } }
      : { jobReference: referenceOf(job) }),
    user_email: job.caller,
    status: { state: job.state, ...(error === undefined ? {} : { errorResult: error, errors: [error] }) },
    configuration: {
      jobType: 'QUERY',
      dryRun: job.isDryRun,
      labels: job.labels,
      query: { query: job.query, useLegacySql: false },
    },
    statistics: {
      creationTime: String(job.createdMs),
      startTime: String(job.createdMs),
      ...times,
      totalBytesProcessed: String(job.bytesProcessed),
      totalSlotMs: job.isDryRun ? '0' : '100',
      ...(job.reservation === undefined ? {} : { reservation_id: job.reservation }),
      query: {
        totalBytesProcessed: String(job.bytesProcessed),
        totalBytesProcessedAccuracy: job.isDryRun ? 'UPPER_BOUND' : undefined,
        totalBytesBilled: String(job.error?.reason === 'bytesBilledLimitExceeded' ? 0 : job.bytesBilled),
        cacheHit: false,
        statementType: job.statementType,
        ...(job.deletedRows === undefined ? {} : { dmlStats: { deletedRowCount: String(job.deletedRows) } }),
        schema: { fields: job.columns.map(wireField) },
      },
    },
  };
}

function findJob({ ids: [id = ''], project, parameters }: ApiRequest, queries: QueryService): QueryJob {
  const job = queries.jobs.get(id);
  const location = parameters.get('location')?.toLowerCase() ?? 'us';
  // Outside the US a job is found only in the location it runs in.
  if (job === undefined || job.project !== project || job.region !== location) {
    throw new ApiError(404, 'notFound', `Not found: Job ${project}:${location.toUpperCase()}.${id}`);
  }
  return job;
}

function parse<S extends z.ZodType>(schema: S, body: unknown): z.infer<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new ApiError(400, 'invalid', `Invalid JSON payload received: ${z.prettifyError(parsed.error)}`);
}
