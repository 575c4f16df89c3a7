import { type CollectError, type CounterReading, toCollectError } from '../../../src/sdk.ts';
import { dataMembers } from '../deployment.ts';
import { listAt, numberAt } from '../document.ts';
import type { Place } from './place.ts';
import type { IndexName } from './subject.ts';

const pipeline = [{ $collStats: { latencyStats: { histograms: false } } }, { $project: { latencyStats: 1 } }];

/**
 * Reads of one collection by applications: their time in seconds and their number, by member. MongoDB counts them by collection, not by
 * statement. A member that restarted counts anew, so it is another series.
 *
 * @see https://www.mongodb.com/docs/manual/reference/operator/aggregation/collStats/#latencystats-document
 * @throws {CollectError} when no member answers.
 */
export async function readCollectionCounters(
  { input, reading }: Place,
  { database, collection }: Pick<IndexName, 'database' | 'collection'>,
  signal: AbortSignal,
): Promise<CounterReading> {
  const deployment = await reading.discover(signal);
  const series: Record<string, { readonly sum: number; readonly count: number }> = {};
  let problem: CollectError | undefined;
  for (const member of dataMembers(deployment, { config: false })) {
    if (member.hello === undefined) continue;
    try {
      const command = { aggregate: collection, pipeline, cursor: {} };
      const answer = await member.client.command(database, command, { signal, group: 'indexes' });
      const [row] = listAt(answer, 'cursor.firstBatch');
      const micros = numberAt(row, 'latencyStats.reads.latency');
      const count = numberAt(row, 'latencyStats.reads.ops');
      if (micros === undefined || count === undefined) continue;
      const life = member.hello.processId?.slice(0, 8) ?? '';
      series[`reads of ${database}.${collection} on ${member.name} ${life}`.trim()] = {
        sum: micros / 1e6,
        count,
      };
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      problem = toCollectError(thrown);
    }
  }
  if (Object.keys(series).length === 0 && problem !== undefined) throw problem;
  return { at: input.clock.now(), epoch: 'by member and process', series };
}
