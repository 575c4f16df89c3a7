import { toCollectError } from '../../src/sdk.ts';
import { type BoundedAsking, OutOfTime } from './collections.ts';
import { documentAt, listAt, toNumber } from './document.ts';
import type { Member } from './member.ts';

/** Bytes by index of one collection on one member. */
export type IndexSizes = ReadonlyMap<string, number>;

/**
 * Sizes of a collection's indexes; undefined where the member does not say, which leaves the size unknown and nothing else.
 *
 * @see https://www.mongodb.com/docs/manual/reference/operator/aggregation/collStats/
 * @throws {CollectError} `unreachable`, `timeout` or `throttled`.
 * @throws {OutOfTime} when the reading's time is spent.
 */
export async function readIndexSizes(
  member: Member,
  database: string,
  collection: string,
  asking: BoundedAsking,
): Promise<IndexSizes | undefined> {
  if (asking.isOver()) throw new OutOfTime();
  const pipeline = [
    { $collStats: { storageStats: { scale: 1 } } },
    // Only these: the statistics of WiredTiger are thousands of lines a collection.
    { $project: { 'storageStats.indexSizes': 1 } },
  ];
  try {
    const command = { aggregate: collection, pipeline, cursor: {} };
    const answer = await member.client.command(database, command, asking);
    const sizes = documentAt(listAt(answer, 'cursor.firstBatch')[0], 'storageStats.indexSizes');
    if (sizes === undefined) return undefined;
    return new Map(
      Object.entries(sizes).flatMap(([name, value]) => {
        const bytes = toNumber(value);
        return bytes === undefined ? [] : [[name, bytes] as const];
      }),
    );
  } catch (thrown) {
    const error = toCollectError(thrown);
    if (error.code === 'unreachable' || error.code === 'timeout' || error.code === 'throttled') throw error;
    return undefined;
  }
}
