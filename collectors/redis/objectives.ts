import type { ObjectiveMeasure } from '../../src/sdk.ts';
import type { RedisMetrics } from './metrics.ts';

/** Which metrics measure the objectives that apply to Redis. */
export const redisObjectives: readonly ObjectiveMeasure<keyof RedisMetrics>[] = [
  { objective: 'oltp_query_seconds', metric: 'latencyP99Seconds', subject: ['node'] },
  // The ratio of the whole deployment.
  { objective: 'cache_hit_ratio', metric: 'cacheHitRatio', subject: [] },
  // A backup of Redis is of the whole server; a cache without backups has nothing to restore.
  {
    objective: 'restore_test_age_seconds',
    metric: 'backupChains',
    statistic: 'age',
    subject: [],
    exempt: 'backupsUnneeded',
  },
  // What grows is memory: bound it by a projection in the configuration.
  {
    objective: 'storage_bytes_forecast',
    metric: 'primaryMemoryBytes',
    statistic: 'forecast',
    subject: ['node'],
  },
  // Replicas acknowledge once a second, so that nothing finer can be seen.
  { objective: 'replication_lag_seconds', metric: 'lagSeconds', subject: ['replica'], resolution: 1 },
];
