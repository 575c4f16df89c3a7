import type { EngineNotes } from './note.ts';

/** What we know of MongoDB ourselves. */
export const mongodb: EngineNotes = {
  'dropping unused indexes': {
    lines: [
      '$indexStats counts since the member started or the index was changed, and each member counts its own: add up all members of all shards.',
      'Hide first, watch, then drop. The _id index, unique and TTL indexes and what a shard key needs are never dropped for being unused.',
      'Keep the full definition with all options, collation and partial filter included: an index that is built again must be the same.',
    ],
    manuals: [
      'https://www.mongodb.com/docs/manual/reference/operator/aggregation/indexStats/',
      'https://www.mongodb.com/docs/manual/reference/command/dropIndexes/',
    ],
  },
  'hiding indexes before dropping': {
    lines: [
      'A hidden index is not used by the planner but still maintained: unhiding takes effect at once, without a build.',
      'Hiding and unhiding reset the statistics of the index: save them before. Read it back on every member.',
      'A hidden unique index still enforces uniqueness, a hidden TTL index still expires documents. The _id index cannot be hidden. A hint on a hidden index fails the query.',
      'Available from version 4.4 with featureCompatibilityVersion 4.4 or later.',
    ],
    manuals: ['https://www.mongodb.com/docs/manual/core/index-hidden/'],
  },
  'creating indexes without blocking writes': {
    lines: [
      'Since 4.2 builds hold an exclusive lock on the collection only at their beginning and end, and run on all members at the same time.',
      'commitQuorum says how many members must be ready; a member that is away can keep a build waiting. dropIndexes aborts a build under way.',
      'Builds use up to maxIndexBuildMemoryUsageMegabytes (200 MB by default) and disk beyond that: watch replication lag and free space.',
      'Order of the keys: equality, sort, range.',
    ],
    manuals: [
      'https://www.mongodb.com/docs/manual/core/index-creation/',
      'https://www.mongodb.com/docs/manual/tutorial/equality-sort-range-guideline/',
    ],
  },
  'optimising slow queries': {
    lines: [
      'explain("executionStats") executes the query: compare nReturned with totalKeysExamined and totalDocsExamined. Far more examined than returned wants another index.',
      'COLLSCAN on a large collection and SORT in memory are what an index removes; keys in the order equality, sort, range.',
      'A projection of indexed fields only makes a covered query, which examines no documents. Return only the fields that are used.',
      'Patterns that are not anchored at the beginning, $ne and $nin use indexes badly.',
    ],
    manuals: [
      'https://www.mongodb.com/docs/manual/reference/explain-results/',
      'https://www.mongodb.com/docs/manual/tutorial/equality-sort-range-guideline/',
    ],
  },
  'safe schema migrations': {
    lines: [
      'There is no transaction around DDL: make each command repeatable, note it before and after with majority write concern, and read the catalogue when it was interrupted.',
      'Try it on a replica set first: builds, validators and write concern behave otherwise on a standalone.',
      'Validators: validationLevel moderate and validationAction warn first; see what would fail, then error.',
      'Change documents in batches by _id, and let the application read both forms meanwhile.',
      'dropIndexes and renameCollection take an exclusive lock for a moment; renaming across databases copies.',
    ],
    manuals: [
      'https://www.mongodb.com/docs/manual/core/schema-validation/',
      'https://www.mongodb.com/docs/manual/reference/command/collMod/',
    ],
  },
  'backup and restore strategies': {
    lines: [
      'mongodump --oplog --gzip of a replica set is consistent to the end of the dump; without --oplog, and through mongos, it is not one point in time.',
      'Restore with mongorestore --oplogReplay into an empty deployment; --dryRun reads the archive and proves little more than that it can be read.',
      'Sharded clusters: file system snapshots or a tool that coordinates shards, with the balancer stopped.',
      'Indexes are built anew by a restore: measure the time of the whole.',
    ],
    manuals: [
      'https://www.mongodb.com/docs/database-tools/mongodump/',
      'https://www.mongodb.com/docs/manual/core/backups/',
    ],
  },
  'bounding storage growth': {
    lines: [
      'storageSize minus freeStorageSize is what is used; deleted documents leave space that is used again, and compact gives some back.',
      'Indexes may outgrow the data: see totalIndexSize. The oplog has a size and a minimum retention: both bound it.',
      'TTL indexes delete in the background every minute; time series collections have an expiry of their own.',
    ],
    manuals: [
      'https://www.mongodb.com/docs/manual/reference/command/collStats/',
      'https://www.mongodb.com/docs/manual/core/index-ttl/',
    ],
  },
};
