import type { Panel } from '../../../src/sdk.ts';

const unproven =
  'nothing can be proven yet: the watch is younger than unusedAfter, or not every member is declared and collected.';

export const maintenancePanels: readonly Panel[] = [
  {
    title: 'Dead rows',
    description:
      'Dead rows by database, as the server estimates. They grow between vacuums and fall with each; a line that only climbs means that vacuum is kept back or too slow.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target, database) ($deadRows{$on})', legend: '{{target}} · {{database}}' }],
  },
  {
    title: 'Tables due for vacuum',
    description: 'Tables with more dead rows than autovacuum waits for. A few come and go.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target, database) ($vacuumDue{$on})', legend: '{{target}} · {{database}}' }],
  },
  {
    title: 'Autovacuum at work',
    description: 'Workers, of autovacuum_max_workers. All of them, all the time, are too few or too slow.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target) ($autovacuumWorkers{$on})', legend: '{{target}}' }],
  },
  {
    title: 'Longest autovacuum',
    description: 'How long a worker has been at its table, at most; 0 when none works.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [{ expr: 'max by (target) ($oldestAutovacuumSeconds{$on})', legend: '{{target}}' }],
  },
  {
    title: 'Age of transaction ids',
    description:
      'Transactions and multixacts since the oldest that each database holds. It falls with each freezing vacuum.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      { expr: 'max by (target, database) ($xidAge{$on})', legend: '{{target}} · {{database}} · xid' },
      {
        expr: 'max by (target, database) ($multixactAge{$on})',
        legend: '{{target}} · {{database}} · multixact',
      },
    ],
    thresholds: { warning: 1e9, critical: 1.6e9 },
  },
  {
    title: 'Age against the freeze limit',
    description:
      'Age of the worst database against autovacuum_freeze_max_age. Around 1 is usual on a busy server; above 1.5 vacuums against wraparound do not come to an end.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target, kind) ($freezeDueRatio{$on})', legend: '{{target}} · {{kind}}' }],
    thresholds: { warning: 1.1, critical: 1.5 },
  },
  {
    title: 'Tables with autovacuum off',
    description:
      'Tables whose storage parameters turn autovacuum off. Usually a leftover of a bulk load: `ALTER TABLE … RESET (autovacuum_enabled);`',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      { expr: 'max by (target, database) ($autovacuumDisabled{$on})', legend: '{{target}} · {{database}}' },
    ],
  },
  {
    title: 'Indexes by verdict',
    description:
      'Indexes that are kept whatever their use, used, unproven, or proven unused on every member of the cluster.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      {
        expr: 'max by (target, database, verdict) ($indexVerdicts{$on})',
        legend: '{{target}} · {{database}} · {{verdict}}',
      },
    ],
    usuallyEmpty: 'none of these servers is a primary, which alone judges.',
  },
  {
    title: 'Unused indexes',
    description:
      'Size of the indexes proven unused. The quarterly index review lists them with their proof; drop them with DROP INDEX CONCURRENTLY.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [
      { expr: 'max by (target, database) ($unusedIndexBytes{$on})', legend: '{{target}} · {{database}}' },
    ],
    usuallyEmpty: unproven,
  },
  {
    title: 'Unused indexes overdue for review',
    description:
      'Size of those that were proven unused before the last quarter ended. The objective wants none.',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [
      {
        expr: 'max by (target, database) ($overdueUnusedIndexBytes{$on})',
        legend: '{{target}} · {{database}}',
      },
    ],
    objective: 'unused_index_bytes',
    usuallyEmpty: unproven,
  },
  {
    title: 'Superfluous indexes',
    description:
      'Size of indexes that another one repeats exactly (duplicate), or whose columns are the leading ones of another (redundant).',
    kind: 'timeseries',
    unit: 'bytes',
    queries: [
      {
        expr: 'max by (target, database) ($duplicateIndexBytes{$on})',
        legend: '{{target}} · {{database}} · duplicate',
      },
      {
        expr: 'max by (target, database) ($redundantIndexBytes{$on})',
        legend: '{{target}} · {{database}} · redundant',
      },
    ],
    usuallyEmpty: 'none of these servers is a primary, which alone judges.',
  },
  {
    title: 'Invalid indexes',
    description:
      'Indexes that queries cannot use and writes maintain all the same: leftovers of an interrupted CREATE or REINDEX CONCURRENTLY.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      { expr: 'max by (target, database) ($invalidIndexes{$on})', legend: '{{target}} · {{database}}' },
    ],
    thresholds: { warning: 1, critical: 10 },
  },
  {
    title: 'Foreign keys without index',
    description:
      'Foreign keys whose columns no index leads with: deleting a referenced row scans the whole table.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      {
        expr: 'max by (target, database) ($foreignKeysWithoutIndex{$on})',
        legend: '{{target}} · {{database}}',
      },
    ],
    usuallyEmpty: 'none of these servers is a primary, which alone judges.',
  },
  {
    title: 'Settings that wait for a restart',
    description:
      'Settings that were changed in the files and are not in force: `SELECT name FROM pg_settings WHERE pending_restart;`',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target) ($pendingRestart{$on})', legend: '{{target}}' }],
  },
];
