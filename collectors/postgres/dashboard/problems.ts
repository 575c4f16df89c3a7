import type { Panel } from '../../../src/sdk.ts';

export const problemPanels: readonly Panel[] = [
  {
    title: 'Sessions that wait for locks',
    description:
      'Sessions that wait for another one. A few, shortly, are usual; a queue that grows takes all connections. `pg_blocking_pids()` names who is at its head.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target) ($blockedSessions{$on})', legend: '{{target}}' }],
    thresholds: { warning: 5, critical: 20 },
  },
  {
    title: 'Longest wait for a lock',
    description: 'How long the session that waits longest has been waiting; 0 when none waits.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [{ expr: 'max by (target) ($lockWaitSeconds{$on})', legend: '{{target}}' }],
    thresholds: { warning: 60, critical: 300 },
    usuallyEmpty: 'versions before 14 do not tell since when a session waits.',
  },
  {
    title: 'Oldest open work of clients',
    description:
      'Age of the oldest transaction, of the longest running statement, and longest idleness inside a transaction. Old ones keep vacuum back and hold locks.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [
      { expr: 'max by (target) ($oldestTransactionSeconds{$on})', legend: '{{target}} · transaction' },
      { expr: 'max by (target) ($longestQuerySeconds{$on})', legend: '{{target}} · statement' },
      {
        expr: 'max by (target) ($longestIdleInTransactionSeconds{$on})',
        legend: '{{target}} · idle in transaction',
      },
    ],
    thresholds: { warning: 600, critical: 7200 },
  },
  {
    title: 'Deadlocks',
    description:
      'Deadlocks a second that the server broke. Each one ended a transaction with an error; the log shows both statements.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, database) (rate($deadlocks{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}}',
      },
    ],
  },
  {
    title: 'Part of the transactions rolled back',
    description: 'Rolled back transactions out of all that ended. A step up often comes with a deployment.',
    kind: 'timeseries',
    unit: 'ratio',
    queries: [
      {
        expr: 'sum by (target, database) (rate($rollbacks{$on}[$__rate_interval])) / (sum by (target, database) (rate($commits{$on}[$__rate_interval])) + sum by (target, database) (rate($rollbacks{$on}[$__rate_interval])))',
        legend: '{{target}} · {{database}}',
      },
    ],
    thresholds: { warning: 0.1, critical: 0.2 },
  },
  {
    title: 'Queries cancelled on standbys',
    description:
      'Queries a second that replay had to cancel. Let the standby wait longer (max_standby_streaming_delay) or protect its queries (hot_standby_feedback).',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, database) (rate($recoveryConflicts{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}}',
      },
    ],
  },
  {
    title: 'Sessions that ended badly',
    description:
      'Sessions a second that ended otherwise than by the client saying so: connection lost, killed by an operator, or a fatal error.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target, database, reason) (rate($sessionsEnded{$on}[$__rate_interval]))',
        legend: '{{target}} · {{database}} · {{reason}}',
      },
    ],
    usuallyEmpty: 'versions before 14 do not count them.',
  },
  {
    title: 'Who keeps vacuum back',
    description:
      'Transactions since the oldest snapshot that vacuum has to respect, by holder. Millions mean that dead rows pile up: end the session, the prepared transaction or the slot.',
    kind: 'timeseries',
    unit: 'count',
    queries: [
      { expr: 'max by (target, holder) ($xminAge{$on})', legend: '{{target}} · {{holder}}' },
      {
        expr: 'max by (target, slot) ($slotXminAge{$on})',
        legend: '{{target}} · slot {{slot}}',
        usuallyEmpty: 'no slot is logical or has a standby with hot_standby_feedback.',
      },
    ],
    thresholds: { warning: 1e6, critical: 1e7 },
  },
  {
    title: 'Prepared transactions',
    description:
      'Transactions prepared for two-phase commit and not ended. Usually none for longer than a moment; forgotten ones hold locks and survive restarts.',
    kind: 'timeseries',
    unit: 'count',
    queries: [{ expr: 'max by (target) ($preparedTransactions{$on})', legend: '{{target}}' }],
  },
  {
    title: 'Archiving fails',
    description:
      '1 while the latest attempt to archive WAL failed. Nothing written since can be restored from a backup, and the disk fills.',
    kind: 'state-timeline',
    unit: 'state',
    queries: [{ expr: 'max by (target) ($archivingFailing{$on})', legend: '{{target}}' }],
    usuallyEmpty: 'none of these servers archives WAL (archive_mode).',
  },
  {
    title: 'WAL that waits to be archived',
    description:
      'Age of the oldest WAL file that is not archived yet: as much would be lost with the server.',
    kind: 'timeseries',
    unit: 'seconds',
    queries: [{ expr: 'max by (target) ($archiveBacklogAgeSeconds{$on})', legend: '{{target}}' }],
    thresholds: { warning: 900, critical: 3600 },
    usuallyEmpty: 'none of these servers archives WAL (archive_mode).',
  },
  {
    title: 'WAL files archived',
    description:
      'WAL files a second that were archived, and attempts that failed. Failures that go on: try the archive command by hand.',
    kind: 'timeseries',
    unit: 'perSecond',
    queries: [
      {
        expr: 'sum by (target) (rate($archivedFiles{$on}[$__rate_interval]))',
        legend: '{{target}} · archived',
      },
      {
        expr: 'sum by (target) (rate($archiveFailures{$on}[$__rate_interval]))',
        legend: '{{target}} · failed',
      },
    ],
    usuallyEmpty: 'none of these servers archives WAL (archive_mode).',
  },
  {
    title: 'Slots nobody consumes',
    description:
      'Whether each replication slot has a consumer (1). A slot without one holds WAL back until the disk is full.',
    kind: 'state-timeline',
    unit: 'state',
    queries: [{ expr: 'min by (target, slot) ($slotActive{$on})', legend: '{{target}} · {{slot}}' }],
    usuallyEmpty: 'the server has no replication slot.',
  },
  {
    title: 'Slots that were invalidated',
    description: '1 for a slot whose consumer cannot go on and has to be built anew.',
    kind: 'state-timeline',
    unit: 'state',
    queries: [{ expr: 'max by (target, slot) ($slotInvalid{$on})', legend: '{{target}} · {{slot}}' }],
    usuallyEmpty: 'the server has no replication slot.',
  },
  {
    title: 'Checksum failures',
    description:
      'Pages whose checksum was wrong, since the statistics were reset. Anything above 0 is damaged data: keep old backups and look at the hardware.',
    kind: 'stat',
    unit: 'count',
    queries: [
      { expr: 'sum by (target) (max by (target, database) ($checksumFailures{$on}))', legend: '{{target}}' },
    ],
    thresholds: { warning: 1, critical: 1 },
    usuallyEmpty: 'the cluster was made without data checksums (the default before version 18).',
  },
  {
    title: 'Replay paused',
    description: '1 while replay on a standby is paused: it receives WAL and does not apply it.',
    kind: 'state-timeline',
    unit: 'state',
    queries: [{ expr: 'max by (target) ($replayPaused{$on})', legend: '{{target}}' }],
    usuallyEmpty: 'none of these servers is a standby.',
  },
];
