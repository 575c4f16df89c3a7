import type { GuardMeasure } from '../../src/sdk.ts';

/** What says that an account suffers. A floor is what a quiet one does by itself. */
export const cosmosdbGuards: readonly GuardMeasure[] = [
  { guard: 'throttling', metric: 'throttledRatio', kind: 'gauge', tolerance: 0.5, floor: 0.01 },
  { guard: 'latency', metric: 'latencyP95Seconds', kind: 'gauge', tolerance: 0.5, floor: 0.005 },
  { guard: 'lag', metric: 'replicationLatencySeconds', kind: 'gauge', tolerance: 0.5, floor: 1 },
];
