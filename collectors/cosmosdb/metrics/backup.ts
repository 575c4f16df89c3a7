import { defineMetrics } from '../../../src/sdk.ts';
import { accountGauge } from './sources.ts';

const backups = {
  ...accountGauge,
  group: 'backups',
  labels: {},
  docs: 'https://learn.microsoft.com/azure/cosmos-db/online-backup-and-restore',
  cost: 'none of its own: the account is read anyway',
} as const;

export const backupMetrics = defineMetrics({
  backupContinuous: {
    ...backups,
    name: 'reeve_cosmosdb_backup_continuous',
    help: 'Whether Azure backs the account up continuously, so that it can be restored to a point in time (1), or at intervals (0); a policy proves no restore; absent on the data plane.',
    source: 'properties.backupPolicy.type',
  },
  backupRetentionSeconds: {
    ...backups,
    name: 'reeve_cosmosdb_backup_retention_seconds',
    unit: 'seconds',
    help: 'How far back the account can be restored by its backup policy; absent on the data plane.',
    source:
      'properties.backupPolicy: continuousModeProperties.tier, periodicModeProperties.backupRetentionIntervalInHours',
  },
  backupIntervalSeconds: {
    ...backups,
    name: 'reeve_cosmosdb_backup_interval_seconds',
    unit: 'seconds',
    help: 'Time from one periodic backup to the next, at most as much as would be lost; absent where backups are continuous, and on the data plane.',
    source: 'properties.backupPolicy.periodicModeProperties.backupIntervalInMinutes',
  },
  backupOutlivesRegion: {
    ...backups,
    name: 'reeve_cosmosdb_backup_outlives_region',
    help: 'Whether a backup is left when a region is lost (1): geo-redundant ones, and continuous ones of an account with several regions; or not (0).',
    source: 'properties.backupPolicy.periodicModeProperties.backupStorageRedundancy; properties.locations',
  },
});
