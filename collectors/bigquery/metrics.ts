import { defineMetrics, type GroupContext } from '../../src/sdk.ts';
import { spendMetrics } from './metrics/spend.ts';
import { workMetrics } from './metrics/work.ts';

/** BigQuery's slice of the catalogue, one table an area. */
export const bigqueryMetrics = defineMetrics({ ...spendMetrics, ...workMetrics });

export type BigqueryMetrics = typeof bigqueryMetrics;
export type BigqueryContext = GroupContext<BigqueryMetrics>;
