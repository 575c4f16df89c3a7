import type { ObjectiveMeasure } from '../../src/sdk.ts';
import type { MongodbMetrics } from './metrics.ts';

/** Which metrics measure the objectives that apply to MongoDB. */
export const mongodbObjectives: readonly ObjectiveMeasure<keyof MongodbMetrics>[] = [
  { objective: 'oltp_query_seconds', metric: 'latencyP95Seconds', subject: ['member'] },
  { objective: 'olap_query_seconds', metric: 'latencyP95Seconds', subject: ['member'] },
  { objective: 'restore_test_age_seconds', metric: 'storageBytes', statistic: 'age', subject: ['database'] },
  { objective: 'replication_lag_seconds', metric: 'lagSeconds', subject: ['replica'] },
  {
    objective: 'unused_index_bytes',
    metric: 'overdueUnusedIndexBytes',
    subject: ['database'],
    untilKnown:
      'no index can be proven unused yet: every member of every shard must have been watched for unusedAfter',
  },
  {
    objective: 'storage_bytes_forecast',
    metric: 'storageBytes',
    statistic: 'forecast',
    subject: ['database'],
  },
];
