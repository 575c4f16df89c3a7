import type { Pipeline } from '../remediate/pipeline.ts';

/** Warehouses that cost too much: what costs, how tables should be laid out, and a brake. */
export const warehouse: Pipeline = {
  id: 'warehouse',
  title: 'warehouse',
  objectives: ['bigquery_spend_usd'],
  practice: 'partitioning and clustering',
  advice: 'partitioning and clustering',
  practices: {},
  candidateLimit: 3,
  custodian: [],
};
