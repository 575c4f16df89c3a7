import { listing, toApiError } from './api-error.ts';
import type { BigqueryClient, JobCost } from './bigquery-api.ts';
import type { BillingCalendar } from './billing-calendar.ts';
import type { BigqueryOptions } from './config.ts';
import type { SpentSince } from './own-spend.ts';
import { costUsd } from './pricing.ts';

/** Begins the id of every job that we send. */
export const ownJobPrefix = 'reeve_';

/**
 * What the login's jobs under our names have cost since the day began, as BigQuery remembers: an agent that has lost its memory must not
 * spend the day's limit once more at each start. Free. A login that may not list its jobs begins at nothing, now.
 *
 * @throws {CollectError} when BigQuery does not answer: who does not know what was spent spends nothing.
 */
export async function ownJobsToday(
  options: Pick<BigqueryOptions, 'project' | 'pricing' | 'maximumBytesBilled'>,
  labels: Readonly<Record<string, string>>,
  client: Pick<BigqueryClient, 'ownJobs'>,
  calendar: BillingCalendar,
  now: number,
  signal: AbortSignal,
): Promise<SpentSince> {
  const { project, pricing, maximumBytesBilled } = options;
  const sinceMs = calendar.startOfDay(calendar.dayOf(now));
  const usdOf = (cost: JobCost): number => costUsd(cost, maximumBytesBilled, pricing);
  try {
    const jobs = await client.ownJobs({ project, prefix: ownJobPrefix, labels, sinceMs }, signal);
    return { usd: jobs.reduce((sum, cost) => sum + usdOf(cost), 0), sinceMs };
  } catch (thrown) {
    const error = toApiError(thrown, listing('jobs.list', project));
    if (error.code === 'denied') return { usd: 0, sinceMs: now };
    throw error;
  }
}
