import { defineEngine, type Engine } from '../../src/sdk.ts';
import { postgresOptions } from './config.ts';
import { postgresGroups } from './groups.ts';
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
  grants: {
    summary:
      'Reads the statistics of all sessions and databases, and no table. The limit is one connection a database and some to spare; CONNECT is only needed where it was revoked from PUBLIC. The connections stay open: end them (pg_terminate_backend) before DROP DATABASE, or use WITH (FORCE); the agent comes back by itself.',
    statements: [
      "CREATE ROLE reeve LOGIN PASSWORD '…' CONNECTION LIMIT 25",
      'GRANT pg_monitor TO reeve',
      'GRANT CONNECT ON DATABASE … TO reeve',
      'CREATE EXTENSION IF NOT EXISTS pg_stat_statements',
    ],
  },
  options: postgresOptions,
  createCollector: async (input) => (await import('./collector.ts')).createPostgresCollector(input),
});
