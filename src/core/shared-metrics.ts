import type { MetricDefinition } from './metric.ts';

/** Metrics that several engines share. An engine spreads one into its table and adds its own group, source and manual page. */

type SharedMetric = Omit<MetricDefinition, 'group' | 'source' | 'docs' | 'since' | 'cost'>;

export const replicationLagSeconds = {
  name: 'reeve_replication_lag_seconds',
  kind: 'gauge',
  unit: 'seconds',
  help: 'How far a replica is behind its primary in time; absent when it cannot be known.',
  labels: { replica: 'The replica: its application name, slot or address.' },
  stability: 'stable',
} as const satisfies SharedMetric;

export const replicationLagBytes = {
  name: 'reeve_replication_lag_bytes',
  kind: 'gauge',
  unit: 'bytes',
  help: 'How much of the replication stream a replica has still to apply.',
  labels: { replica: 'The replica: its application name, slot or address.' },
  stability: 'stable',
} as const satisfies SharedMetric;

export const storageBytes = {
  name: 'reeve_storage_bytes',
  kind: 'gauge',
  unit: 'bytes',
  help: 'Space that a database takes on disk.',
  labels: { database: 'The database.' },
  stability: 'stable',
} as const satisfies SharedMetric;

export const backupAgeSeconds = {
  name: 'reeve_backup_age_seconds',
  kind: 'gauge',
  unit: 'seconds',
  help: 'Time since the newest backup of a chain was taken; absent while the chain holds none.',
  labels: { chain: "The entry of the target's backups." },
  stability: 'stable',
} as const satisfies SharedMetric;

export const backupRecoverableAgeSeconds = {
  name: 'reeve_backup_recoverable_age_seconds',
  kind: 'gauge',
  unit: 'seconds',
  help: 'How old the newest data is that a chain can bring back: what would be lost now.',
  labels: { chain: "The entry of the target's backups." },
  stability: 'stable',
} as const satisfies SharedMetric;

export const backupBytes = {
  name: 'reeve_backup_bytes',
  kind: 'gauge',
  unit: 'bytes',
  help: 'Size of the newest backup of a chain.',
  labels: { chain: "The entry of the target's backups." },
  stability: 'stable',
} as const satisfies SharedMetric;

export const backupsDamaged = {
  name: 'reeve_backups_damaged',
  kind: 'gauge',
  unit: 'none',
  help: 'Backups of a chain whose own marks (size, manifest, checksum) say that they are damaged.',
  labels: { chain: "The entry of the target's backups." },
  stability: 'stable',
} as const satisfies SharedMetric;

/** What engines that know of backups publish about each chain. */
export const backupMetrics = {
  backupAgeSeconds,
  backupRecoverableAgeSeconds,
  backupBytes,
  backupsDamaged,
} as const;

export type BackupMetricId = keyof typeof backupMetrics;
