import type { ObjectiveMeasure } from '../../src/sdk.ts';
import type { CosmosdbMetrics } from './metrics.ts';

/** Which metrics measure the objectives that apply to Cosmos DB. */
export const cosmosdbObjectives: readonly ObjectiveMeasure<keyof CosmosdbMetrics>[] = [
  { objective: 'request_unit_utilization_ratio', metric: 'utilizationRatio' },
  { objective: 'oltp_query_seconds', metric: 'latencyP95Seconds' },
  { objective: 'storage_bytes_forecast', metric: 'storageBytes' },
];
