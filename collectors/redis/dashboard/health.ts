import type { Panel } from '../../../src/sdk.ts';

const noReplica = 'none of these servers has or is a replica.';

export const healthPanels: readonly Panel[] = [
  {
    title: 'Servers that answer',
    description:
      'Whether each server of the deployment answered in the latest collection (1). 0: look at its log, and whether another took over.',
    kind: 'state-timeline',
    unit: 'state',
    queries: [{ expr: 'min by (target, node) ($nodeUp{$on})', legend: '{{target}} · {{node}}' }],
  },
  {
    title: 'Primaries',
    description:
      'Whether each server is a primary (1) or a replica (0). A change is a failover; nobody planned it? Read the log of the old primary.',
    kind: 'state-timeline',
    unit: 'state',
    queries: [{ expr: 'max by (target, node) ($isPrimary{$on})', legend: '{{target}} · {{node}}' }],
  },
  {
    title: 'Time since start',
    description:
      'How long each server has been running. A start that nobody planned was a crash or the out-of-memory killer.',
    kind: 'stat',
    unit: 'seconds',
    queries: [{ expr: 'min by (target, node) ($uptimeSeconds{$on})', legend: '{{target}} · {{node}}' }],
    thresholds: { warning: 3600, critical: 600, below: true },
  },
  {
    title: 'Hit ratio',
    description:
      'Lookups that found their key, over all primaries. Below the bound the databases behind the cache take the load: look at evictions, times to live and what was deployed.',
    kind: 'timeseries',
    unit: 'ratio',
    queries: [{ expr: 'max by (target) ($cacheHitRatio{$on})', legend: '{{target}}' }],
    objective: 'cache_hit_ratio',
    usuallyEmpty: 'nobody looked a key up lately.',
  },
  {
    title: 'Latency, 99 %',
    description:
      'Execution time that 99 % of the calls stay below, without network and queueing. Above the bound look at the slow log and at commands over large keys.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [{ expr: 'max by (target, node) ($latencyP99Seconds{$on})', legend: '{{target}} · {{node}}' }],
    objective: 'oltp_query_seconds',
    usuallyEmpty: 'nobody but the agent called a command lately, or the server is older than 7.0.',
  },
  {
    title: 'Replication lag',
    description:
      'How far each replica is behind in time, from offsets sampled twice a second; replicas acknowledge once a second, so nothing finer can be seen.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [{ expr: 'max by (target, replica) ($lagSeconds{$on})', legend: '{{target}} · {{replica}}' }],
    objective: 'replication_lag_seconds',
    usuallyEmpty: noReplica,
  },
  {
    title: 'Memory against the limit',
    description:
      'Part of maxmemory that is used. A cache that evicts stands near 100 %; with noeviction writes are refused there.',
    kind: 'gauge',
    unit: 'ratio',
    queries: [
      { expr: 'max by (target, node) ($memoryUtilizationRatio{$on})', legend: '{{target}} · {{node}}' },
    ],
    thresholds: { warning: 0.85, critical: 0.95 },
    usuallyEmpty: 'no memory limit is set (maxmemory 0).',
  },
  {
    title: 'Links of replicas',
    description: 'Whether each replica is connected to its primary (1). Without a link it serves old data.',
    kind: 'state-timeline',
    unit: 'state',
    queries: [{ expr: 'min by (target, node) ($linkUp{$on})', legend: '{{target}} · {{node}}' }],
    usuallyEmpty: noReplica,
  },
  {
    title: 'Replicas',
    description:
      'Replicas connected to each server. Fewer than usual: one is down or cannot reach its primary.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target, node) ($connectedReplicas{$on})', legend: '{{target}} · {{node}}' }],
  },
  {
    title: 'Cluster',
    description: 'Whether each node considers the cluster able to serve all keys (1).',
    kind: 'state-timeline',
    unit: 'state',
    queries: [{ expr: 'min by (target, node) ($clusterOk{$on})', legend: '{{target}} · {{node}}' }],
    usuallyEmpty: 'none of these servers is part of a Redis Cluster.',
  },
  {
    title: 'Sentinel',
    description:
      'Whether Sentinel reaches the primary, and whether enough Sentinels are there to fail over (1).',
    kind: 'state-timeline',
    unit: 'state',
    queries: [
      { expr: 'min by (target) ($sentinelPrimaryUp{$on})', legend: '{{target}} · primary' },
      { expr: 'min by (target) ($sentinelQuorumOk{$on})', legend: '{{target}} · quorum' },
    ],
    usuallyEmpty: 'none of these targets is found through Sentinel.',
  },
  {
    title: 'Sentinels',
    description:
      'Sentinels that watch the primary, how many must agree that it is down, and the replicas that they reach or not. Three Sentinels on three machines are the least.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      { expr: 'max by (target) ($sentinels{$on})', legend: '{{target}} · Sentinels' },
      { expr: 'max by (target) ($sentinelQuorum{$on})', legend: '{{target}} · quorum' },
      { expr: 'max by (target, state) ($sentinelReplicas{$on})', legend: '{{target}} · replicas {{state}}' },
    ],
    usuallyEmpty: 'none of these targets is found through Sentinel.',
  },
  {
    title: 'Loading',
    description: '1 while a server reads its data from disk and refuses most commands.',
    kind: 'state-timeline',
    unit: 'state',
    queries: [{ expr: 'max by (target, node) ($loading{$on})', legend: '{{target}} · {{node}}' }],
  },
];
