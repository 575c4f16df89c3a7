import { defineMetrics } from '../../../src/sdk.ts';

export const workMetrics = defineMetrics({});
