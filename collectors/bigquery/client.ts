import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { BigQuery, type BigQueryOptions as DriverOptions, type Job } from '@google-cloud/bigquery';
import { OAuth2Client } from 'google-auth-library';
import { z } from 'zod';
import { CollectError } from '../../src/sdk.ts';
import type { BigqueryOptions } from './config.ts';
import { credentialParts, parseServiceAccountKey, type ServiceAccountKey } from './credentials.ts';
import type { ParameterType, ParameterValue } from './queries/query.ts';
import { exchangeKey } from './service-account.ts';

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
  readonly billedBytes: number;
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
  start(job: QueryJob, jobId: string, signal: AbortSignal): Promise<StartedJob>;
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
  close(): void;
}

export interface ClientOptions {
  readonly options: BigqueryOptions;
  readonly applicationName: string;
  conceal(secret: string): void;
}

const scopes = ['https://www.googleapis.com/auth/bigquery'];
/** How long one request may take, in milliseconds; jobs are waited for in several. */
const requestTimeLimitMs = 20_000;
/** How long the server may hold a request for the rows of a job that still runs, in milliseconds. */
const longPollMs = 2_000;
const pageRows = 2_000;

/** Reads the key file; connects to nothing yet. */
export async function createBigqueryClient(input: ClientOptions): Promise<BigqueryClient> {
  const { options, conceal } = input;
  const isPlain = options.endpoint?.startsWith('http:') ?? false;
  // One connection: readings are few and wait for each other.
  const agent = new (isPlain ? HttpAgent : HttpsAgent)({ keepAlive: true, maxSockets: 1 });
  const driver: DriverOptions = {
    projectId: options.project,
    userAgent: input.applicationName,
    scopes,
    ...(options.endpoint === undefined ? {} : { apiEndpoint: options.endpoint }),
    ...(await loginOf(options, agent, conceal)),
  };
  return new RestClient(driver, agent, conceal);
}

async function loginOf(
  { keyFile, credentials }: BigqueryOptions,
  agent: HttpAgent | HttpsAgent,
  conceal: (secret: string) => void,
): Promise<DriverOptions> {
  const transporterOptions = { agent, timeout: requestTimeLimitMs };
  if (keyFile === undefined && credentials === undefined) return { clientOptions: { transporterOptions } };
  const text = credentials?.reveal() ?? (await readKeyFile(keyFile ?? ''));
  for (const part of credentialParts(text)) conceal(part);
  const key = parseServiceAccountKey(text);
  // Other kinds of files (workload identity, a person's login) are the driver's to read.
  if (key === undefined) return { keyFilename: keyFile ?? '', clientOptions: { transporterOptions } };
  // The driver carries its own copy of the login's type.
  return { authClient: serviceAccountLogin(key, agent, conceal) } as unknown as DriverOptions;
}

function serviceAccountLogin(
  key: ServiceAccountKey,
  agent: HttpAgent | HttpsAgent,
  conceal: (secret: string) => void,
): OAuth2Client {
  const login = new OAuth2Client();
  login.refreshHandler = async () => {
    const post = async (url: string, form: URLSearchParams): Promise<unknown> => {
      const isSameKind = url.startsWith('http:') === !(agent instanceof HttpsAgent);
      const { data } = await login.transporter.request<unknown>({
        url,
        method: 'POST',
        data: form,
        timeout: requestTimeLimitMs,
        retry: false,
        responseType: 'json',
        ...(isSameKind ? { agent } : {}),
      });
      return data;
    };
    const { token, expiresMs } = await exchangeKey(key, scopes, Date.now(), post);
    conceal(token);
    return { access_token: token, expiry_date: expiresMs };
  };
  return login;
}

async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    throw new CollectError('denied', `the key file ${path} cannot be read`, { cause: thrown });
  }
}

type DriverRequest = Parameters<BigQuery['request']>[0];
type DriverCallback = Parameters<BigQuery['request']>[1];

/**
 * The driver, with a transport of ours beneath it: its own cannot be aborted, keeps connections for the life of the process, and tries
 * again by itself.
 */
class BoundedDriver extends BigQuery {
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #signal: AbortSignal;
  readonly #choked = Promise.withResolvers<never>();

  constructor(options: DriverOptions, agent: HttpAgent | HttpsAgent, signal: AbortSignal) {
    super(options);
    this.#choked.promise.catch(() => undefined);
    this.#agent = agent;
    this.#signal = signal;
  }

