import { defineMetrics } from '../../../src/sdk.ts';

export const shardingMetrics = defineMetrics({});
