import type { ObjectiveMeasure } from '../../src/sdk.ts';
import type { MongodbMetrics } from './metrics.ts';

/** Which metrics measure the objectives that apply to MongoDB. */
export const mongodbObjectives: readonly ObjectiveMeasure<keyof MongodbMetrics>[] = [
  { objective: 'oltp_query_seconds', metric: 'latencyP95Seconds' },
  { objective: 'olap_query_seconds', metric: 'latencyP95Seconds' },
  { objective: 'replication_lag_seconds', metric: 'lagSeconds' },
  { objective: 'unused_index_bytes', metric: 'unusedIndexBytes' },
  { objective: 'storage_bytes_forecast', metric: 'storageBytes' },
];
