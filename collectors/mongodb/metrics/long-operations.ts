import { defineMetrics } from '../../../src/sdk.ts';

export const longOperationMetrics = defineMetrics({});
