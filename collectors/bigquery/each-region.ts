import type { CollectorInput } from '../../src/sdk.ts';
import { type BigqueryOptions, projectsOf } from './config.ts';
import type { BigqueryContext } from './metrics.ts';
import type { Scope } from './queries/query.ts';
import type { QueryRunner } from './query-runner.ts';
import { subjectOf } from './spend.ts';

/** What a reading of one project in one region is handed. */
export interface RegionReading {
  readonly input: CollectorInput<BigqueryOptions>;
  readonly runner: QueryRunner;
  readonly scope: Scope;
  readonly context: BigqueryContext;
}

/** Reads every project in every region; one that fails costs only its own values. */
export async function readEachRegion(
  input: CollectorInput<BigqueryOptions>,
  runner: QueryRunner,
  context: BigqueryContext,
  read: (reading: RegionReading) => Promise<void>,
): Promise<void> {
  const { options } = input;
  for (const project of projectsOf(options)) {
    for (const region of options.regions) {
      await context.attempt(subjectOf(options, project, region), (inner) =>
        read({ input, runner, scope: { project, region }, context: inner }),
      );
    }
  }
}
