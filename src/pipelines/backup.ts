import type { Pipeline } from '../remediate/pipeline.ts';

/** Restores retained backups where nothing can be hurt, and verifies and measures what comes out. */
export const backup: Pipeline = {
  id: 'backup',
  title: 'backup',
  objectives: ['restore_test_age_seconds'],
  practice: 'backup and restore strategies',
  practices: {},
  candidateLimit: 1,
  custodian: [],
  process: 'drill',
  schedule: { name: 'drills', cron: ({ drills }) => drills, candidateLimit: 1 },
};
