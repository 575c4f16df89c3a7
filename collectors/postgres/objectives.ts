import type { ObjectiveMeasure } from '../../src/sdk.ts';
import type { PostgresMetrics } from './metrics.ts';

const database = ['database'] as const;

/** Which metric measures which objective. */
export const postgresObjectives: readonly ObjectiveMeasure<keyof PostgresMetrics>[] = [
  { objective: 'oltp_query_seconds', metric: 'statementP95Seconds', subject: database },
  { objective: 'olap_query_seconds', metric: 'statementHourlyP95Seconds', subject: database },
  { objective: 'index_hit_ratio', metric: 'indexHitRatio', subject: database },
  {
    objective: 'restore_test_age_seconds',
    metric: 'storageBytes',
    subject: database,
    statistic: 'age',
  },
  { objective: 'replication_lag_seconds', metric: 'replicationLagSeconds', subject: ['replica'] },
  {
    objective: 'unused_index_bytes',
    metric: 'overdueUnusedIndexBytes',
    subject: database,
    // A standby's indexes are its primary's, and are judged there.
    exempt: 'inRecovery',
    untilKnown:
      'no index can be proven unused yet: every member must be a target (membersComplete) and be watched for unusedAfter',
  },
  {
    objective: 'storage_bytes_forecast',
    metric: 'storageBytes',
    subject: database,
    statistic: 'forecast',
  },
];
