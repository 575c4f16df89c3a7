import type { ObjectiveMeasure } from '../../src/sdk.ts';
import type { RedisMetrics } from './metrics.ts';

/** Which metrics measure the objectives that apply to Redis. */
export const redisObjectives: readonly ObjectiveMeasure<keyof RedisMetrics>[] = [
  { objective: 'cache_hit_ratio', metric: 'cacheHitRatio' },
  { objective: 'replication_lag_seconds', metric: 'lagSeconds' },
  { objective: 'oltp_query_seconds', metric: 'latencyP99Seconds' },
];
