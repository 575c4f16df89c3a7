import type { ObjectiveMeasure } from '../../src/sdk.ts';
import type { PostgresMetrics } from './metrics.ts';

/** Which metric measures which objective. */
export const postgresObjectives: readonly ObjectiveMeasure<keyof PostgresMetrics>[] = [];
