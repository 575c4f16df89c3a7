import type { History } from '../../src/sdk.ts';
import type { SetReading } from './index-judging.ts';
import type { IndexUnit } from './index-rotation.ts';
import { indexKey, useKey } from './index-spec.ts';

const member = 'all shards';

/** When each index was last used on any shard, by `indexKey`, Unix time in milliseconds. */
export type ShardUse = ReadonlyMap<string, number>;

/**
 * Remembers the last use of each index over all shards. A shard that is removed, or whose part of a collection is moved away, takes its own
 * counts with it, and what it served last month another one serves now.
 *
 * @param isWhole whether every shard was read; otherwise an index that is not seen may still be there, and is not forgotten.
 */
export async function rememberShardUse(
  history: History,
  unit: IndexUnit,
  about: { readonly cluster: string; readonly at: number; readonly isWhole: boolean },
  readings: readonly SetReading[],
): Promise<ShardUse> {
  const { cluster, at, isWhole } = about;
  const before = lastUses(await history.indexUsage(cluster, unit.scope));
  const seen = new Map<string, number | undefined>(isWhole ? [] : before);
  for (const { read, watch } of readings) {
    for (const { stats } of read.values()) {
      for (const { collection, spec } of [...stats.values()].flat()) {
        const key = indexKey(collection, spec);
        const { lastUsedAt } = watch.judge(useKey(collection, spec));
        const known = seen.get(key) ?? before.get(key);
        seen.set(key, lastUsedAt === undefined ? known : Math.max(lastUsedAt, known ?? lastUsedAt));
      }
    }
  }
  const indexes = [...seen].map(([key, lastUsedAt]) => ({
    key,
    scans: 0,
    epoch: '',
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
  }));
  await history.observeIndexes({ cluster, member, generation: 'one', database: unit.scope, at, indexes });
  return new Map([...seen].flatMap(([key, time]) => (time === undefined ? [] : [[key, time] as const])));
}

function lastUses(usage: Awaited<ReturnType<History['indexUsage']>>): Map<string, number> {
  const found = [...(usage.find((each) => each.member === member)?.indexes ?? [])];
  return new Map(
    found.flatMap(([key, { lastUsedAt }]) => (lastUsedAt === undefined ? [] : [[key, lastUsedAt]])),
  );
}
