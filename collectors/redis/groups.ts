import type { GroupDefinition } from '../../src/sdk.ts';

const minute = 60_000;

/** Reading groups; those at every collection share one INFO. */
export const redisGroups = {
  availability: { summary: 'Which servers answer, their role and version.', everyMs: 0, needs: '+info' },
  cache: { summary: 'Lookups, evictions, expirations and the hit ratio.', everyMs: 0, needs: '+info' },
  memory: { summary: 'Memory against its limit, and fragmentation.', everyMs: 0, needs: '+info' },
  clients: { summary: 'Connections of clients.', everyMs: 0, needs: '+info' },
  commands: { summary: 'Commands, network and processor time.', everyMs: 0, needs: '+info' },
  errors: { summary: 'Error replies by kind.', everyMs: 0, needs: '+info; Redis 6.2 or newer' },
  latency: {
    summary:
      'Percentiles of execution time over the last 5 minutes, or since the previous collection where that is longer ago.',
    everyMs: 0,
    needs: '+latency|histogram; Redis 7.0 or newer with latency-tracking yes (its default)',
  },
  slowlog: { summary: 'Entries of the slow log, without arguments.', everyMs: 0, needs: '+slowlog|get' },
  replication: { summary: 'Lag of replicas and state of links.', everyMs: 0, needs: '+info' },
  persistence: { summary: 'Snapshots and the append-only file.', everyMs: 0, needs: '+info' },
  keyspace: { summary: 'Keys by database.', everyMs: 0, needs: '+info' },
  cluster: {
    summary: 'State of a Redis Cluster as each node sees it.',
    everyMs: 0,
    needs: '+cluster|info, and +cluster|nodes to discover nodes',
  },
  sentinel: {
    summary: 'Primary, replicas and quorum as Sentinel sees them.',
    everyMs: 0,
    needs:
      'at the Sentinels +sentinel|master +sentinel|replicas +sentinel|ckquorum +sentinel|get-master-addr-by-name',
  },
  configuration: { summary: 'Whether data outlive a restart.', everyMs: minute, needs: '+config|get' },
  backups: {
    summary: 'Age and health of the backups that are kept.',
    everyMs: 5 * minute,
    needs:
      'read access to the files named in backups; +config|get to tell files of the server itself from backups',
  },
  biggest_keys: {
    summary: 'The biggest keys, found in the background.',
    everyMs: minute,
    needs: '+scan +memory|usage %R~*, and +select for databases beside 0',
  },
} as const satisfies Readonly<Record<string, GroupDefinition>>;

export type RedisGroup = keyof typeof redisGroups;
