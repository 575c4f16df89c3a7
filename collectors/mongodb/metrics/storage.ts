import { defineMetrics, storageBytes } from '../../../src/sdk.ts';

const database = { database: 'The database.' } as const;

const dbStats = {
  kind: 'gauge',
  labels: database,
  group: 'storage',
  docs: 'https://www.mongodb.com/docs/manual/reference/command/dbStats/',
  since: '5.0',
  cost: 'one dbStats a database every 5 minutes, without freeStorage, one at a time',
  stability: 'stable',
} as const;

const collStats = {
  ...dbStats,
  docs: 'https://www.mongodb.com/docs/manual/reference/operator/aggregation/collStats/',
  cost: 'one $collStats a collection, at most `collectionsPerReading` every 5 minutes, one at a time',
} as const;

export const storageMetrics = defineMetrics({
  storageBytes: {
    ...dbStats,
    ...storageBytes,
    source: 'dbStats storageSize + indexSize, summed over shards; of one member of each replica set',
  },
  dataBytes: {
    ...dbStats,
    name: 'reeve_mongodb_data_bytes',
    unit: 'bytes',
    help: 'Size of the documents of a database before compression.',
    source: 'dbStats dataSize',
  },
  indexBytes: {
    ...dbStats,
    name: 'reeve_mongodb_index_bytes',
    unit: 'bytes',
    help: 'Space that the indexes of a database take on disk.',
    source: 'dbStats indexSize',
  },
  documents: {
    ...dbStats,
    name: 'reeve_mongodb_documents',
    unit: 'none',
    help: 'Documents of a database as the server counts them without a scan; inexact after a crash, and with orphans on shards.',
    source: 'dbStats objects',
  },
  collections: {
    ...dbStats,
    name: 'reeve_mongodb_collections',
    unit: 'none',
    help: 'Collections of a database; in a sharded cluster one counts on every shard that has it.',
    source: 'dbStats collections',
  },
  indexes: {
    ...dbStats,
    name: 'reeve_mongodb_indexes',
    unit: 'none',
    help: 'Indexes of a database; in a sharded cluster one counts on every shard that has it.',
    source: 'dbStats indexes',
  },
  collectionBytes: {
    ...collStats,
    name: 'reeve_mongodb_collection_bytes',
    unit: 'bytes',
    help: 'Space that one of the biggest collections takes on disk, its indexes included.',
    labels: { ...database, collection: 'The collection, one of the `topCollections` biggest.' },
    source: '$collStats storageStats.storageSize + totalIndexSize',
  },
  collectionGrowthBytes: {
    ...collStats,
    name: 'reeve_mongodb_collection_daily_growth_bytes',
    unit: 'bytes',
    help: 'Growth in a day of one of the fastest growing collections, at its pace over the last one to two days or since it is watched; absent in the first hour.',
    labels: { ...database, collection: 'The collection, one of the `topCollections` fastest growing.' },
    source: '$collStats storageStats.storageSize + totalIndexSize, compared with earlier readings',
  },
  collectionCoverage: {
    ...collStats,
    name: 'reeve_mongodb_collection_coverage_ratio',
    unit: 'ratio',
    help: 'Part of the listed collections whose size was read in the latest rotation.',
    labels: {},
    source: 'the rotation of Reeve over the collections',
  },
});
