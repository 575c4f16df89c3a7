import type { ObjectiveMeasure } from '../../src/sdk.ts';
import type { CosmosdbMetrics } from './metrics.ts';

/** Which metrics measure the objectives that apply to Cosmos DB. Azure keeps the backups and tells of no restore test of them. */
export const cosmosdbObjectives: readonly ObjectiveMeasure<keyof CosmosdbMetrics>[] = [
  { objective: 'oltp_query_seconds', metric: 'latencyP95Seconds', subject: ['database', 'container'] },
  { objective: 'olap_query_seconds', metric: 'latencyP95Seconds', subject: ['database', 'container'] },
  {
    objective: 'request_unit_utilization_ratio',
    metric: 'utilizationP95Ratio',
    subject: ['database', 'container', 'region'],
    page: [{ metric: 'throttledThroughputRatio', above: 0, side: 'max' }],
    withoutMinimum: 'atMinimumThroughput',
    exempt: 'serverless',
  },
  {
    objective: 'storage_bytes_forecast',
    metric: 'storageBytes',
    statistic: 'forecast',
    subject: ['database'],
  },
];
