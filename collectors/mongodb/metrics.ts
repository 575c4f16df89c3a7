import { defineMetrics, type GroupContext } from '../../src/sdk.ts';
import { backupMetrics } from './metrics/backups.ts';
import { indexMetrics } from './metrics/indexes.ts';
import { longOperationMetrics } from './metrics/long-operations.ts';
import { replicationMetrics } from './metrics/replication.ts';
import { serverMetrics } from './metrics/server.ts';
import { shardingMetrics } from './metrics/sharding.ts';
import { storageMetrics } from './metrics/storage.ts';
import { workMetrics } from './metrics/work.ts';

/** MongoDB's slice of the catalogue, one table an area. */
export const mongodbMetrics = defineMetrics({
  ...serverMetrics,
  ...workMetrics,
  ...replicationMetrics,
  ...indexMetrics,
  ...storageMetrics,
  ...longOperationMetrics,
  ...shardingMetrics,
  ...backupMetrics,
});

export type MongodbMetrics = typeof mongodbMetrics;
export type MongodbContext = GroupContext<MongodbMetrics>;
