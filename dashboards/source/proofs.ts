import type { PlannedPanel } from './plan.ts';

/** Restore drills: whether backups can be restored, and what it takes. */
export const drills: readonly PlannedPanel[] = [
  {
    title: 'Restore drills',
    description:
      'When a backup of each target was last tried and last verified, how long the restore took until the data was there and verified, how old the newest recovered data was, and how many checks of the latest drill failed. An attempt that is newer than the success failed: `reeve runs list --pipeline backup`.',
    kind: 'table',
    unit: 'count',
    width: 24,
    queries: [
      { expr: 'max by (target, engine) ($drillLastAttempt{$on})', legend: 'Attempt' },
      { expr: 'max by (target, engine) ($drillLastSuccess{$on})', legend: 'Success' },
      { expr: 'max by (target, engine) ($drillRecoverySeconds{$on})', legend: 'Recovery' },
      { expr: 'max by (target, engine) ($drillDataLossSeconds{$on})', legend: 'Loss' },
      { expr: 'max by (target, engine) ($drillChecksFailed{$on})', legend: 'Failed' },
    ],
    table: {
      columns: [
        { title: 'Target', from: 'target' },
        { title: 'Engine', from: 'engine' },
        { title: 'Last attempt', from: 0, unit: 'timestamp' },
        { title: 'Last success', from: 1, unit: 'timestamp' },
        { title: 'Recovery time', from: 2, unit: 'seconds' },
        { title: 'Data loss', from: 3, unit: 'seconds' },
        { title: 'Failed checks', from: 4, unit: 'count' },
      ],
      sort: { column: 'Failed checks', descending: true },
    },
    usuallyEmpty: 'no drill has run yet.',
  },
  {
    title: 'Age of the last verified restore',
    description:
      'How long ago a retained backup of each database was restored and verified, by the objective; until the first drill since Reeve first saw the database.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 12,
    queries: [
      {
        expr: 'max by (target, subject) ($objectiveValue{$on,objective="restore_test_age_seconds"})',
        legend: '{{target}} {{subject}}',
      },
    ],
    thresholds: { warning: 24 * 86_400, critical: 31 * 86_400 },
    usuallyEmpty: 'no target has backups that Reeve could restore.',
  },
  {
    title: 'Age of the newest backup',
    description:
      'By chain: over 26 hours a daily backup is missing. A line that ends belongs to a chain that holds no backup any more.',
    kind: 'timeseries',
    unit: 'seconds',
    width: 12,
    queries: [
      {
        expr: 'max by (target, chain) ($backupAgeSeconds{$on})',
        legend: '{{target}} {{chain}}',
      },
    ],
    thresholds: { warning: 26 * 3_600, critical: 50 * 3_600 },
    usuallyEmpty: 'no target has backups in its configuration.',
  },
];

export const migrations: readonly PlannedPanel[] = [
  {
    title: 'Migrations',
    description:
      'The twenty latest of each target: how long they took, how long they held one lock that blocks others, and rows that they deleted beyond what they declare and that nobody acknowledged. No rows at all: they could not be counted.',
    kind: 'table',
    unit: 'count',
    width: 16,
    queries: [
      {
        expr: 'max by (target, engine, migration) ($migrationDurationSeconds{$on})',
        legend: 'Duration',
      },
      { expr: 'max by (target, engine, migration) ($migrationLockSeconds{$on})', legend: 'Lock' },
      { expr: 'max by (target, engine, migration) ($migrationRowsLost{$on})', legend: 'Lost' },
    ],
    table: {
      columns: [
        { title: 'Target', from: 'target' },
        { title: 'Engine', from: 'engine' },
        { title: 'Migration', from: 'migration' },
        { title: 'Duration', from: 0, unit: 'seconds' },
        { title: 'Longest lock', from: 1, unit: 'seconds' },
        { title: 'Rows lost', from: 2, unit: 'count' },
      ],
      sort: { column: 'Rows lost', descending: true },
    },
    usuallyEmpty: 'no migration was applied yet.',
  },
  {
    title: 'Rollbacks that worked',
    description:
      'Share of the rollbacks of the last 90 days, in rehearsals and on targets, after which everything was as before. Below 100 % a way back does not lead back.',
    kind: 'timeseries',
    unit: 'ratio',
    width: 8,
    queries: [{ expr: 'min by (target) ($migrationRollbackSuccessRatio{$on})', legend: '{{target}}' }],
    thresholds: { warning: 1, critical: 0.9, below: true },
    usuallyEmpty: 'no rollback was tried yet.',
  },
];
