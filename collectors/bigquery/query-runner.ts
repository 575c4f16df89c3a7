import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { CollectError, type CollectorInput, messageOf } from '../../src/sdk.ts';
import { type Asked, toApiError } from './api-error.ts';
import type { BigqueryClient, JobCost, QueryJob, StartedJob } from './client.ts';
import type { BigqueryOptions } from './config.ts';
import type { Role } from './grants.ts';
import type { OwnSpend } from './own-spend.ts';
import { bytesUsd, smallestBilledBytes } from './pricing.ts';
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
   * @throws {CollectError} `unsupported` when it would be billed for more than `maximumBytesBilled`; nothing was charged then.
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
/** Pauses longer than this are the scheduler's to keep. */
const longestPauseMs = 5_000;

/** The role that a view asks for; that of jobs where it is not here. */
const rolesOfViews: Readonly<Record<string, Role>> = {
  TABLE_STORAGE: 'metadataViewer',
  SCHEMATA_OPTIONS: 'metadataViewer',
  COLUMNS: 'metadataViewer',
  TABLE_OPTIONS: 'metadataViewer',
  RECOMMENDATIONS: 'recommenderViewer',
};

export function createQueryRunner(
  client: BigqueryClient,
  input: CollectorInput<BigqueryOptions>,
  ownSpend: OwnSpend,
): QueryRunner {
  const { options, clock, random, onAnswer } = input;

  const askedOf = ({ name, views: [view = ''] }: Query<unknown>, { project, region }: Scope): Asked => {
    const role = rolesOfViews[view] ?? 'resourceViewer';
    return { request: name, project, region, role, roleProject: project };
  };

  const jobOf = (
    query: Query<unknown>,
    scope: Scope,
    parameters: Readonly<Record<string, ParameterValue>>,
  ): QueryJob => ({
    sql: query.sql(scope),
    parameters,
    types: query.parameters,
    location: scope.region,
    labels: {
      reeve: labelValue(input.applicationName),
      'reeve-target': labelValue(input.target.id),
      'reeve-query': query.name,
    },
    maximumBytesBilled: options.maximumBytesBilled,
    timeLimitMs: jobTimeLimitMs,
  });

  /** The driver does not try again when BigQuery asks for a pause: https://cloud.google.com/bigquery/docs/error-messages */
  const patiently = async <T>(work: () => Promise<T>, asked: Asked, signal: AbortSignal): Promise<T> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (thrown) {
        const error = toApiError(thrown, asked);
        const isShort = error.code === 'throttled' && !/quotaExceeded/.test(error.message);
        if (!isShort || attempt === attempts) throw error;
        await clock.sleep(Math.min(longestPauseMs, random() * firstPauseMs * 2 ** attempt), signal);
      }
    }
  };

  const estimate: QueryRunner['estimate'] = async (query, scope, parameters, signal) => {
    const processed = await patiently(
      () => client.dryRun(jobOf(query, scope, parameters), signal),
      askedOf(query, scope),
      signal,
    );
    return Math.max(processed, smallestBilledBytes * query.views.length);
  };

  const charge = ({ billedBytes, slotMs, isReserved }: JobCost): void => {
    // In a reservation bytes are not billed; the dearest edition is an upper bound of what its slots cost.
    const dearest = Math.max(0, ...Object.values(options.pricing.slotHourUsd));
    const usd = isReserved ? (slotMs / 3_600_000) * dearest : bytesUsd(billedBytes, options.pricing);
    ownSpend.add(usd, clock.now());
  };

  /** What an abandoned job cost is never known; its estimate is the most that it can be. */
  const abandon = async (started: StartedJob | undefined, estimatedBytes: number): Promise<void> => {
    charge({ billedBytes: estimatedBytes, slotMs: 0, isReserved: false });
    try {
      await started?.cancel(AbortSignal.timeout(cancelTimeLimitMs));
    } catch (thrown) {
      input.log.debug('a job could not be cancelled', { error: messageOf(thrown) });
    }
  };

  return {
    estimate,
    ask: async (query, scope, parameters, signal) => {
      const asked = askedOf(query, scope);
      const estimatedBytes = await estimate(query, scope, parameters, signal);
      if (estimatedBytes > options.maximumBytesBilled)
        throw tooExpensive(asked, estimatedBytes, options.maximumBytesBilled);
      const job = jobOf(query, scope, parameters);
      const jobId = `reeve_${randomUUID()}`;
      let started: StartedJob | undefined;
      let cost: JobCost | undefined;
      try {
        const begun = await patiently(() => client.start(job, jobId, signal), asked, signal);
        started = begun;
        const { rows, totalRows } = await patiently(() => begun.rows(mostRows, signal), asked, signal);
        cost = await patiently(() => begun.cost(signal), asked, signal);
        charge(cost);
        onAnswer?.({ subject: scope.region, request: query.name, answer: rows });
        return { rows: parseRows(query, rows), truncatedRows: totalRows - rows.length };
      } catch (thrown) {
        const error = toApiError(thrown, asked);
        const mayHaveRun = started !== undefined || error.code === 'timeout';
        if (cost === undefined && mayHaveRun) await abandon(started, estimatedBytes);
        throw error;
      }
    },
  };
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

/** Values of labels hold lower-case letters, digits, `_` and `-` only. */
function labelValue(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-')
    .slice(0, 63);
}
