import type { CollectorInput } from '../../src/sdk.ts';
import { listing, toApiError } from './api-error.ts';
import type { BigqueryClient } from './bigquery-api.ts';
import { type BigqueryOptions, projectsOf } from './config.ts';
import type { BigqueryContext } from './metrics.ts';

const mostJobs = 1_000;

/**
 * How long the API takes to answer for a project, in seconds.
 *
 * @throws {CollectError} as for any request.
 */
export async function pingSeconds(
  { clock }: CollectorInput<BigqueryOptions>,
  client: BigqueryClient,
  project: string,
  signal: AbortSignal,
): Promise<number> {
  const begun = clock.monotonicMs();
  try {
    await client.ping(project, signal);
  } catch (thrown) {
    throw toApiError(thrown, listing('datasets.list', project));
  }
  return (clock.monotonicMs() - begun) / 1_000;
}

/** How long the API takes to answer for each project; that of the first was measured when the collection began. */
export async function readAvailability(
  input: CollectorInput<BigqueryOptions>,
  client: BigqueryClient,
  firstSeconds: number | undefined,
  context: BigqueryContext,
): Promise<void> {
  const [first, ...others] = projectsOf(input.options);
  if (first !== undefined) context.record('apiResponseSeconds', firstSeconds, { project: first });
  for (const project of others) {
    await context.attempt(project, async (inner) => {
      inner.record('apiResponseSeconds', await pingSeconds(input, client, project, inner.signal), {
        project,
      });
    });
  }
}

/** Where a project has datasets and nobody looks: what is spent there is not seen. */
export async function unwatchedLocations(
  { regions }: Pick<BigqueryOptions, 'regions'>,
  client: BigqueryClient,
  project: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const locations = new Set(await client.locations(project, signal));
    return [...locations].filter((location) => !regions.includes(location)).sort();
  } catch (thrown) {
    throw toApiError(thrown, listing('datasets.list', project));
  }
}

/** Jobs of all users that run or wait now. */
export async function readRunning(
  { options }: CollectorInput<BigqueryOptions>,
  client: BigqueryClient,
  context: BigqueryContext,
): Promise<void> {
  for (const project of projectsOf(options)) {
    await context.attempt(project, async (inner) => {
      for (const [state, metric] of [
        ['running', 'runningJobs'],
        ['pending', 'pendingJobs'],
      ] as const) {
        const { count, isTruncated } = await countJobs(client, project, state, inner.signal);
        inner.record(metric, count, { project });
        if (isTruncated) inner.truncate(1);
      }
    });
  }
}

async function countJobs(
  client: BigqueryClient,
  project: string,
  state: 'running' | 'pending',
  signal: AbortSignal,
): ReturnType<BigqueryClient['countJobs']> {
  try {
    return await client.countJobs(project, state, mostJobs, signal);
  } catch (thrown) {
    throw toApiError(thrown, listing('jobs.list', project));
  }
}
