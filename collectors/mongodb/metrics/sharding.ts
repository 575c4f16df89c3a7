import { defineMetrics } from '../../../src/sdk.ts';

const sharding = {
  kind: 'gauge',
  labels: {},
  group: 'sharding',
  since: '5.0',
  stability: 'stable',
} as const;

const balancer = {
  ...sharding,
  docs: 'https://www.mongodb.com/docs/manual/reference/command/balancerStatus/',
  cost: 'one balancerStatus a minute',
} as const;

const catalog = {
  ...sharding,
  docs: 'https://www.mongodb.com/docs/manual/reference/config-database/',
  cost: 'one reading of config.shards a minute, one count over config.chunks every 10 minutes',
} as const;

const shard = { shard: 'The shard.' } as const;

const migrations = {
  ...sharding,
  kind: 'counter',
  labels: shard,
  docs: 'https://www.mongodb.com/docs/manual/reference/command/serverStatus/#shardingstatistics',
  cost: 'shares serverStatus of the primaries of shards',
} as const;

export const shardingMetrics = defineMetrics({
  balancerEnabled: {
    ...balancer,
    name: 'reeve_mongodb_balancer_enabled',
    unit: 'none',
    help: 'Whether the balancer may move chunks (1) or not (0): its mode is full or another.',
    source: 'balancerStatus mode',
  },
  balancerRunning: {
    ...balancer,
    name: 'reeve_mongodb_balancer_running',
    unit: 'none',
    help: 'Whether a balancing round is under way (1) or not (0).',
    source: 'balancerStatus inBalancerRound',
  },
  shards: {
    ...catalog,
    name: 'reeve_mongodb_shards',
    unit: 'none',
    help: 'Shards of the cluster.',
    source: 'config.shards',
  },
  drainingShards: {
    ...catalog,
    name: 'reeve_mongodb_draining_shards',
    unit: 'none',
    help: 'Shards that are being emptied in order to be removed.',
    source: 'config.shards draining',
  },
  chunks: {
    ...catalog,
    name: 'reeve_mongodb_chunks',
    unit: 'none',
    help: 'Chunks that a shard holds; they differ in size since MongoDB 6.0.',
    labels: shard,
    source: 'config.chunks by shard',
  },
  jumboChunks: {
    ...catalog,
    name: 'reeve_mongodb_jumbo_chunks',
    unit: 'none',
    help: 'Chunks of a shard that are too big to be moved.',
    labels: shard,
    source: 'config.chunks jumbo, by shard',
  },
  migrationsStarted: {
    ...migrations,
    name: 'reeve_mongodb_chunk_migrations_started_total',
    unit: 'none',
    help: 'Chunks that a shard began to give away.',
    source: 'serverStatus shardingStatistics.countDonorMoveChunkStarted of the primary',
  },
  migrationsCommitted: {
    ...migrations,
    name: 'reeve_mongodb_chunk_migrations_committed_total',
    unit: 'none',
    help: 'Chunks that a shard gave away.',
    source: 'serverStatus shardingStatistics.countDonorMoveChunkCommitted of the primary',
  },
  migrationsFailed: {
    ...migrations,
    name: 'reeve_mongodb_chunk_migrations_aborted_total',
    unit: 'none',
    help: 'Moves of chunks that a shard began and broke off.',
    source: 'serverStatus shardingStatistics.countDonorMoveChunkAborted of the primary',
  },
  inconsistentMetadata: {
    ...sharding,
    name: 'reeve_mongodb_metadata_inconsistencies',
    unit: 'none',
    help: 'Inconsistencies that mongos finds between the catalogs of shards, by kind; only with `checkMetadata`.',
    labels: { kind: 'The kind of inconsistency in the words of the server, such as InconsistentIndex.' },
    source: 'checkMetadataConsistency with checkIndexes',
    docs: 'https://www.mongodb.com/docs/manual/reference/command/checkMetadataConsistency/',
    since: '7.0',
    cost: 'one checkMetadataConsistency an hour, which makes every shard compare its catalog',
  },
});
