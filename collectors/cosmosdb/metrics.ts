import { defineMetrics, type GroupContext } from '../../src/sdk.ts';
import { accountMetrics } from './metrics/account.ts';
import { backupMetrics } from './metrics/backup.ts';
import { consumptionMetrics, latencyMetrics } from './metrics/consumption.ts';
import { storageMetrics } from './metrics/storage.ts';
import { partitionMetrics, throughputMetrics } from './metrics/throughput.ts';

/** Cosmos DB's slice of the catalogue, one table an area. */
export const cosmosdbMetrics = defineMetrics({
  ...accountMetrics,
  ...consumptionMetrics,
  ...latencyMetrics,
  ...throughputMetrics,
  ...partitionMetrics,
  ...storageMetrics,
  ...backupMetrics,
});

export type CosmosdbMetrics = typeof cosmosdbMetrics;
export type CosmosdbContext = GroupContext<CosmosdbMetrics>;
