import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { CollectError, type CollectorInput, messageOf, type Target } from '../../src/sdk.ts';
import { type Asked, toApiError } from './api-error.ts';
import type { BigqueryClient, JobCost, QueryJob, StartedJob } from './bigquery-api.ts';
import { addDays, type BillingCalendar } from './billing-calendar.ts';
import type { BigqueryOptions } from './config.ts';
import type { Role } from './grants.ts';
import { ownJobPrefix, ownJobsToday } from './own-jobs.ts';
import type { OwnSpend } from './own-spend.ts';
import { bytesUsd, costUsd, smallestBilledBytes } from './pricing.ts';
import type { ParameterValue, Query, Scope } from './queries/query.ts';

export interface Rows<R> {
  readonly rows: readonly R[];
  /** Rows that the cap left out. */
  readonly truncatedRows: number;
}

export interface QueryRunner {
  /**
   * Sends a query, after a dry run has shown that it may be billed for.
   *
   * @throws {CollectError} `unsupported` when it would be billed for more than `maximumBytesBilled`, `throttled` when the day
   * would cost more than `maximumOwnUsdPerDay`; nothing was charged then.
   */
  ask<R>(
    query: Query<R>,
    scope: Scope,
    parameters: Readonly<Record<string, ParameterValue>>,
    signal: AbortSignal,
  ): Promise<Rows<R>>;
  /** Bytes that a query would be billed for on demand. Free. */
  estimate(
    query: Query,
    scope: Scope,
    parameters: Readonly<Record<string, ParameterValue>>,
    signal: AbortSignal,
  ): Promise<number>;
}

const mostRows = 20_000;
const jobTimeLimitMs = 110_000;
/** Time for telling the server that nobody waits any more, in milliseconds. */
const cancelTimeLimitMs = 5_000;
const attempts = 3;
const firstPauseMs = 500;

/** The role that a view asks for; that of jobs where it is not here. */
const rolesOfViews: Readonly<Record<string, Role>> = {
  TABLE_STORAGE: 'metadataViewer',
  SCHEMATA_OPTIONS: 'metadataViewer',
  COLUMNS: 'metadataViewer',
  TABLE_OPTIONS: 'metadataViewer',
  RECOMMENDATIONS: 'recommenderViewer',
};

export type RunnerInput = Pick<
  CollectorInput<BigqueryOptions>,
  'options' | 'clock' | 'random' | 'log' | 'applicationName' | 'onAnswer'
> & { readonly target: Pick<Target, 'id'> };

type Parameters = Readonly<Record<string, ParameterValue>>;

export function createQueryRunner(
  client: BigqueryClient,
  input: RunnerInput,
  ownSpend: OwnSpend,
  calendar: BillingCalendar,
): QueryRunner {
  return new Runner(client, input, ownSpend, calendar);
}

class Runner implements QueryRunner {
  readonly #client: BigqueryClient;
  readonly #input: RunnerInput;
  readonly #ownSpend: OwnSpend;
  readonly #calendar: BillingCalendar;

  constructor(client: BigqueryClient, input: RunnerInput, ownSpend: OwnSpend, calendar: BillingCalendar) {
    this.#client = client;
    this.#input = input;
    this.#ownSpend = ownSpend;
    this.#calendar = calendar;
  }

  async estimate(query: Query, scope: Scope, parameters: Parameters, signal: AbortSignal): Promise<number> {
    const job = this.#jobOf(query, scope, parameters);
    const dryRun = (): Promise<number> => this.#client.dryRun(job, signal);
    const processed = await this.#patiently(dryRun, askedOf(query, scope), signal);
    return Math.max(processed, smallestBilledBytes * query.views.length);
  }

  async ask<R>(query: Query<R>, scope: Scope, parameters: Parameters, signal: AbortSignal): Promise<Rows<R>> {
    const asked = askedOf(query, scope);
    const { maximumBytesBilled } = this.#input.options;
    const estimatedBytes = await this.estimate(query, scope, parameters, signal);
    if (estimatedBytes > maximumBytesBilled) throw tooExpensive(asked, estimatedBytes, maximumBytesBilled);
    const release = await this.#reserve(asked, estimatedBytes, signal);
    try {
      return await this.#run(query, scope, this.#jobOf(query, scope, parameters), estimatedBytes, signal);
    } finally {
      release();
    }
  }

