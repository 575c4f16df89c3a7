import type { Collector, Engine, Memory } from '../../../src/sdk.ts';
import {
  type BigQueryDouble,
  type BigQueryDoubleOptions,
  startBigQueryDouble,
} from '../../../tests/support/bigquery/double.ts';
import { testSurroundings } from '../../../tests/support/surroundings.ts';
import { type Watching, type WatchRequest, watchTarget } from '../../../tests/support/watching.ts';
import { engine } from '../index.ts';

/** What a collection gave. */
export type Snapshot = Awaited<ReturnType<Watching['collect']>>;

/** For tests: the double of BigQuery, and a target that watches it with the key of a service account. */
export interface DoubleWatch extends AsyncDisposable {
  readonly double: BigQueryDouble;
  readonly watching: Watching;
  /** The collector, once something was collected. */
  readonly collector: () => Collector;
  /** What the collector remembers. */
  readonly memory: Memory;
}

export async function watchDouble(
  prepare: (double: BigQueryDouble) => void,
  target: Readonly<Record<string, unknown>> = {},
  options: BigQueryDoubleOptions = {},
): Promise<DoubleWatch> {
  const double = await startBigQueryDouble({ projects: ['double-shop'], regions: ['us', 'eu'], ...options });
  prepare(double);
  let collector: Collector | undefined;
  const { memory } = testSurroundings();
  const watched: Engine = {
    ...engine,
    createCollector: async (input) => {
      collector = await engine.createCollector({ ...input, memory });
      return collector;
    },
  };
  const watching = watchTarget({ engine: watched, ...targetOf(double, target) });
  return {
    double,
    watching,
    memory,
    collector: () => {
      if (collector === undefined) throw new Error('nothing was collected yet');
      return collector;
    },
    [Symbol.asyncDispose]: async () => {
      await watching[Symbol.asyncDispose]();
      await double.close();
    },
  };
}

function targetOf(
  double: BigQueryDouble,
  more: Readonly<Record<string, unknown>> = {},
): Pick<WatchRequest, 'target' | 'env'> {
  return {
    target: {
      project: double.project,
      regions: ['us'],
      endpoint: double.url,
      credentials: { env: 'BIGQUERY_KEY' },
      ...more,
    },
    env: { BIGQUERY_KEY: JSON.stringify(double.serviceAccount()) },
  };
}
