import { defineMetrics, type GroupContext } from '../../src/sdk.ts';
import { backupMetrics } from './metrics/backups.ts';
import { cacheMetrics } from './metrics/cache.ts';
import { commandMetrics } from './metrics/commands.ts';
import { dataMetrics } from './metrics/data.ts';
import { deploymentMetrics } from './metrics/deployment.ts';
import { replicationMetrics } from './metrics/replication.ts';
import { serverMetrics } from './metrics/server.ts';

/** Redis' slice of the catalogue, one table an area. */
export const redisMetrics = defineMetrics({
  ...serverMetrics,
  ...cacheMetrics,
  ...commandMetrics,
  ...replicationMetrics,
  ...dataMetrics,
  ...deploymentMetrics,
  ...backupMetrics,
});

export type RedisMetrics = typeof redisMetrics;
export type RedisContext = GroupContext<RedisMetrics>;
