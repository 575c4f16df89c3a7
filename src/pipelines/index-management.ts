import type { Pipeline } from '../remediate/pipeline.ts';

/** Indexes that are unused, duplicate, hidden for long enough, or broken. */
export const indexManagement: Pipeline = {
  id: 'index_management',
  title: 'index management',
  objectives: ['unused_index_bytes'],
  practice: 'dropping unused indexes',
  practices: {
    drop_unused_index: 'dropping unused indexes',
    drop_duplicate_index: 'dropping unused indexes',
    drop_invalid_index: 'rebuilding invalid indexes',
    finish_drop: 'rebuilding invalid indexes',
    rebuild_invalid_index: 'rebuilding invalid indexes',
    hide_index: 'hiding indexes before dropping',
    drop_hidden_index: 'hiding indexes before dropping',
  },
  candidateLimit: 5,
  custodian: ['finish_drop', 'rebuild_invalid_index', 'drop_invalid_index'],
  schedule: { name: 'index_review', cron: ({ indexReview }) => indexReview, candidateLimit: 100 },
};