  /** Asks BigQuery first what today has cost where that is not known: after a loss, and the first time. */
  async #reserve(asked: Asked, estimatedBytes: number, signal: AbortSignal): Promise<() => void> {
    const { options, clock } = this.#input;
    if (!this.#ownSpend.isBegun) {
      const labels = { 'reeve-target': this.#labels['reeve-target'] };
      const now = clock.now();
      const list = () => ownJobsToday(options, labels, this.#client, this.#calendar, now, signal);
      this.#ownSpend.begin(await this.#patiently(list, asked, signal), now);
    }
    const now = clock.now();
    const usd = bytesUsd(estimatedBytes, options.pricing);
    const release = this.#ownSpend.reserve(usd, options.maximumOwnUsdPerDay, now);
    if (release !== undefined) return release;
    const next = this.#calendar.startOfDay(addDays(this.#calendar.dayOf(now), 1));
    throw tooMuchToday(asked, usd, options.maximumOwnUsdPerDay, next, now);
  }

  async #run<R>(
    query: Query<R>,
    scope: Scope,
    job: QueryJob,
    estimatedBytes: number,
    signal: AbortSignal,
  ): Promise<Rows<R>> {
    const asked = askedOf(query, scope);
    const jobId = `${ownJobPrefix}${randomUUID()}`;
    const started = this.#client.started(job, jobId);
    let isStarted = false;
    let cost: JobCost | undefined;
    try {
      await this.#patiently(() => this.#client.start(job, jobId, signal), asked, signal);
      isStarted = true;
      const { rows, totalRows } = await this.#patiently(() => started.rows(mostRows, signal), asked, signal);
      cost = await this.#patiently(() => started.cost(signal), asked, signal);
      this.#charge(cost, estimatedBytes);
      this.#input.onAnswer?.({ subject: scope.region, request: query.name, answer: rows });
      return { rows: parseRows(query, rows), truncatedRows: totalRows - rows.length };
    } catch (thrown) {
      const error = toApiError(thrown, asked);
      // Without a clear refusal nobody knows whether it was begun.
      const mayHaveRun = isStarted || isUnanswered(error);
      if (cost === undefined && mayHaveRun) await this.#abandon(started, estimatedBytes);
      throw error;
    }
  }

  #jobOf(query: Query, scope: Scope, parameters: Parameters): QueryJob {
    const { options } = this.#input;
    return {
      sql: query.sql(scope),
      parameters,
      types: query.parameters,
      location: scope.region,
      labels: { ...this.#labels, 'reeve-query': query.name },
      maximumBytesBilled: options.maximumBytesBilled,
      timeLimitMs: jobTimeLimitMs,
    };
  }

  get #labels() {
    const { applicationName, target } = this.#input;
    return { reeve: labelValue(applicationName), 'reeve-target': labelValue(target.id) };
  }

  /** The driver does not try again when BigQuery asks for a pause: https://cloud.google.com/bigquery/docs/error-messages */
  async #patiently<T>(work: () => Promise<T>, asked: Asked, signal: AbortSignal): Promise<T> {
    const { clock, random } = this.#input;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (thrown) {
        const error = toApiError(thrown, asked);
        const isShort = error.code === 'throttled' && !error.message.includes('quotaExceeded');
        if (!isShort || attempt === attempts) throw error;
        await clock.sleep(random() * firstPauseMs * 2 ** attempt, signal);
      }
    }
  }

  /** @param estimatedBytes the most that it can have been billed for, where nobody says */
  #charge(cost: JobCost, estimatedBytes: number): void {
    const { options, clock } = this.#input;
    this.#ownSpend.add(costUsd(cost, estimatedBytes, options.pricing), clock.now());
  }

  /** What an abandoned job cost is never known; its estimate is the most that it can be. */
  async #abandon(started: StartedJob, estimatedBytes: number): Promise<void> {
    this.#charge({ billedBytes: undefined, slotMs: 0, isReserved: false }, estimatedBytes);
    try {
      await started.cancel(AbortSignal.timeout(cancelTimeLimitMs));
    } catch (thrown) {
      this.#input.log.debug('a job could not be cancelled', { error: messageOf(thrown) });
    }
  }
}

function isUnanswered({ code }: CollectError): boolean {
  return code === 'timeout' || code === 'unreachable' || code === 'malformed';
}

function askedOf({ name, views: [view = ''] }: Query, { project, region }: Scope): Asked {
  const role = rolesOfViews[view] ?? 'resourceViewer';
  return { request: name, project, region, role, roleProject: project };
}

function parseRows<R>(query: Query<R>, rows: readonly unknown[]): readonly R[] {
  const parsed = z.array(query.row).safeParse(rows);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new CollectError(
    'malformed',
    `query ${query.name}: row ${where}: ${issue?.message ?? 'not understood'}`,
  );
}

function tooExpensive({ request, project, region }: Asked, bytes: number, limit: number): CollectError {
  const gib = (value: number): string => `${(value / 1024 ** 3).toFixed(2)} GiB`;
  return new CollectError(
    'unsupported',
    `query ${request} of project "${project}" in ${region} would be billed for ${gib(bytes)} and was not sent: set maximumBytesBilled above ${gib(limit)} to allow it`,
  );
}

function tooMuchToday(
  { request, project, region }: Asked,
  usd: number,
  limitUsd: number,
  nextMs: number,
  now: number,
): CollectError {
  return new CollectError(
    'throttled',
    `query ${request} of project "${project}" in ${region} was not sent: it may cost ${usd.toFixed(4)} USD, and the own spend of today would pass maximumOwnUsdPerDay (${limitUsd} USD); it continues at ${new Date(nextMs).toISOString()}, or raise maximumOwnUsdPerDay`,
    { retryAfterMs: nextMs - now },
  );
}

/** Values of labels hold lower-case letters, digits, `_` and `-` only. */
function labelValue(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-')
    .slice(0, 63);
}
