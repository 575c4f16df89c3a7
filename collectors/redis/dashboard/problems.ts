import type { Panel } from '../../../src/sdk.ts';

const aofOff = 'the append-only file is off.';

export const problemPanels: readonly Panel[] = [
  {
    title: 'Snapshots and append-only file',
    description:
      '1 while the latest snapshot, write or rewrite succeeded. 0: the server may refuse writes, and a restart loses data. Usually the disk is full.',
    kind: 'state-timeline',
    unit: 'state',
    queries: [
      { expr: 'min by (target, node) ($lastSaveOk{$on})', legend: '{{target}} · {{node}} · snapshot' },
      { expr: 'min by (target, node) ($aofLastWriteOk{$on})', legend: '{{target}} · {{node}} · append' },
      { expr: 'min by (target, node) ($aofLastRewriteOk{$on})', legend: '{{target}} · {{node}} · rewrite' },
    ],
    usuallyEmpty: 'the lines of the append-only file are missing where it is off.',
  },
  {
    title: 'Data outlive a restart',
    description: 'Whether a save schedule or the append-only file is on (1). Off is right for a cache only.',
    kind: 'state-timeline',
    unit: 'state',
    queries: [{ expr: 'min by (target, node) ($persistenceEnabled{$on})', legend: '{{target}} · {{node}}' }],
    usuallyEmpty: 'the login may not read the configuration (+config|get), or the service hides it.',
  },
  {
    title: 'Keys evicted',
    description:
      'Keys a second that were thrown out because the memory limit was reached. Some is how a cache works; a step up costs hits.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node) (rate($evictedKeysTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}}',
      },
    ],
  },
  {
    title: 'Connections refused',
    description:
      'Connections a second that were refused because maxclients was reached. Always 0 on a healthy server.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node) (rate($connectionsRejectedTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}}',
      },
    ],
  },
  {
    title: 'Error replies',
    description:
      'Error replies a second by kind. OOM: memory. MISCONF: persistence. NOPERM: access control. MOVED is normal in a Cluster.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node, error) (rate($errorsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}} · {{error}}',
      },
    ],
    usuallyEmpty: 'no command has failed since the start, or the server is older than 6.2.',
  },
  {
    title: 'Commands that fail',
    description: 'Calls a second that were refused or failed, by command.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node, command) (rate($commandFailedTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}} · {{command}} failed',
      },
      {
        expr: 'sum by (target, node, command) (rate($commandRejectedTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}} · {{command}} refused',
      },
    ],
    usuallyEmpty: 'no command has failed since the start, or the server is older than 6.2.',
  },
  {
    title: 'Slow commands',
    description: 'Entries of the slow log a second. The details of the target keep them, without arguments.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node) (rate($slowCommandsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}}',
      },
    ],
    usuallyEmpty: 'no command has been slow yet.',
  },
  {
    title: 'Access denied',
    description:
      'Attempts a second that access control refused, by reason. A step may be a wrong deployment, or somebody who tries.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node, reason) (rate($aclDeniedTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}} · {{reason}}',
      },
    ],
    usuallyEmpty: 'versions before 7.2 do not count them.',
  },
  {
    title: 'Synchronisations',
    description:
      'Synchronisations from scratch that a primary served, and requests to continue that it accepted or refused, a second. From scratch should be rare: each forks the primary.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node) (rate($fullSyncsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}} · from scratch',
      },
      {
        expr: 'sum by (target, node, outcome) (rate($partialSyncsTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}} · {{outcome}}',
      },
    ],
  },
  {
    title: 'Time without link',
    description: 'How long the link of a replica has been down.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [{ expr: 'max by (target, node) ($linkDownSeconds{$on})', legend: '{{target}} · {{node}}' }],
    thresholds: { warning: 10, critical: 120 },
    usuallyEmpty: 'all links are up, or nobody is a replica.',
  },
  {
    title: 'Waits for the disk',
    description:
      'Writes a second that waited for the append-only file to be flushed. Clients wait with them: the disk is too slow.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, node) (rate($aofDelayedFsyncTotal{$on}[$__rate_interval]))',
        legend: '{{target}} · {{node}}',
      },
    ],
    usuallyEmpty: aofOff,
  },
  {
    title: 'Longest fork',
    description:
      'How long the server stood still for its latest fork. It grows with memory; transparent huge pages make it worse.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [{ expr: 'max by (target, node) ($lastForkSeconds{$on})', legend: '{{target}} · {{node}}' }],
    thresholds: { warning: 0.1, critical: 1 },
    usuallyEmpty: 'the server has not forked yet.',
  },
];
