import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { BigQuery, type BigQueryOptions as DriverOptions, type Job } from '@google-cloud/bigquery';
import { z } from 'zod';
import { CollectError } from '../../src/sdk.ts';
import { carries, costOf, estimateOf, readAnswer } from './api-answers.ts';
import type { BigqueryClient, JobCost, QueryJob, StartedJob } from './bigquery-api.ts';
import type { BigqueryOptions } from './config.ts';
import { readRows } from './job-rows.ts';
import { loginOf, requestTimeLimitMs } from './login.ts';
import { configuration } from './query-configuration.ts';

export interface ClientOptions {
  readonly options: BigqueryOptions;
  readonly applicationName: string;
  /** Shared with whoever else reads this target; one of its own where it is absent. */
  readonly agent?: HttpAgent | HttpsAgent;
  conceal(secret: string): void;
}

const scopes = ['https://www.googleapis.com/auth/bigquery'];
/** How long the server may hold a request for the rows of a job that still runs, in milliseconds. */
const longPollMs = 2_000;
/** Of a thousand jobs each: so many of ours cost more than a day's limit. */
const mostPages = 20;
const nextPage = z.object({ pageToken: z.string() });

/** One connection: readings are few and wait for each other. */
export function createAgent({ endpoint }: Pick<BigqueryOptions, 'endpoint'>): HttpAgent | HttpsAgent {
  const isPlain = endpoint?.startsWith('http:') ?? false;
  return new (isPlain ? HttpAgent : HttpsAgent)({ keepAlive: true, maxSockets: 1 });
}

/** Reads the key file; connects to nothing yet. */
export async function createBigqueryClient(input: ClientOptions): Promise<BigqueryClient> {
  const { options } = input;
  const conceal = (secret: string): void => input.conceal(secret);
  const agent = input.agent ?? createAgent(options);
  const driver: DriverOptions = {
    projectId: options.project,
    userAgent: input.applicationName,
    scopes,
    ...(options.endpoint === undefined ? {} : { apiEndpoint: options.endpoint }),
    ...(await loginOf({ ...options, scopes }, agent, conceal)),
  };
  return new RestClient(driver, agent, conceal);
}

type DriverRequest = Parameters<BigQuery['request']>[0];
type DriverCallback = Parameters<BigQuery['request']>[1];

/** What all requests of a target share. */
interface Session {
  readonly options: DriverOptions;
  readonly agent: HttpAgent | HttpsAgent;
  readonly login: BigQuery['authClient'];
}

/**
 * The driver, with a transport of ours beneath it: its own cannot be aborted, keeps connections for the life of the process, and tries
 * again by itself.
 */
class BoundedDriver extends BigQuery {
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #signal: AbortSignal;
  readonly #choked = Promise.withResolvers<never>();

  constructor({ options, agent, login }: Session, signal: AbortSignal, projectId: string | undefined) {
    super(projectId === undefined ? options : { ...options, projectId });
    this.authClient = login;
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
      // Its HTTP client destroys the body of what is aborted before it is sent, and nobody hears that error: it would end the process.
      adapter: async (options, send) => {
        options.signal?.throwIfAborted();
        return await send(options);
      },
    });
    return (await untilAborted(sent, this.#signal)).data;
  }
}

const unauthenticated = z.object({ response: z.object({ status: z.literal(401) }) });

class RestClient implements BigqueryClient {
  readonly #session: Session;
  readonly #conceal: (secret: string) => void;
  #concealing: Promise<void> | undefined;

  constructor(options: DriverOptions, agent: HttpAgent | HttpsAgent, conceal: (secret: string) => void) {
    this.#conceal = conceal;
    this.#session = { options, agent, login: new BigQuery(options).authClient };
  }

  async dryRun(job: QueryJob, signal: AbortSignal): Promise<number> {
    const driver = await this.#driver(signal);
    const [, answer] = await driver.until(driver.createQueryJob({ ...configuration(job), dryRun: true }));
    return estimateOf(answer);
  }

  async start(job: QueryJob, jobId: string, signal: AbortSignal): Promise<void> {
    const driver = await this.#driver(signal);
    await driver.until(
      driver.createQueryJob({
        ...configuration(job),
        jobId,
        maximumBytesBilled: String(job.maximumBytesBilled),
        jobTimeoutMs: job.timeLimitMs,
      }),
    );
  }

  started({ location }: Pick<QueryJob, 'location'>, jobId: string): StartedJob {
    const again = async <T>(within: AbortSignal, work: (job: Job) => Promise<T>): Promise<T> => {
      const other = await this.#driver(within);
      return await other.until(work(other.job(jobId, { location })));
    };
    return {
      rows: (limit, within) =>
        again(within, (started) => readRows((options) => started.getQueryResults(options), limit)),
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

  async ownJobs(
    { project, prefix, labels, sinceMs }: Parameters<BigqueryClient['ownJobs']>[0],
    signal: AbortSignal,
  ): Promise<readonly JobCost[]> {
    const driver = await this.#driver(signal, project);
    const costs: JobCost[] = [];
    let pageToken: string | undefined;
    for (let page = 0; page < mostPages; page += 1) {
      const [jobs, next] = await driver.until(
        driver.getJobs({
          projection: 'full',
          minCreationTime: String(sinceMs),
          maxResults: 1_000,
          autoPaginate: false,
          ...(pageToken === undefined ? {} : { pageToken }),
        }),
      );
      for (const { id = '', metadata } of jobs)
        if (id.startsWith(prefix) && carries(metadata, labels)) costs.push(costOf(metadata));
      pageToken = nextPage.safeParse(next).data?.pageToken;
      if (pageToken === undefined) break;
    }
    return costs;
  }

  close(): void {
    this.#session.agent.destroy();
  }

  /** A driver whose requests end with the signal; light, for they share their login and connection. */
  async #driver(signal: AbortSignal, projectId?: string): Promise<BoundedDriver> {
    const driver = new BoundedDriver(this.#session, signal, projectId);
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
