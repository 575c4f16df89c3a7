import type { ObjectiveMeasure } from '../../src/sdk.ts';
import type { PostgresMetrics } from './metrics.ts';

/** Which metric measures which objective. */
export const postgresObjectives: readonly ObjectiveMeasure<keyof PostgresMetrics>[] = [
  { objective: 'index_hit_ratio', metric: 'indexHitRatio' },
  { objective: 'oltp_query_seconds', metric: 'statementP95Seconds' },
  { objective: 'olap_query_seconds', metric: 'statementHourlyP95Seconds' },
  { objective: 'unused_index_bytes', metric: 'unusedIndexBytes' },
  { objective: 'replication_lag_seconds', metric: 'replicationLagSeconds' },
  { objective: 'storage_bytes_forecast', metric: 'storageBytes' },
];
