import { z } from 'zod';
import { CollectError, type JsonObject } from '../../../src/sdk.ts';
import type { BigqueryOperationsInput } from './input.ts';
import { RestError } from './rest-error.ts';
import type { RestSession } from './rest-session.ts';
import { type TableName, type TableResource, tableResource } from './table-resource.ts';

/** One statement as a job. */
export interface StatementJob {
  readonly sql: string;
  /** Where its tables are. */
  readonly location: string;
  readonly labels: Readonly<Record<string, string>>;
  /** It fails, without a charge, rather than be billed for more. */
  readonly maximumBytesBilled: number | undefined;
  readonly timeLimitMs: number;
  /** Of tables that are named without one. */
  readonly dataset?: { readonly project: string; readonly dataset: string };
}

export interface JobOutcome {
  /** Undefined: it did what it says. */
  readonly error: { readonly reason: string; readonly message: string } | undefined;
  readonly billedBytes: number;
  /** Of DML; undefined otherwise. */
  readonly deletedRows: number | undefined;
  readonly durationMs: number;
  /** It was begun under this id before: by this agent, or by one that died. */
  readonly wasBegun: boolean;
}

/** Values as the API gives them: text. */
export type TextRow = Readonly<Record<string, string | null>>;

/** BigQuery's REST API as what acts, and what looks before and after, needs it. Every call throws as `RestSession.request` does. */
export interface WarehouseApi {
  /** Undefined where there is none. Free. */
  table(name: TableName, signal: AbortSignal): Promise<TableResource | undefined>;
  /** Names of the tables of a dataset, with their kind; at most a thousand. Free. */
  tables(
    dataset: { readonly project: string; readonly dataset: string },
    signal: AbortSignal,
  ): Promise<readonly { readonly name: string; readonly type: string }[]>;
  /** Where a dataset is. Free. */
  location(
    dataset: { readonly project: string; readonly dataset: string },
    signal: AbortSignal,
  ): Promise<string>;
  /** Changes it if it is still as it was when the etag was read: 412 otherwise. */
  patch(name: TableName, body: JsonObject, etag: string, signal: AbortSignal): Promise<TableResource>;
  rowPolicies(name: TableName, signal: AbortSignal): Promise<number>;
  /** Of these permissions those that the login has. */
  permissions(name: TableName, wanted: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Lists one dataset: proves that the login gets in. */
  greet(project: string, signal: AbortSignal): Promise<void>;
  /** Bytes that it would process. Free, and nothing runs. */
  dryRun(
    job: Pick<StatementJob, 'sql' | 'location' | 'labels' | 'dataset'>,
    signal: AbortSignal,
  ): Promise<number>;
  /** Begins a job under this id, or finds the one that was begun under it, and waits for its end. */
  run(job: StatementJob, jobId: string, signal: AbortSignal): Promise<JobOutcome>;
  /** Rows of a job that ended; at most a thousand. */
  rows(location: string, jobId: string, signal: AbortSignal): Promise<readonly TextRow[]>;
}

const pollMs = 1_000;
const int64 = z.union([z.string(), z.number()]).transform(Number);

const jobAnswer = z.object({
  status: z.object({
    state: z.string(),
    errorResult: z.object({ reason: z.string().default(''), message: z.string().default('') }).optional(),
  }),
  statistics: z
    .object({
      startTime: int64.optional(),
      endTime: int64.optional(),
      totalBytesProcessed: int64.optional(),
      query: z
        .object({
          totalBytesBilled: int64.optional(),
          dmlStats: z.object({ deletedRowCount: int64.optional() }).optional(),
        })
        .optional(),
    })
    .default({}),
});

const rowsAnswer = z.object({
  schema: z.object({ fields: z.array(z.object({ name: z.string() })) }).optional(),
  rows: z
    .array(z.object({ f: z.array(z.object({ v: z.union([z.string(), z.null(), z.unknown()]) })) }))
    .default([]),
});

export interface ApiPlace {
  readonly session: RestSession;
  readonly input: Pick<BigqueryOperationsInput, 'options' | 'clock'>;
}

export function createWarehouseApi(place: ApiPlace): WarehouseApi {
  return { ...tablesApi(place), ...jobsApi(place) };
}

type JobsApi = Pick<WarehouseApi, 'dryRun' | 'run' | 'rows'>;

function tablesApi({ session, input }: ApiPlace): Omit<WarehouseApi, keyof JobsApi> {
  const ofProject = projectUrl(input);
  const ofTable = ({ project, dataset, table }: TableName): string =>
    `${ofProject(project)}/datasets/${encodeURIComponent(dataset)}/tables/${encodeURIComponent(table)}`;
  return {
    table: async (name, signal) => {
      const answer = await orAbsent(session.request({ method: 'GET', url: ofTable(name) }, signal));
      return answer === undefined ? undefined : read(tableResource, answer, 'tables.get');
    },
    tables: async ({ project, dataset }, signal) => {
      const url = `${ofProject(project)}/datasets/${encodeURIComponent(dataset)}/tables`;
      const answer = await session.request({ method: 'GET', url, query: { maxResults: '1000' } }, signal);
      const { tables } = read(tableList, answer, 'tables.list');
      return tables.map(({ tableReference: { tableId: name }, type }) => ({ name, type }));
    },
    location: async ({ project, dataset }, signal) => {
      const url = `${ofProject(project)}/datasets/${encodeURIComponent(dataset)}`;
      const answer = await session.request({ method: 'GET', url }, signal);
      return read(datasetAnswer, answer, 'datasets.get').location;
    },
    patch: async (name, body, etag, signal) =>
      read(
        tableResource,
        await session.request({ method: 'PATCH', url: ofTable(name), body, etag }, signal),
        'tables.patch',
      ),
    rowPolicies: async (name, signal) => {
      const url = `${ofTable(name)}/rowAccessPolicies`;
      const answer = await session.request({ method: 'GET', url }, signal);
      return read(policyList, answer, 'rowAccessPolicies.list').rowAccessPolicies.length;
    },
    permissions: async (name, wanted, signal) => {
      const url = `${ofTable(name)}:testIamPermissions`;
      const body = { permissions: [...wanted] };
      const answer = await session.request({ method: 'POST', url, body }, signal);
      return new Set(read(permissionList, answer, 'tables.testIamPermissions').permissions);
    },
    greet: async (project, signal) => {
      await session.request(
        { method: 'GET', url: `${ofProject(project)}/datasets`, query: { maxResults: '1' } },
        signal,
      );
    },
  };
}

function jobsApi({ session, input }: ApiPlace): JobsApi {
  const { options, clock } = input;
  const ofProject = projectUrl(input);
  const jobsUrl = `${ofProject(options.project)}/jobs`;
  return {
    dryRun: async (job, signal) => {
      const body = jobBody(
        options.project,
        { ...job, maximumBytesBilled: undefined, timeLimitMs: 0 },
        undefined,
      );
      const answer = await session.request(
        {
          method: 'POST',
          url: jobsUrl,
          body: { ...body, configuration: { ...body.configuration, dryRun: true } },
        },
        signal,
      );
      const { statistics } = read(jobAnswer, answer, 'jobs.insert');
      if (statistics.totalBytesProcessed === undefined)
        throw new CollectError('malformed', 'a dry run answered without an estimate');
      return statistics.totalBytesProcessed;
    },
    run: async (job, jobId, signal) => {
      const url = `${jobsUrl}/${encodeURIComponent(jobId)}`;
      // Asked first: who sends a statement again that was done already may be told that it is wrong now.
      let answer: unknown = await orAbsent(
        session.request({ method: 'GET', url, query: { location: job.location } }, signal),
      );
      const wasBegun = answer !== undefined;
      answer ??= await session.request(
        { method: 'POST', url: jobsUrl, body: jobBody(options.project, job, jobId) },
        signal,
      );
      for (;;) {
        answer ??= await session.request({ method: 'GET', url, query: { location: job.location } }, signal);
        const { status, statistics } = read(jobAnswer, answer, 'jobs.get');
        if (status.state === 'DONE') return { error: status.errorResult, ...figuresOf(statistics), wasBegun };
        answer = undefined;
        await clock.sleep(pollMs, signal);
      }
    },
    rows: async (location, jobId, signal) => {
      const url = `${ofProject(options.project)}/queries/${encodeURIComponent(jobId)}`;
      const query = { location, maxResults: '1000', 'formatOptions.useInt64Timestamp': 'true' };
      const { schema, rows } = read(
        rowsAnswer,
        await session.request({ method: 'GET', url, query }, signal),
        'getQueryResults',
      );
      const names = (schema?.fields ?? []).map(({ name }) => name);
      return rows.map(({ f }) =>
        Object.fromEntries(names.map((name, index) => [name, textOf(f[index]?.v)] as const)),
      );
    },
  };
}

function figuresOf({
  query,
  startTime = 0,
  endTime = 0,
}: z.infer<typeof jobAnswer>['statistics']): Pick<JobOutcome, 'billedBytes' | 'deletedRows' | 'durationMs'> {
  return {
    billedBytes: query?.totalBytesBilled ?? 0,
    deletedRows: query?.dmlStats?.deletedRowCount,
    durationMs: Math.max(0, endTime - startTime),
  };
}

function projectUrl({ options }: ApiPlace['input']): (project: string) => string {
  const base = `${options.endpoint ?? 'https://bigquery.googleapis.com'}/bigquery/v2`;
  return (project) => `${base}/projects/${encodeURIComponent(project)}`;
}

function read<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new CollectError('malformed', `BigQuery answered ${what} with something else than its API does`);
}

