import { defineMetrics } from '../../../src/sdk.ts';

const server = {
  stability: 'stable',
  group: 'availability',
  since: '13',
  cost: 'one statement a collection, shared',
  docs: 'https://www.postgresql.org/docs/current/functions-info.html',
} as const;

export const serverMetrics = defineMetrics({
  inRecovery: {
    ...server,
    name: 'reeve_postgres_in_recovery',
    kind: 'gauge',
    unit: 'none',
    help: 'Whether the server is a standby (1) or a primary (0).',
    labels: {},
    source: 'pg_is_in_recovery()',
  },
  timeline: {
    ...server,
    name: 'reeve_postgres_timeline',
    kind: 'gauge',
    unit: 'none',
    help: 'Timeline of the WAL that the server writes or receives; grows with each promotion.',
    labels: {},
    source: 'pg_walfile_name(), pg_stat_wal_receiver.received_tli',
  },
  startTimestampSeconds: {
    ...server,
    name: 'reeve_postgres_start_timestamp_seconds',
    kind: 'gauge',
    unit: 'timestamp',
    help: 'When the server was started.',
    labels: {},
    source: 'pg_postmaster_start_time()',
  },
  uptimeSeconds: {
    ...server,
    name: 'reeve_postgres_uptime_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'How long the server has been running.',
    labels: {},
    source: 'pg_postmaster_start_time()',
  },
});
