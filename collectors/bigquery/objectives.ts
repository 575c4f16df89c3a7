import type { ObjectiveMeasure } from '../../src/sdk.ts';
import type { BigqueryMetrics } from './metrics.ts';

/** Which metrics measure the objectives that apply to BigQuery. The budget of each project is the objective's `max`. */
export const bigqueryObjectives: readonly ObjectiveMeasure<keyof BigqueryMetrics>[] = [
  {
    objective: 'bigquery_spend_usd',
    metric: 'spendForecastUsd',
    subject: ['project'],
    where: { window: 'month' },
    page: [
      { metric: 'spendForecastLowerUsd', where: { window: 'month' }, side: 'max' },
      { metric: 'spendUsd', where: { window: 'month' }, side: 'max', standsIn: true },
    ],
  },
  { objective: 'olap_query_seconds', metric: 'jobP95Seconds', subject: ['project', 'region'] },
  {
    objective: 'storage_bytes_forecast',
    metric: 'storageBytes',
    statistic: 'forecast',
    subject: ['database'],
  },
];
