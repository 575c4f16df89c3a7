import { type Assumption, type CollectorInput, messageOf } from '../../src/sdk.ts';
import { plannedQueries } from './check-queries.ts';
import { type BigqueryOptions, projectsOf } from './config.ts';
import { bigqueryGroups } from './groups.ts';
import { smallestBilledBytes } from './pricing.ts';
import type { QueryRunner } from './query-runner.ts';

/** Tries every query as a dry run: whether the views and columns are there is all that can be tried for nothing. */
export async function tryAssumptions(
  input: CollectorInput<BigqueryOptions>,
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
  results.push({
    statement: 'jobs are billed as JOBS says when they are a day old',
    verdict: 'untested',
    evidence: 'only an invoice shows it',
  });
  return results;
}
