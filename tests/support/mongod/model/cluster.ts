import type { ReplicaSet } from './replica-set.ts';

export interface Shard {
  readonly name: string;
  readonly set: ReplicaSet;
  /** Being emptied by removeShard. */
  draining?: boolean;
}

export interface ShardedCollection {
  readonly namespace: string;
  readonly key: Readonly<Record<string, unknown>>;
  readonly unique: boolean;
  readonly chunks: Map<string, number>;
  /** How many of a shard's chunks are marked jumbo. */
  readonly jumbo: Map<string, number>;
}

/** What config servers know of a mongos. */
export interface Router {
  readonly address: string;
  readonly startedAtMs: number;
}

/** A sharded cluster as its config servers know it. */
export interface Cluster {
  readonly shards: Shard[];
  readonly config: Shard;
  /** Sharded collections by namespace. */
  readonly collections: Map<string, ShardedCollection>;
  readonly routers: Router[];
  readonly balancer: { mode: 'full' | 'off'; inRound: boolean; rounds: number };
}

/** Where a namespace is kept: the sets to ask, in the shards' order. */
export function holdersOf(cluster: Cluster, database: string, collection?: string): readonly Shard[] {
  if (database === 'config' || database === 'admin') return [cluster.config];
  return cluster.shards.filter(({ set }) =>
    collection === undefined
      ? set.catalog.databases.has(database)
      : set.catalog.find(database, collection) !== undefined,
  );
}
