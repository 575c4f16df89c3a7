import type { Pipeline } from '../remediate/pipeline.ts';

/** Schema changes that people bring as files: rehearsed up, down and up again, applied once, taken back when they fail. */
export const migration: Pipeline = {
  id: 'migration',
  title: 'migration',
  objectives: ['migration_rows_lost', 'migration_rollback_success_ratio'],
  isBrought: true,
  practice: 'safe schema migrations',
  practices: {},
  candidateLimit: 1,
  custodian: [],
  soakMs: ({ migrationSoakMs }) => migrationSoakMs,
};
