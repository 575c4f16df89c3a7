import type { GroupDefinition } from '../../src/sdk.ts';

const second = 1_000;
const minute = 60 * second;

const monitor = 'clusterMonitor on admin';

/** Reading groups; those at every poll share one serverStatus a member. */
export const mongodbGroups = {
  availability: {
    summary: 'Which members answer, their state, version and who is primary.',
    everyMs: 0,
    needs: monitor,
  },
  connections: { summary: 'Connections of clients against the limit.', everyMs: 0, needs: monitor },
  operations: {
    summary:
      'Operations, and their latency over the window of the objective or since the previous poll where that is longer ago.',
    everyMs: 0,
    needs: monitor,
  },
  cache: { summary: 'The cache of WiredTiger: hit ratio, fill and eviction.', everyMs: 0, needs: monitor },
  queues: {
    summary: 'Tickets and queues of the storage engine, and flow control.',
    everyMs: 0,
    needs: monitor,
  },
  targeting: {
    summary: 'Documents and keys scanned for each document returned; collection scans.',
    everyMs: 0,
    needs: monitor,
  },
  resources: { summary: 'Memory, network, assertions and cursors.', everyMs: 0, needs: monitor },
  replication: {
    summary: 'Lag of each member, read directly from each, and its heartbeats.',
    everyMs: 0,
    needs: monitor,
  },
  oplog: {
    summary: 'Time the oplog holds, and what is left of it for the member furthest behind.',
    everyMs: minute,
    needs: `${monitor}; read on local where serverStatus has no oplog section`,
  },
  long_operations: {
    summary: 'Operations that run for long, without their values.',
    everyMs: 30 * second,
    needs: monitor,
  },
  storage: {
    summary: 'Size of databases and of the biggest collections.',
    everyMs: 5 * minute,
    apartDeadlineMs: 2 * minute,
    needs: monitor,
  },
  indexes: {
    summary: 'Use of every index on every data-bearing member of every shard.',
    everyMs: 10 * minute,
    apartDeadlineMs: 2 * minute,
    needs: monitor,
  },
  sharding: {
    summary: 'Balancer, chunks and shards; nothing unless the target has a mongos.',
    everyMs: minute,
    needs: monitor,
  },
  backups: {
    summary:
      'Age, size and health of the backups that other tools made, from their own files and catalogues.',
    everyMs: 10 * minute,
    apartDeadlineMs: 5 * minute,
    needs: 'read access to the folders named in `backups`; the program pbm for its chains',
  },
} as const satisfies Readonly<Record<string, GroupDefinition>>;

export type MongodbGroup = keyof typeof mongodbGroups;
