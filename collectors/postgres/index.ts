import { defineEngine, type Engine } from '../../src/sdk.ts';
import { postgresAlerts } from './alerts.ts';
import { postgresOptions } from './config.ts';
import { postgresDashboard } from './dashboard.ts';
import { postgresGrants } from './grants.ts';
import { postgresGroups } from './groups.ts';
import { postgresGuards } from './guards.ts';
import { postgresMetrics } from './metrics.ts';
import { postgresObjectives } from './objectives.ts';

export const engine: Engine = defineEngine({
  id: 'postgres',
  title: 'PostgreSQL',
  versions: '13 to 18',
  proof: 'The tests run against real servers of every major version from 13 to 18.',
  otelSystem: 'postgresql',
  defaultWorkload: 'oltp',
  metrics: postgresMetrics,
  groups: postgresGroups,
  objectives: postgresObjectives,
  alerts: postgresAlerts,
  dashboard: postgresDashboard,
  grants: postgresGrants,
  starter: {
    protocols: ['postgres', 'postgresql'],
    hints: [
      'membersComplete: true       # only when every member of this cluster is a target here',
      'objectives: { replication_lag_seconds: { max: 500ms, for: 2m } }',
    ],
  },
  options: postgresOptions,
  createCollector: async (input) => (await import('./collector.ts')).createPostgresCollector(input),
  guards: postgresGuards,
  actions: [
    'drop_unused_index',
    'drop_duplicate_index',
    'drop_invalid_index',
    'finish_drop',
    'rebuild_invalid_index',
    'create_index',
    'apply_migration',
  ],
  proves: ['restore', 'migration'],
  createOperations: async (input) =>
    (await import('./operations/operations.ts')).createPostgresOperations(input),
});
