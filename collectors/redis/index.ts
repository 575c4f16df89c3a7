import { defineEngine, type Engine } from '../../src/sdk.ts';
import { redisAlerts } from './alerts.ts';
import { redisOptions } from './config.ts';
import { redisDashboard } from './dashboard.ts';
import { redisGrants } from './grants.ts';
import { redisGroups } from './groups.ts';
import { redisGuards } from './guards.ts';
import { redisMetrics } from './metrics.ts';
import { redisObjectives } from './objectives.ts';

export const engine: Engine = defineEngine({
  id: 'redis',
  title: 'Redis and Valkey',
  versions: 'Redis 6.0 to 8, Valkey 7.2 to 8; standalone, replica, Sentinel, Cluster',
  proof:
    'The tests run against real Redis 7.0 servers: alone, with a replica, with Sentinel and as a Cluster; acts and restore drills run on them too. Redis 6.2, 7.2, 7.4, 8 and Valkey 8 stand in as INFO texts transcribed from public documentation and source, not recorded.',
  otelSystem: 'redis',
  defaultWorkload: 'cache',
  metrics: redisMetrics,
  groups: redisGroups,
  objectives: redisObjectives,
  alerts: redisAlerts,
  dashboard: redisDashboard,
  grants: redisGrants,
  starter: {
    protocols: ['redis', 'rediss'],
    hints: ['objectives: { cache_hit_ratio: { min: 0.9 }, replication_lag_seconds: { max: 2s } }'],
  },
  options: redisOptions,
  createCollector: async (input) => (await import('./collector.ts')).createRedisCollector(input),
  guards: redisGuards,
  actions: ['raise_maxmemory', 'set_eviction_policy'],
  simulated: ['raise_maxmemory', 'set_eviction_policy'],
  proves: ['restore'],
  createOperations: async (input) =>
    (await import('./operations/create-operations.ts')).createRedisOperations(input),
});
