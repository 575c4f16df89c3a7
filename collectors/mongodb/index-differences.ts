import type { DetailRow } from '../../src/sdk.ts';
import type { IndexSpec } from './index-spec.ts';

/**
 * An index that is not the same on every shard that holds chunks of its collection.
 *
 * - `missing`: some of these shards have no index of this name.
 * - `different`: they have it with different fields or options.
 * - `hidden_on_some`: it is hidden on some and not on others.
 */
export interface IndexDifference {
  readonly collection: string;
  readonly index: string;
  readonly kind: 'missing' | 'different' | 'hidden_on_some';
  /** The shards without it, or those that differ from the first one. */
  readonly shards: readonly string[];
}

/** The indexes of one collection by shard. Only shards that hold chunks of it and were read may be given. */
export type ShardIndexes = ReadonlyMap<string, readonly IndexSpec[]>;

/**
 * Compares shards. What is being built anywhere is left out: a build ends on one shard before it ends on another.
 */
export function findDifferences(collection: string, shards: ShardIndexes): readonly IndexDifference[] {
  const all = [...shards.values()].flat();
  const building = new Set(all.filter(({ flags }) => flags.has('building')).map(({ name }) => name));
  const names = new Set(all.map(({ name }) => name).filter((name) => !building.has(name)));
  return [...names].sort().flatMap((index) => differenceOf(collection, index, shards) ?? []);
}

export function differenceRow(
  database: string,
  { collection, index, kind, shards }: IndexDifference,
): DetailRow {
  return { database, collection, index, kind, shards };
}

function differenceOf(collection: string, index: string, shards: ShardIndexes): IndexDifference | undefined {
  const found = [...shards].map(([shard, specs]) => ({
    shard,
    spec: specs.find(({ name }) => name === index),
  }));
  const missing = found.filter(({ spec }) => spec === undefined);
  if (missing.length > 0)
    return { collection, index, kind: 'missing', shards: missing.map(({ shard }) => shard) };
  const first = found[0]?.spec;
  const others = found.filter(({ spec }) => spec?.shape !== first?.shape);
  if (others.length > 0)
    return { collection, index, kind: 'different', shards: others.map(({ shard }) => shard) };
  const hidden = found.filter(({ spec }) => spec?.flags.has('hidden'));
  if (hidden.length === 0 || hidden.length === found.length) return undefined;
  return { collection, index, kind: 'hidden_on_some', shards: hidden.map(({ shard }) => shard) };
}
