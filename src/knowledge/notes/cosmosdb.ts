import type { EngineNotes } from './note.ts';

/** What we know of Cosmos DB ourselves. */
export const cosmosdb: EngineNotes = {
  'optimising slow queries': {
    lines: [
      'Give the partition key in the filter: a query without it visits every physical partition and pays for each.',
      'A read by id and partition key (a point read) is the cheapest of all.',
      'ORDER BY over several properties needs a composite index. Paths that are never queried can be excluded from indexing, which makes writes cheaper.',
      'Look at the request charge and the index metrics of a query before changing it.',
    ],
    manuals: ['https://learn.microsoft.com/en-us/azure/cosmos-db/nosql/query-metrics'],
  },
  'provisioning throughput': {
    lines: [
      'Provision for the busy minutes, not for the average: 1 to 5 % of requests throttled with good latency is well used. NormalizedRUConsumption is the busiest partition, not the container.',
      'Throughput is divided evenly among physical partitions: a hot one is throttled while the rest idles, and more RU/s hardly help it.',
      'Autoscale costs half as much again per RU/s and pays where the load varies; its range is 10 to 100 % of the maximum.',
      'Scaling above what the partitions can carry splits them, which takes hours and is not undone.',
    ],
    manuals: [
      'https://learn.microsoft.com/en-us/azure/cosmos-db/monitor-normalized-request-units',
      'https://learn.microsoft.com/en-us/azure/cosmos-db/provision-throughput-autoscale',
    ],
  },
  'choosing partition keys and consistency': {
    lines: [
      'A partition key has many values, is in most filters, and spreads both storage and requests. It cannot be changed: copy into a new container. Hierarchical keys split large tenants.',
      'Session consistency fits most uses; strong and bounded staleness cost twice the RU of a read.',
      'TTL deletes with left-over RU; switching it on deletes what is old already.',
      'Exclude paths that are never filtered from indexing: writes get cheaper.',
    ],
    manuals: [
      'https://learn.microsoft.com/en-us/azure/cosmos-db/partitioning-overview',
      'https://learn.microsoft.com/en-us/azure/cosmos-db/consistency-levels',
    ],
  },
  'backup and restore strategies': {
    lines: [
      'Continuous mode restores to any moment of 7 or 30 days, into a new account. Periodic mode defaults to every four hours and two copies, and restoring it is a request to support.',
      'Geo-redundant backup storage survives the region; zone-redundant does not.',
      'A restored account has no firewall rules, keys or role assignments of the old one: write the procedure down.',
    ],
    manuals: ['https://learn.microsoft.com/en-us/azure/cosmos-db/online-backup-and-restore'],
  },
  'safe schema migrations': {
    lines: [
      'Indexing policies change in the background at the cost of RU; the old index answers until the new one is ready.',
      'Unique keys and partition keys belong to a container for ever: a change is a copy.',
      'Use If-Match with the etag that was read, so that two changes do not undo each other.',
    ],
    manuals: ['https://learn.microsoft.com/en-us/azure/cosmos-db/index-policy'],
  },
  'bounding storage growth': {
    lines: [
      'A logical partition holds 20 GB at most; a physical one 50 GB, then it splits, and the minimum throughput grows with storage.',
      'TTL bounds what grows with time; the analytical store has a TTL of its own.',
    ],
    manuals: ['https://learn.microsoft.com/en-us/azure/cosmos-db/concepts-limits'],
  },
};
