import { type Assumption, type CollectorInput, messageOf } from '../../src/sdk.ts';
import type { BigqueryClient } from './bigquery-api.ts';
import { plannedQueries } from './check-queries.ts';
import { type BigqueryOptions, projectsOf } from './config.ts';
import { bigqueryGroups } from './groups.ts';
import { ownJobPrefix } from './own-jobs.ts';
import { smallestBilledBytes } from './pricing.ts';
import type { QueryRunner } from './query-runner.ts';

/** Tries every query as a dry run, and the list of our own jobs: that is all that can be tried for nothing. */
export async function tryAssumptions(
  input: CollectorInput<BigqueryOptions>,
  client: BigqueryClient,
  runner: QueryRunner,
  signal: AbortSignal,
): Promise<readonly Assumption[]> {
  const { options, clock } = input;
  const planned = plannedQueries(options, (group) => bigqueryGroups[group].everyMs, clock.now());
  const results: Assumption[] = [];
  for (const project of projectsOf(options)) {
    for (const region of options.regions) {
      for (const { query, parameters } of planned) {
        const statement = `${project} in ${region} understands query ${query.name} on ${query.views.join(', ')}`;
        try {
          const bytes = await runner.estimate(query, { project, region }, parameters, signal);
          const evidence =
            bytes > smallestBilledBytes
              ? `a dry run estimates ${bytes} bytes`
              : 'a dry run estimates the least that is billed';
          results.push({ statement, verdict: 'holds', evidence });
        } catch (thrown) {
          results.push({ statement, verdict: 'broken', evidence: messageOf(thrown) });
        }
      }
    }
  }
  results.push(await tryOwnJobs(input, client, signal));
  results.push({
    statement: 'jobs are billed as JOBS says when they are a day old',
    verdict: 'untested',
    evidence: 'only an invoice shows it',
  });
  return results;
}

const day = 86_400_000;

/** What the limit of the day is restored from where nothing was remembered. */
async function tryOwnJobs(
  { options: { project }, clock }: CollectorInput<BigqueryOptions>,
  client: BigqueryClient,
  signal: AbortSignal,
): Promise<Assumption> {
  const statement = `jobs.list of ${project} says what our own jobs were billed for`;
  try {
    const sinceMs = clock.now() - day;
    const jobs = await client.ownJobs({ project, prefix: ownJobPrefix, labels: {}, sinceMs }, signal);
    const said = jobs.filter(({ billedBytes, isReserved }) => isReserved || billedBytes !== undefined);
    const evidence = `${said.length} of ${jobs.length} jobs of the last day say it`;
    if (jobs.length === 0) return { statement, verdict: 'untested', evidence };
    return { statement, verdict: said.length === jobs.length ? 'holds' : 'broken', evidence };
  } catch (thrown) {
    return { statement, verdict: 'broken', evidence: messageOf(thrown) };
  }
}
