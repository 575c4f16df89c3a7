import type { ObjectiveMeasure } from '../../src/sdk.ts';
import type { BigqueryMetrics } from './metrics.ts';

/** Which metrics measure the objectives that apply to BigQuery. The budget is the objective's `max`. */
export const bigqueryObjectives: readonly ObjectiveMeasure<keyof BigqueryMetrics>[] = [
  { objective: 'bigquery_spend_usd', metric: 'spendForecastUsd' },
  { objective: 'olap_query_seconds', metric: 'jobP95Seconds' },
  { objective: 'storage_bytes_forecast', metric: 'storageBytes' },
];
