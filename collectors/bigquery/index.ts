import { defineEngine, type Engine } from '../../src/sdk.ts';
import { bigqueryActions } from './actions.ts';
import { bigqueryAlerts } from './alerts.ts';
import { bigqueryOptions } from './config.ts';
import { bigqueryDashboard } from './dashboard.ts';
import { bigqueryGrants } from './grants.ts';
import { bigqueryGroups } from './groups.ts';
import { bigqueryGuards } from './guards.ts';
import { bigqueryMetrics } from './metrics.ts';
import { bigqueryObjectives } from './objectives.ts';
import { starterLines } from './starter.ts';

export const engine: Engine = defineEngine({
  id: 'bigquery',
  title: 'BigQuery',
  versions: 'API v2; INFORMATION_SCHEMA as documented in November 2026',
  proof:
    'BigQuery cannot run here. The tests use a double of its REST API, driven by the official client, that evaluates our SQL over made-up rows; and the real GoogleSQL analyser checks every query against columns transcribed from the documentation. Prices, bills and timing of the real service are not proven.',
  otelSystem: 'gcp.bigquery',
  defaultWorkload: 'olap',
  metrics: bigqueryMetrics,
  groups: bigqueryGroups,
  objectives: bigqueryObjectives,
  alerts: bigqueryAlerts,
  dashboard: bigqueryDashboard,
  grants: bigqueryGrants,
  targetDefaults: { intervalMs: 60_000, deadlineMs: 30_000 },
  starter: { protocols: ['bigquery'], lines: starterLines },
  options: bigqueryOptions,
  guards: bigqueryGuards,
  actions: bigqueryActions,
  simulated: ['require_partition_filter', 'copy_partitioned', 'set_daily_quota'],
  createOperations: async (input) =>
    (await import('./operations/create-operations.ts')).createBigqueryOperations(input),
  createCollector: async (input) => (await import('./collector.ts')).createBigqueryCollector(input),
});
