import { defineEngine, type Engine } from '../../src/sdk.ts';
import { cosmosdbAlerts } from './alerts.ts';
import { cosmosdbOptions } from './config.ts';
import { cosmosdbDashboard } from './dashboard.ts';
import { cosmosdbGrants } from './grants.ts';
import { cosmosdbGroups } from './groups.ts';
import { cosmosdbGuards } from './guards.ts';
import { cosmosdbMetrics } from './metrics.ts';
import { cosmosdbObjectives } from './objectives.ts';
import { cosmosdbStarter } from './starter.ts';

export const engine: Engine = defineEngine({
  id: 'cosmosdb',
  title: 'Azure Cosmos DB',
  versions:
    'all, as it is a service: accounts for NoSQL, MongoDB (request units), Cassandra and Gremlin through Azure Monitor and Resource Manager; with a key alone, accounts for NoSQL',
  proof:
    'No Azure can run here. The tests run against doubles: an HTTPS server that answers as Azure Monitor, Resource Manager and the sign-in service do in their published references, and @vercel/cosmosdb-server (a foreign server for the real protocol) behind a proxy that adds offers, quotas, keys and throttling. Only the official clients on our side are real. `npm run conformance -- cosmosdb` proves it against an account of your own.',
  otelSystem: 'azure.cosmosdb',
  defaultWorkload: 'oltp',
  metrics: cosmosdbMetrics,
  groups: cosmosdbGroups,
  objectives: cosmosdbObjectives,
  alerts: cosmosdbAlerts,
  dashboard: cosmosdbDashboard,
  grants: cosmosdbGrants,
  targetDefaults: { intervalMs: 60_000, deadlineMs: 30_000 },
  starter: cosmosdbStarter,
  options: cosmosdbOptions,
  createCollector: async (input) => (await import('./collector.ts')).createCosmosdbCollector(input),
  guards: cosmosdbGuards,
  actions: ['scale_throughput_up', 'scale_throughput_down', 'apply_migration'],
  simulated: ['scale_throughput_up', 'scale_throughput_down'],
  createOperations: async (input) =>
    (await import('./operations/create-operations.ts')).createCosmosdbOperations(input),
});