  /** Waits for what the driver makes of answers; an answer that it chokes on, or the signal, ends the wait. */
  async until<T>(work: Promise<T>): Promise<T> {
    return await untilAborted(Promise.race([work, this.#choked.promise]), this.#signal);
  }

  override request(request: DriverRequest, callback: DriverCallback): void {
    const settle = async (): Promise<void> => {
      let failure: Error | null = null;
      let answer: unknown = null;
      try {
        answer = readAnswer(await this.#send(request), request);
      } catch (thrown) {
        failure = thrown instanceof Error ? thrown : new Error(String(thrown));
      }
      callback(failure, answer, undefined);
    };
    settle().catch((thrown: unknown) =>
      this.#choked.reject(
        new CollectError('malformed', 'BigQuery answered what its driver does not understand', {
          cause: thrown,
        }),
      ),
    );
  }

  async #send(request: DriverRequest): Promise<unknown> {
    try {
      return await this.#sendOnce(request);
    } catch (thrown) {
      if (!unauthenticated.safeParse(thrown).success) throw thrown;
      // The token was taken back before its time; another is asked for once.
      const login = await this.authClient.getClient();
      if (!login.credentials.access_token) throw thrown;
      login.credentials = {};
      return await this.#sendOnce(request);
    }
  }

  async #sendOnce({ method, uri, qs, json, projectId }: DriverRequest): Promise<unknown> {
    const url = `${this.baseUrl}/projects/${encodeURIComponent(projectId ?? this.projectId)}/${uri.replace(/^\/+/, '')}`;
    const isPoll = method === undefined && uri.startsWith('/queries/');
    const sent = this.authClient.request<unknown>({
      url,
      method: method === 'POST' ? 'POST' : 'GET',
      params: { ...qs, ...(isPoll ? { timeoutMs: longPollMs } : {}) },
      ...(json === undefined ? {} : { data: json }),
      headers: { 'user-agent': this.providedUserAgent ?? '' },
      agent: this.#agent,
      signal: this.#signal,
      timeout: requestTimeLimitMs,
      retry: false,
      responseType: 'json',
    });
    return (await untilAborted(sent, this.#signal)).data;
  }
}

/** The driver looks into the status of a job without looking whether there is one. */
const anyAnswer = z.looseObject({});
const jobAnswer = z.looseObject({ status: z.looseObject({}) });

function readAnswer(answer: unknown, { method, uri }: DriverRequest): unknown {
  const schema = method === 'POST' && uri === '/jobs' ? jobAnswer : anyAnswer;
  if (schema.safeParse(answer).success) return answer;
  throw new CollectError('malformed', `BigQuery answered ${uri} with something else than its API does`);
}

const unauthenticated = z.object({ response: z.object({ status: z.literal(401) }) });

class RestClient implements BigqueryClient {
  readonly #options: DriverOptions;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #conceal: (secret: string) => void;
  #concealing: Promise<void> | undefined;

  constructor(options: DriverOptions, agent: HttpAgent | HttpsAgent, conceal: (secret: string) => void) {
    this.#agent = agent;
    this.#conceal = conceal;
    const { authClient } = new BigQuery(options);
    // The driver takes its own GoogleAuth back, which its type does not say.
    this.#options = { ...options, authClient } as unknown as DriverOptions;
  }

  async dryRun(job: QueryJob, signal: AbortSignal): Promise<number> {
    const driver = await this.#driver(signal);
    const [, answer] = await driver.until(driver.createQueryJob({ ...configuration(job), dryRun: true }));
    return number(dryRunAnswer.parse(answer).statistics.totalBytesProcessed);
  }

  async start(job: QueryJob, jobId: string, signal: AbortSignal): Promise<StartedJob> {
    const driver = await this.#driver(signal);
    await driver.until(
      driver.createQueryJob({
        ...configuration(job),
        jobId,
        maximumBytesBilled: String(job.maximumBytesBilled),
        jobTimeoutMs: job.timeLimitMs,
      }),
    );
    const again = async <T>(within: AbortSignal, work: (job: Job) => Promise<T>): Promise<T> => {
      const other = await this.#driver(within);
      return await other.until(work(other.job(jobId, { location: job.location })));
    };
    return {
      rows: (limit, within) => again(within, (started) => readRows(started, limit)),
      cost: (within) => again(within, async (started) => costOf((await started.getMetadata())[0])),
      cancel: (within) =>
        again(within, async (started) => {
          await started.cancel();
        }),
    };
  }

  async ping(project: string, signal: AbortSignal): Promise<void> {
    const driver = await this.#driver(signal);
    await driver.until(driver.getDatasets({ projectId: project, maxResults: 1, autoPaginate: false }));
  }

  async locations(project: string, signal: AbortSignal): Promise<readonly string[]> {
    const driver = await this.#driver(signal);
    const [datasets] = await driver.until(
      driver.getDatasets({
        projectId: project,
        maxResults: 1_000,
        autoPaginate: false,
      }),
    );
    return datasets.flatMap(({ location }) => (location === undefined ? [] : [location.toLowerCase()]));
  }

  async countJobs(
    project: string,
    state: 'running' | 'pending',
    limit: number,
    signal: AbortSignal,
  ): Promise<{ readonly count: number; readonly isTruncated: boolean }> {
    const driver = await this.#driver(signal, project);
    const [jobs, next] = await driver.until(
      driver.getJobs({
        allUsers: true,
        stateFilter: [state],
        maxResults: limit,
        autoPaginate: false,
      }),
    );
    return { count: jobs.length, isTruncated: next !== null && next !== undefined };
  }

  close(): void {
    this.#agent.destroy();
  }

  /** A driver whose requests end with the signal; light, for they share their login and connection. */
  async #driver(signal: AbortSignal, projectId = this.#options.projectId ?? ''): Promise<BoundedDriver> {
    const driver = new BoundedDriver({ ...this.#options, projectId }, this.#agent, signal);
    this.#concealing ??= this.#concealTokens(driver);
    try {
      await untilAborted(this.#concealing, signal);
    } catch (thrown) {
      this.#concealing = undefined;
      throw thrown;
    }
    return driver;
  }

  async #concealTokens(driver: BigQuery): Promise<void> {
    const login = await driver.authClient.getClient();
    login.on('tokens', (tokens) => {
      for (const token of [tokens.access_token, tokens.refresh_token, tokens.id_token])
        if (typeof token === 'string') this.#conceal(token);
    });
  }
}

function configuration({ sql, parameters, types, location, labels }: QueryJob) {
  return {
    query: sql,
    location,
    labels: { ...labels },
    parameterMode: 'NAMED',
    // Written out: the driver makes nothing of a TIMESTAMP that is given as text, and asks with NULL.
    queryParameters: Object.entries(types).map(([name, type]) => ({
      name,
      ...(type === 'ARRAY<STRING>'
        ? {
            parameterType: { type: 'ARRAY', arrayType: { type: 'STRING' } },
            parameterValue: {
              arrayValues: [parameters[name] ?? []].flat().map((value) => ({ value: String(value) })),
            },
          }
        : { parameterType: { type }, parameterValue: { value: String(parameters[name]) } }),
    })),
    useQueryCache: false,
  };
}

/** Reads until there are `limit` rows or no more. The server holds each request for a moment while the job runs. */
async function readRows(job: Job, limit: number): Promise<Page> {
  const rows: unknown[] = [];
  let pageToken: string | undefined;
  let totalRows = 0;
  for (;;) {
    const [page, next, answer] = await job.getQueryResults({
      maxResults: Math.min(pageRows, limit - rows.length),
      autoPaginate: false,
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    rows.push(...page);
    totalRows = Math.max(rows.length, number(answer?.totalRows));
    pageToken = next?.pageToken;
    const isOver = answer?.jobComplete !== false && pageToken === undefined;
    if (isOver || rows.length >= limit) return { rows: rows.slice(0, limit), totalRows };
  }
}

const int64 = z.union([z.string(), z.number()]).optional();

const dryRunAnswer = z.object({ statistics: z.object({ totalBytesProcessed: int64 }) });

const jobMetadata = z.object({
  statistics: z.object({
    totalSlotMs: int64,
    reservation_id: z.string().optional(),
    query: z.object({ totalBytesBilled: int64 }).optional(),
  }),
});

function costOf(metadata: unknown): JobCost {
  const { statistics } = jobMetadata.parse(metadata);
  return {
    billedBytes: number(statistics.query?.totalBytesBilled),
    slotMs: number(statistics.totalSlotMs),
    isReserved: statistics.reservation_id !== undefined,
  };
}

function number(value: string | number | undefined | null): number {
  return Number(value ?? 0);
}

/** What belongs to the login knows no signal. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(new CollectError('timeout', 'no answer from BigQuery in time'));
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    work.catch(() => undefined);
  }
}
