import { defineMetrics } from '../../../src/sdk.ts';

const database = { database: 'The database.' } as const;

const usage = {
  kind: 'gauge',
  labels: database,
  group: 'indexes',
  docs: 'https://www.mongodb.com/docs/manual/reference/operator/aggregation/indexStats/',
  since: '5.0',
  cost: 'one $indexStats a collection and data-bearing member, at most `collectionsPerReading` collections every 10 minutes, one at a time on each member',
  stability: 'stable',
} as const;

const everyMember = '$indexStats accesses.ops and accesses.since of every data-bearing member of every shard';

export const indexMetrics = defineMetrics({
  unusedIndexes: {
    ...usage,
    name: 'reeve_mongodb_unused_indexes',
    unit: 'none',
    help: 'Indexes proven unused on every data-bearing member of every shard for the whole window; absent while nothing can be proven, and while some collection or member of the database was not read.',
    source: `${everyMember}, followed over restarts`,
  },
  unusedIndexBytes: {
    ...usage,
    name: 'reeve_mongodb_unused_index_bytes',
    unit: 'bytes',
    help: 'Size of the indexes proven unused, as one member of each shard stores them; absent while nothing can be proven, and while a size is not known.',
    source: '$collStats storageStats.indexSizes of the indexes proven unused',
  },
  overdueUnusedIndexBytes: {
    ...usage,
    name: 'reeve_mongodb_overdue_unused_index_bytes',
    unit: 'bytes',
    help: 'Size of the indexes that were proven unused already when the last quarter (UTC) ended, so that its review had to deal with them; absent while nothing can be proven, and while a size is not known.',
    source: '$collStats storageStats.indexSizes of the indexes proven unused, and the history of Reeve',
  },
  unusedIndexCandidates: {
    ...usage,
    name: 'reeve_mongodb_unused_index_candidates',
    unit: 'none',
    help: 'Indexes that are not proven unused, but that no member read so far has counted a use of for a week or more.',
    source: everyMember,
  },
  indexVerdicts: {
    ...usage,
    name: 'reeve_mongodb_index_verdicts',
    unit: 'none',
    help: 'Indexes by what is known of their use: kept whatever their use, used within the window, unproven, or proven unused.',
    labels: { ...database, verdict: 'kept, used, unproven or unused.' },
    source: everyMember,
  },
  redundantIndexes: {
    ...usage,
    name: 'reeve_mongodb_redundant_indexes',
    unit: 'none',
    help: 'Indexes whose fields are the leading fields of another one with the same collation, sparseness and filter; what enforces something, is hidden or is being built is not counted.',
    source: '$indexStats spec',
  },
  redundantIndexBytes: {
    ...usage,
    name: 'reeve_mongodb_redundant_index_bytes',
    unit: 'bytes',
    help: 'Size of the redundant indexes, as one member of each shard stores them; absent while a size is not known.',
    source: '$collStats storageStats.indexSizes of the redundant indexes',
  },
  hiddenIndexes: {
    ...usage,
    name: 'reeve_mongodb_hidden_indexes',
    unit: 'none',
    help: 'Indexes that are hidden from the planner and cost writes and space all the same.',
    source: '$indexStats spec.hidden',
  },
  differingIndexes: {
    ...usage,
    name: 'reeve_mongodb_differing_indexes',
    unit: 'none',
    help: 'Indexes that are missing or different on some shard that holds chunks of their collection; absent unless the target is sharded.',
    source: '$indexStats spec of each shard, config.collections and config.chunks',
  },
  buildingIndexes: {
    ...usage,
    name: 'reeve_mongodb_building_indexes',
    unit: 'none',
    help: 'Indexes that are being built on some member.',
    source: '$indexStats building',
  },
  indexWatchAge: {
    ...usage,
    name: 'reeve_mongodb_index_watch_age_seconds',
    unit: 'seconds',
    help: 'For how long the use of the indexes of every member has been followed without a gap; proven unused needs the whole window.',
    source: 'the history of Reeve',
  },
  indexCoverage: {
    ...usage,
    name: 'reeve_mongodb_index_coverage_ratio',
    unit: 'ratio',
    help: 'Part of the listed collections whose indexes were read on every member in the latest rotation.',
    labels: {},
    source: 'the rotation of Reeve over the collections',
  },
});
