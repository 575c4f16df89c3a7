import type { AlertRule } from '../../../src/sdk.ts';
import { series } from './series.ts';

const command =
  "SELECT usename, datname, application_name, state, count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC;";

const connections = {
  name: 'ReevePostgresConnectionsNearLimit',
  summary: '{{ $value | humanizePercentage }} of the connections of {{ $labels.target }} are taken',
  description:
    'At 100 % every new connection of an ordinary role is refused: applications that open connections fail, those that keep a pool go on until it is renewed.',
  command,
  runbook: {
    meaning:
      'Nearly all of max_connections, less what is reserved, is in use. Users feel it when it is full: "sorry, too many clients already".',
    steps: [
      `See who holds them: \`${command}\``,
      'Many `active`: statements are slow or wait. Look at locks: `SELECT pid, pg_blocking_pids(pid), wait_event_type, left(query, 80) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0;`',
      'Many `idle in transaction`: an application does not end its transactions; see ReevePostgresIdleInTransaction.',
      "Many `idle`: pools are too large, or connections leak. End the oldest of one application: `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '<name>' AND state = 'idle' AND state_change < now() - interval '10 minutes';`",
      'You are shut out? Superusers have reserved connections (superuser_reserved_connections).',
    ],
    afterwards:
      'It ends when connections are free again. To prevent the next: smaller pools, a pooler such as PgBouncer, `ALTER ROLE <name> CONNECTION LIMIT <n>;`, and only then a larger max_connections, which needs a restart and memory.',
    links: [
      'https://www.postgresql.org/docs/current/runtime-config-connection.html#GUC-MAX-CONNECTIONS',
      'https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW',
    ],
  },
} as const;

export const connectionAlerts: readonly AlertRule[] = [
  {
    ...connections,
    severity: 'ticket',
    expr: '$connectionUtilizationRatio > 0.8',
    for: '5m',
    tests: {
      fires: { series: [series('connectionUtilizationRatio', '0.85x20')], after: '10m' },
      quiet: { series: [series('connectionUtilizationRatio', '0.79x20')], after: '15m' },
    },
  },
  {
    ...connections,
    severity: 'page',
    expr: '$connectionUtilizationRatio > 0.9',
    for: '2m',
    tests: {
      fires: { series: [series('connectionUtilizationRatio', '0.95x20')], after: '5m' },
      quiet: { series: [series('connectionUtilizationRatio', '0.89x20')], after: '15m' },
    },
  },
];
