import { defineEngine, type Engine } from '../../src/sdk.ts';
import { mongodbAlerts } from './alerts.ts';
import { mongodbOptions } from './config.ts';
import { mongodbDashboard } from './dashboard.ts';
import { mongodbGrants } from './grants.ts';
import { mongodbGroups } from './groups.ts';
import { mongodbGuards } from './guards.ts';
import { mongodbMetrics } from './metrics.ts';
import { mongodbObjectives } from './objectives.ts';

export const engine: Engine = defineEngine({
  id: 'mongodb',
  title: 'MongoDB',
  versions: 'MongoDB 5.0 to 8.x; standalone, replica set, sharded',
  proof:
    'No mongod ran in the tests. They run the official driver against a double of our own (tests/support/mongod), which proves the client code and the arithmetic, not that a real server behaves so; restore drills run on stand-ins for mongod and mongorestore, which prove their orchestration and no restore. Prove it against a deployment of yours with `npm run conformance -- mongodb <uri>`.',
  otelSystem: 'mongodb',
  defaultWorkload: 'oltp',
  metrics: mongodbMetrics,
  groups: mongodbGroups,
  objectives: mongodbObjectives,
  alerts: mongodbAlerts,
  dashboard: mongodbDashboard,
  grants: mongodbGrants,
  starter: {
    protocols: ['mongodb', 'mongodb+srv'],
    hints: ['objectives: { replication_lag_seconds: { max: 500ms, for: 2m } }'],
  },
  options: mongodbOptions,
  createCollector: async (input) => (await import('./collector.ts')).createMongodbCollector(input),
  guards: mongodbGuards,
  proves: ['restore', 'migration'],
  actions: ['hide_index', 'drop_hidden_index', 'create_mongodb_index', 'apply_migration'],
  createOperations: async (input) =>
    (await import('./operations/create-operations.ts')).createMongodbOperations(input),
});
