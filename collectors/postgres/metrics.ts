import { defineMetrics } from '../../src/sdk.ts';
import { activityMetrics } from './metrics/activity.ts';
import { backupMetrics } from './metrics/backups.ts';
import { indexMetrics } from './metrics/indexes.ts';
import { maintenanceMetrics } from './metrics/maintenance.ts';
import { replicationMetrics } from './metrics/replication.ts';
import { serverMetrics } from './metrics/server.ts';
import { statementMetrics } from './metrics/statements.ts';
import { storageMetrics } from './metrics/storage.ts';
import { transactionMetrics } from './metrics/transactions.ts';
import { walMetrics } from './metrics/wal.ts';

/** PostgreSQL's slice of the catalogue, one table an area. */
export const postgresMetrics = defineMetrics({
  ...serverMetrics,
  ...storageMetrics,
  ...indexMetrics,
  ...statementMetrics,
  ...activityMetrics,
  ...transactionMetrics,
  ...replicationMetrics,
  ...walMetrics,
  ...maintenanceMetrics,
  ...backupMetrics,
});

export type PostgresMetrics = typeof postgresMetrics;