async function orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof RestError && thrown.status === 404) return undefined;
    throw thrown;
  }
}

const tableList = z.object({
  tables: z
    .array(z.object({ tableReference: z.object({ tableId: z.string() }), type: z.string().default('') }))
    .default([]),
});
const datasetAnswer = z.object({ location: z.string() });
const policyList = z.object({ rowAccessPolicies: z.array(z.unknown()).default([]) });
const permissionList = z.object({ permissions: z.array(z.string()).default([]) });

function textOf(value: unknown): string | null {
  return typeof value === 'string'
    ? value
    : value === null || value === undefined
      ? null
      : JSON.stringify(value);
}

function jobBody(
  projectId: string,
  { sql, location, labels, maximumBytesBilled, timeLimitMs, dataset }: StatementJob,
  jobId: string | undefined,
): { readonly jobReference: JsonObject; readonly configuration: JsonObject } {
  return {
    jobReference: { projectId, location, ...(jobId === undefined ? {} : { jobId }) },
    configuration: {
      labels,
      ...(timeLimitMs > 0 ? { jobTimeoutMs: String(timeLimitMs) } : {}),
      query: {
        query: sql,
        useLegacySql: false,
        useQueryCache: false,
        ...(dataset === undefined
          ? {}
          : { defaultDataset: { projectId: dataset.project, datasetId: dataset.dataset } }),
        ...(maximumBytesBilled === undefined ? {} : { maximumBytesBilled: String(maximumBytesBilled) }),
      },
    },
  };
}
