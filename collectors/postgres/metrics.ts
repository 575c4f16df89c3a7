import { defineMetrics } from '../../src/sdk.ts';
import { serverMetrics } from './metrics/server.ts';

/** PostgreSQL's slice of the catalogue, one table an area. */
export const postgresMetrics = defineMetrics({ ...serverMetrics });

export type PostgresMetrics = typeof postgresMetrics;
