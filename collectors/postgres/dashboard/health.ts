import type { Panel } from '../../../src/sdk.ts';

export const healthPanels: readonly Panel[] = [
  {
    title: 'Answers',
    description:
      'Whether the server answered in the latest collection. 0: look at its log and at `reeve check`.',
    kind: 'stat',
    unit: 'state',
    width: 4,
    queries: [{ expr: 'min by (target) ($targetUp{$on})', legend: '{{target}}' }],
    thresholds: { warning: 1, critical: 1, below: true },
  },
  {
    title: 'Time since start',
    description:
      'How long the server has been running. A start that nobody planned was a crash: read the end of the log before it.',
    kind: 'stat',
    unit: 'seconds',
    width: 4,
    queries: [{ expr: 'min by (target) ($uptimeSeconds{$on})', legend: '{{target}}' }],
    thresholds: { warning: 3600, critical: 600, below: true },
  },
  {
    title: 'Standby',
    description:
      'Whether the server is a standby (1) or a primary (0). A change is a promotion, or a server that was built anew.',
    kind: 'state-timeline',
    unit: 'state',
    width: 8,
    queries: [{ expr: 'max by (target) ($inRecovery{$on})', legend: '{{target}}' }],
  },
  {
    title: 'Connections taken',
    description:
      'Part of the connections for ordinary roles that is in use. At 100 % new ones are refused. Above 80 % find out who holds them.',
    kind: 'gauge',
    unit: 'ratio',
    width: 4,
    queries: [{ expr: 'max by (target) ($connectionUtilizationRatio{$on})', legend: '{{target}}' }],
    thresholds: { warning: 0.8, critical: 0.9 },
  },
  {
    title: 'Way to wraparound',
    description:
      'How much of the transaction or multixact ids is used up. Below 10 % is usual; near 100 % the server refuses to write.',
    kind: 'gauge',
    unit: 'ratio',
    width: 4,
    queries: [{ expr: 'max by (target, kind) ($wraparoundRatio{$on})', legend: '{{target}} · {{kind}}' }],
    thresholds: { warning: 0.5, critical: 0.8 },
  },
  {
    title: 'Latency of queries, 95 %',
    description:
      'Time that 95 % of the queries stay below, estimated from pg_stat_statements, against the bound for OLTP. Utility statements and those of Reeve are left out.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [
      { expr: 'max by (target, database) ($statementP95Seconds{$on})', legend: '{{target}} · {{database}}' },
    ],
    objective: 'oltp_query_seconds',
    usuallyEmpty:
      'nobody ran a query lately, or pg_stat_statements is not installed (`reeve check` says how).',
  },
  {
    title: 'Index hit ratio',
    description:
      'Index blocks found in shared buffers out of those requested. Below the bound the working set no longer fits: look at new statements, then at shared_buffers.',
    kind: 'timeseries',
    unit: 'ratio',
    queries: [
      { expr: 'max by (target, database) ($indexHitRatio{$on})', legend: '{{target}} · {{database}}' },
    ],
    objective: 'index_hit_ratio',
    usuallyEmpty: 'no index block was requested lately.',
  },
  {
    title: 'Replication lag',
    description:
      'How far each replica is behind. Above the bound readers of the replica see old data, and a failover would lose as much where replication is asynchronous.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [
      { expr: 'max by (target, replica) ($replicationLagSeconds{$on})', legend: '{{target}} · {{replica}}' },
    ],
    objective: 'replication_lag_seconds',
    usuallyEmpty: 'the server has no replica.',
  },
  {
    title: 'Replicas',
    description:
      'Physical standbys that are connected. Fewer than usual: one is down or cannot reach its primary.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target) ($replicas{$on})', legend: '{{target}}' }],
  },
  {
    title: 'State of replicas',
    description:
      '1 for the state in which each replica is. Anything but streaming for long means that it does not keep up.',
    kind: 'state-timeline',
    unit: 'state',
    queries: [
      {
        expr: 'max by (target, replica, state, sync_state) ($replicaState{$on})',
        legend: '{{target}} · {{replica}} · {{state}} · {{sync_state}}',
      },
    ],
    usuallyEmpty: 'the server has no replica.',
  },
  {
    title: 'Age of what a standby shows',
    description:
      'Time since the commit that a standby replayed last, and since it last heard from its primary. Both grow a little while the primary is idle.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [
      { expr: 'max by (target) ($replayAgeSeconds{$on})', legend: '{{target}} · commit' },
      { expr: 'max by (target) ($receiverSilenceSeconds{$on})', legend: '{{target}} · message' },
    ],
    usuallyEmpty: 'none of these servers is a standby.',
  },
  {
    title: 'Receiver of the standby',
    description: 'Whether a standby receives WAL (1) or its link is cut (0).',
    kind: 'state-timeline',
    unit: 'state',
    queries: [{ expr: 'min by (target) ($receiverConnected{$on})', legend: '{{target}}' }],
    usuallyEmpty: 'none of these servers is a standby that streams.',
  },
];
