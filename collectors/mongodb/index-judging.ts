import type { ClusterWatch } from '../../src/sdk.ts';
import { findDifferences, type IndexDifference } from './index-differences.ts';
import { findOverlaps, type Overlap } from './index-overlap.ts';
import type { IndexUnit } from './index-rotation.ts';
import { type IndexSpec, indexKey, useKey } from './index-spec.ts';
import type { IndexStat, MemberStats } from './index-stats.ts';
import { type IndexReason, type JudgedIndex, judgeIndex, keepReasons, latest } from './index-verdicts.ts';
import type { WatchedSet } from './index-watch.ts';
import type { ShardingCatalog } from './sharding-catalog.ts';

/** What one set said about a unit. */
export interface SetReading {
  readonly set: WatchedSet;
  /** By name of member; the primary first, where it was read. */
  readonly read: ReadonlyMap<string, MemberStats>;
  /** Whether every data-bearing member was read. */
  readonly isWhole: boolean;
  readonly watch: ClusterWatch;
}

export interface JudgeRules {
  readonly now: number;
  /** Undefined unless the target is sharded; `unknown` where it could not be read. */
  readonly sharding: ShardingCatalog | 'unknown' | undefined;
  /** Whether some shard or its members could not be told. */
  readonly isPartial: boolean;
  isListed(fullName: string): boolean;
  readonly unusedAfterMs: number;
  /** The last use by any shard, one that is gone too, of the index of this `indexKey`, Unix time in milliseconds. */
  lastUseOnShard(key: string): number | undefined;
}

export interface CollectionVerdicts {
  readonly collection: string;
  readonly judged: readonly JudgedIndex[];
  readonly overlaps: readonly Overlap[];
  /** Undefined where shards cannot be compared. */
  readonly differences: readonly IndexDifference[] | undefined;
}

/** Judges the indexes of one collection over all sets that have it. */
export function judgeCollection(
  unit: IndexUnit,
  collection: string,
  readings: readonly SetReading[],
  rules: JudgeRules,
): CollectionVerdicts {
  const found = gather(collection, readings);
  const siblings = [...found.values()].map(({ spec }) => spec);
  const doubts = doubtsAbout(collection, readings, rules);
  const fullName = `${unit.database}.${collection}`;
  const keepRules = {
    shardKey: rules.sharding === 'unknown' ? ('unknown' as const) : rules.sharding?.shardKeys.get(fullName),
    isListed: (_: string, index: string) => rules.isListed(`${fullName}.${index}`),
  };
  const kept = new Map<IndexSpec, boolean>();
  const judged = [...found.values()].map(({ spec, stats, sets }) => {
    const reasons = keepReasons(collection, spec, siblings, keepRules);
    kept.set(spec, reasons.includes('shard_key') || reasons.includes('shard_key_unknown'));
    const cluster = {
      collection,
      spec,
      shards: [...sets.keys()].map(({ set }) => set.name),
      ops: stats.reduce((sum, { ops }) => sum + ops, 0),
      countedSince: Math.max(...stats.map(({ since }) => since)),
    };
    const usedAt = rules.lastUseOnShard(indexKey(collection, spec));
    const isUsed = usedAt !== undefined && usedAt > rules.now - rules.unusedAfterMs;
    const index = judgeIndex(
      cluster,
      reasons,
      [...sets].map(([{ watch }, there]) => watch.judge(useKey(collection, there))),
      isUsed ? [...doubts, 'used_on_member'] : doubts,
      rules.now,
    );
    return { ...index, lastUsedAt: latest([index.lastUsedAt, usedAt]) };
  });
  return {
    collection,
    judged,
    overlaps: findOverlaps(siblings, (index) => kept.get(index) === true),
    differences: differencesOf(unit, collection, readings, rules),
  };
}

interface Found {
  spec: IndexSpec;
  readonly stats: IndexStat[];
  /** As each set has it, which may be hidden on one and not on another. */
  readonly sets: Map<SetReading, IndexSpec>;
}

/** Equal names with different definitions are different indexes. */
function gather(collection: string, readings: readonly SetReading[]): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const reading of readings) {
    for (const { stats } of reading.read.values()) {
      for (const stat of stats.get(collection) ?? []) {
        const key = indexKey(collection, stat.spec);
        const known: Found = found.get(key) ?? { spec: stat.spec, stats: [], sets: new Map() };
        found.set(key, known);
        known.stats.push(stat);
        // One that is hidden or being built somewhere is so for the judgement.
        if (stat.spec.flags.size > known.spec.flags.size) known.spec = stat.spec;
        if (!known.sets.has(reading)) known.sets.set(reading, stat.spec);
      }
    }
  }
  return found;
}

function doubtsAbout(
  collection: string,
  readings: readonly SetReading[],
  rules: JudgeRules,
): readonly IndexReason[] {
  const doubts: IndexReason[] = [];
  if (rules.isPartial || readings.some(({ isWhole, set }) => !isWhole || !set.isComplete))
    doubts.push('member_not_collected');
  const isUnreadable = readings.some(({ read }) =>
    [...read.values()].some(({ unreadable }) => unreadable.has(collection)),
  );
  if (isUnreadable) doubts.push('collection_not_read');
  return doubts;
}

/** Unknown also where chunks came to a shard after its collections were listed: its indexes are read in the next rotation. */
function differencesOf(
  unit: IndexUnit,
  collection: string,
  readings: readonly SetReading[],
  { sharding }: JudgeRules,
): readonly IndexDifference[] | undefined {
  if (sharding === 'unknown') return undefined;
  const owners = sharding?.owners.get(`${unit.database}.${collection}`);
  if (owners === undefined) return [];
  const shards = new Map<string, readonly IndexSpec[]>();
  for (const { set, read } of readings) {
    if (!owners.has(set.name)) continue;
    const [first] = read.values();
    if (!unit.collections.get(set.name)?.includes(collection)) return undefined;
    if (first === undefined || first.unreadable.has(collection)) return undefined;
    shards.set(
      set.name,
      (first.stats.get(collection) ?? []).map(({ spec }) => spec),
    );
  }
  return shards.size < owners.size ? undefined : findDifferences(collection, shards);
}
