import { defineMetrics, type GroupContext } from '../../src/sdk.ts';
import { backupMetrics } from './metrics/backups.ts';
import { spendMetrics } from './metrics/spend.ts';
import { workMetrics } from './metrics/work.ts';

/** BigQuery's slice of the catalogue, one table an area. */
export const bigqueryMetrics = defineMetrics({ ...spendMetrics, ...workMetrics, ...backupMetrics });

export type BigqueryMetrics = typeof bigqueryMetrics;
export type BigqueryContext = GroupContext<BigqueryMetrics>;
