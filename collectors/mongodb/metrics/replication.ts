import { defineMetrics } from '../../../src/sdk.ts';

export const replicationMetrics = defineMetrics({});
