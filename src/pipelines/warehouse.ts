import type { Pipeline } from '../remediate/pipeline.ts';

/** Warehouses that cost too much: what costs, how tables should be laid out, and a brake. */
export const warehouse: Pipeline = {
  id: 'warehouse',
  title: 'warehouse',
  objectives: ['bigquery_spend_usd'],
  practice: 'partitioning and clustering',
  advice: 'partitioning and clustering',
  practices: {
    require_partition_filter: 'partitioning and clustering',
    copy_partitioned: 'partitioning and clustering',
    set_daily_quota: 'partitioning and clustering',
  },
  candidateLimit: 3,
  custodian: [],
};
