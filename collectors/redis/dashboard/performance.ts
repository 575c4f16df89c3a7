import type { Panel } from '../../../src/sdk.ts';

export const performancePanels: readonly Panel[] = [
  {
    title: 'Commands',
    description: 'Commands a second, the few of the agent included.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node) (rate($commandsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}}',
      },
    ],
  },
  {
    title: 'Lookups',
    description: 'Lookups a second that found their key or did not.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node) (rate($keyspaceHitsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}} · found',
      },
      {
        expr: 'sum by (target, node) (rate($keyspaceMissesTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}} · missed',
      },
    ],
  },
  {
    title: 'Latency of commands',
    description:
      'Execution time that half, 99 % and 99.9 % of the calls stay below, without network and queueing.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [
      { expr: 'max by (target, node) ($latencyP50Seconds{$on})', legend: '{{target}} · {{node}} · 50 %' },
      { expr: 'max by (target, node) ($latencyP99Seconds{$on})', legend: '{{target}} · {{node}} · 99 %' },
      { expr: 'max by (target, node) ($latencyP999Seconds{$on})', legend: '{{target}} · {{node}} · 99.9 %' },
    ],
    usuallyEmpty: 'nobody but the agent called a command lately, or the server is older than 7.0.',
  },
  {
    title: 'Calls by command',
    description: 'Calls a second of the commands that take most time in all.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, command) (rate($commandCallsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{command}}',
      },
    ],
  },
  {
    title: 'Time by command',
    description:
      'Seconds of the main thread a second, by command. All together can be no more than 1 a server.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      {
        expr: 'sum by (target, command) (rate($commandSecondsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{command}}',
      },
    ],
  },
  {
    title: 'Time a call takes',
    description: 'Mean time of a call, by command. A step up at the same load means larger keys.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [
      {
        expr: 'sum by (target, command) (rate($commandSecondsTotal{$on}[$__rate_interval])) / sum by (target, command) (rate($commandCallsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{command}}',
      },
    ],
  },
  {
    title: 'Main thread',
    description:
      'Part of the time that the thread which runs all commands is busy. Near 100 % commands wait for each other.',
    kind: 'timeseries',
    unit: 'ratio',
    queries: [
      {
        expr: 'sum by (target, node) (rate($eventLoopSecondsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}}',
      },
    ],
    thresholds: { warning: 0.7, critical: 0.9 },
    usuallyEmpty: 'versions before 7.2 do not measure it.',
  },
  {
    title: 'Processor',
    description: 'Processor seconds a second, of the server and of its children, which save and rewrite.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      {
        expr: 'sum by (target, node, state) (rate($cpuSecondsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}} · {{state}}',
      },
    ],
  },
  {
    title: 'Network',
    description: 'Data a second from and to clients. Much out for few commands means large values.',
    kind: 'timeseries',
    unit: 'bytesPerSecond',
    queries: [
      {
        expr: 'sum by (target, node) (rate($networkInputBytesTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}} · in',
      },
      {
        expr: 'sum by (target, node) (rate($networkOutputBytesTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}} · out',
      },
    ],
  },
  {
    title: 'Clients',
    description: 'Client connections, and those waiting in a blocking command, which is usual for queues.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      { expr: 'max by (target, node) ($clientsConnected{$on})', legend: '{{target}} · {{node}} · connected' },
      { expr: 'max by (target, node) ($clientsBlocked{$on})', legend: '{{target}} · {{node}} · blocked' },
    ],
  },
  {
    title: 'Connections opened',
    description:
      'New connections a second. Many mean clients without a pool: each costs time of the main thread.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node) (rate($connectionsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}}',
      },
    ],
  },
  {
    title: 'Replication lag in bytes',
    description: 'How much of the stream each replica has still to apply.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [{ expr: 'max by (target, replica) ($lagBytes{$on})', legend: '{{target}} · {{replica}}' }],
    usuallyEmpty: 'none of these servers has a replica.',
  },
];
