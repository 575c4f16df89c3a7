import type { GuardMeasure } from '../../src/sdk.ts';
import type { BigqueryMetrics } from './metrics.ts';

type Guard = Omit<GuardMeasure, 'metric'> & { readonly metric: keyof BigqueryMetrics };

/** What says that a target suffers. Both are read every quarter of an hour, for they cost money. */
export const bigqueryGuards: readonly Guard[] = [
  { guard: 'errors', metric: 'failedJobs', kind: 'gauge', tolerance: 0.5, floor: 5 },
  { guard: 'latency', metric: 'jobP95Seconds', kind: 'gauge', tolerance: 0.5, floor: 5 },
  { guard: 'latency', metric: 'queuedP95Seconds', kind: 'gauge', tolerance: 0.5, floor: 5 },
];
