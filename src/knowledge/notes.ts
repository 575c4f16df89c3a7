import type { Practice, PracticeTopic } from '../core/ports/practices.ts';

/** When these notes were last checked against the manuals. */
const writtenAt = Date.UTC(2026, 10, 20);
const source = 'offline notes of Reeve';

interface Note {
  readonly lines: readonly string[];
  readonly manuals: readonly string[];
}

const postgres: Readonly<Partial<Record<PracticeTopic, Note>>> = {
  'dropping unused indexes': {
    lines: [
      'An idx_scan of 0 proves nothing by itself: statistics may have been reset, and each standby counts its own scans. Look at every member, over the longest business cycle (quarter, year end).',
      'Unique, primary key and exclusion indexes enforce rules without ever being scanned. An index may be what makes deleting from a referenced table affordable, and an expression index feeds the planner statistics.',
      'Keep the definition (pg_get_indexdef). DROP INDEX CONCURRENTLY does not block reads or writes; it cannot run in a transaction block, on an index that backs a constraint, or on a partitioned index.',
      'It waits for transactions that use the table: look for long ones first. Interrupted, it leaves the index invalid: still paid for by every write, used by no query; run the drop again.',
      'Afterwards compare the mean time of the statements on that table with the time before.',
    ],
    manuals: [
      'https://www.postgresql.org/docs/current/sql-dropindex.html',
      'https://www.postgresql.org/docs/current/monitoring-stats.html',
    ],
  },
  'creating indexes without blocking writes': {
    lines: [
      'CREATE INDEX CONCURRENTLY does not block writes. It reads the table twice, waits for transactions twice, and takes longer than a plain build.',
      'It cannot run in a transaction block. If it fails or is cancelled, an invalid index stays, which slows writes: drop it and build again.',
      'A statement_timeout shorter than the build cancels it; a lock_timeout makes it give way in the queue. It needs disk for the index and for sorting, and produces WAL: watch replication lag.',
      'On a partitioned table build on each partition concurrently, create the parent index with ON ONLY, then attach.',
      'Columns compared with = first, then the one used for a range or for sorting. A partial index fits a condition that is always the same.',
    ],
    manuals: [
      'https://www.postgresql.org/docs/current/sql-createindex.html',
      'https://www.postgresql.org/docs/current/indexes-multicolumn.html',
    ],
  },
  'rebuilding invalid indexes': {
    lines: [
      'indisvalid = false in pg_index: a concurrent build or drop was interrupted. No query uses the index, every write may still maintain it.',
      'First see in pg_stat_progress_create_index that nobody is building it now.',
      'Names that end in _ccnew are the unfinished new side of REINDEX CONCURRENTLY: drop them and reindex again. _ccold is the old side: drop it.',
      'Otherwise DROP INDEX CONCURRENTLY and build again, or REINDEX INDEX CONCURRENTLY. An invalid unique index may mean that there are duplicates.',
    ],
    manuals: [
      'https://www.postgresql.org/docs/current/sql-reindex.html',
      'https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
    ],
  },
  'optimising slow queries': {
    lines: [
      'Take the statements with the most total time in pg_stat_statements, not the slowest single ones.',
      'Compare estimated and actual rows in EXPLAIN (ANALYZE, BUFFERS), which really executes: on a rehearsal target, never an unchecked write. A large difference asks for ANALYZE or extended statistics before it asks for an index.',
      'A sequential scan that returns most of a table is right. One that filters nearly all rows away wants an index on what is compared.',
      'Name the columns instead of SELECT *: it prevents index-only scans and breaks when columns change. Index-only scans also need VACUUM to keep the visibility map.',
      'A function or a cast on an indexed column hides the index; so does a leading wildcard in LIKE.',
      'Every index costs each write and hinders HOT updates: measure both sides.',
    ],
    manuals: [
      'https://www.postgresql.org/docs/current/using-explain.html',
      'https://www.postgresql.org/docs/current/pgstatstatements.html',
    ],
  },
};

const mongodb: Readonly<Partial<Record<PracticeTopic, Note>>> = {
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
};

const slowCommands: Note = {
  lines: [
    'Commands run one after the other: a slow one delays every client. SLOWLOG measures execution only, not the time in the queue.',
    'KEYS walks the whole key space: use SCAN with MATCH and COUNT, or keep an index of names in a set.',
    'HGETALL, SMEMBERS, LRANGE 0 -1 and ZRANGE 0 -1 on large values: read what is needed, or HSCAN, SSCAN and ZSCAN in parts.',
    'UNLINK frees large values in the background, DEL does not.',
    'Many small commands cost round trips: pipeline them, or use MGET and variadic forms. Keep scripts short.',
    'Small hashes, lists and sorted sets are stored compactly below the configured limits; a value of many megabytes belongs in several keys.',
  ],
  manuals: [
    'https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency/',
    'https://redis.io/docs/latest/commands/scan/',
    'https://redis.io/docs/latest/develop/use/pipelining/',
  ],
};

const redis: Readonly<Partial<Record<PracticeTopic, Note>>> = {
  'slow commands and data structures': slowCommands,
  'optimising slow queries': slowCommands,
};

const bigquery: Readonly<Partial<Record<PracticeTopic, Note>>> = {
  'optimising slow queries': {
    lines: [
      'On demand you pay for the bytes of the columns read, whatever LIMIT says: name the columns, never SELECT *.',
      'Filter on the partitioning column with a constant, so that partitions are pruned; require_partition_filter enforces it. Cluster by what is filtered next.',
      'Reduce rows before joining. Materialise what is asked again and again. maximum_bytes_billed stops what would cost too much before it runs.',
    ],
    manuals: ['https://docs.cloud.google.com/bigquery/docs/best-practices-performance-overview'],
  },
};

const cosmosdb: Readonly<Partial<Record<PracticeTopic, Note>>> = {
  'optimising slow queries': {
    lines: [
      'Give the partition key in the filter: a query without it visits every physical partition and pays for each.',
      'A read by id and partition key (a point read) is the cheapest of all.',
      'ORDER BY over several properties needs a composite index. Paths that are never queried can be excluded from indexing, which makes writes cheaper.',
      'Look at the request charge and the index metrics of a query before changing it.',
    ],
    manuals: ['https://learn.microsoft.com/en-us/azure/cosmos-db/nosql/query-metrics'],
  },
};

const notes: Readonly<Record<string, Readonly<Partial<Record<PracticeTopic, Note>>>>> = {
  postgres,
  mongodb,
  redis,
  bigquery,
  cosmosdb,
};

/** What we know ourselves; undefined where we have written nothing. */
export function noteOf(engine: string, topic: PracticeTopic): Practice | undefined {
  const note = Object.hasOwn(notes, engine) ? notes[engine]?.[topic] : undefined;
  if (note === undefined) return undefined;
  const text = [...note.lines.map((line) => `- ${line}`), ...note.manuals.map((url) => `See ${url}`)].join(
    '\n',
  );
  return { source, text, at: writtenAt, stale: false };
}
