import type { Pipeline } from '../remediate/pipeline.ts';

/** Statements that are too slow: the index they lack, measured before it is proposed; on Redis advice. */
export const queryOptimisation: Pipeline = {
  id: 'query_optimisation',
  title: 'query optimisation',
  objectives: ['oltp_query_seconds', 'olap_query_seconds', 'index_hit_ratio'],
  practice: 'optimising slow queries',
  advice: 'slow commands and data structures',
  practices: {
    create_index: 'creating indexes without blocking writes',
    create_mongodb_index: 'creating indexes without blocking writes',
  },
  candidateLimit: 3,
  custodian: [],
};
