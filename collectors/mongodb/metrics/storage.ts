import { defineMetrics } from '../../../src/sdk.ts';

export const storageMetrics = defineMetrics({});
