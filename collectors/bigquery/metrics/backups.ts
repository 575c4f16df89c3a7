import {
  backupAgeSeconds,
  backupBytes,
  backupRecoverableAgeSeconds,
  backupsDamaged,
  defineMetrics,
} from '../../../src/sdk.ts';

const backups = {
  group: 'backups',
  since: '2',
  docs: 'https://docs.cloud.google.com/bigquery/docs/table-snapshots-intro',
  cost: 'one free request a dataset and snapshot table, at most 100 a chain',
} as const;

/** Of chains of snapshot tables; time travel has no age. */
export const backupMetrics = defineMetrics({
  backupAgeSeconds: {
    ...backupAgeSeconds,
    ...backups,
    source: 'tables.get: snapshotDefinition.snapshotTime',
  },
  backupRecoverableAgeSeconds: {
    ...backupRecoverableAgeSeconds,
    ...backups,
    source: 'tables.get: snapshotDefinition.snapshotTime',
  },
  backupBytes: { ...backupBytes, ...backups, source: 'tables.get: numBytes' },
  backupsDamaged: {
    ...backupsDamaged,
    ...backups,
    source: 'tables.get: of time travel, tables that are gone',
  },
});
