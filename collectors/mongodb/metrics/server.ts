import { defineMetrics } from '../../../src/sdk.ts';

export const serverMetrics = defineMetrics({});
