import type { GuardMeasure } from '../../src/sdk.ts';

/** What says that a deployment suffers. A floor is what a quiet one does by itself. */
export const redisGuards: readonly GuardMeasure[] = [
  { guard: 'latency', metric: 'latencyP99Seconds', kind: 'gauge', tolerance: 0.5, floor: 0.001 },
  { guard: 'errors', metric: 'errorRepliesTotal', kind: 'counter', tolerance: 0.5, floor: 1 },
  { guard: 'lag', metric: 'lagSeconds', kind: 'gauge', tolerance: 0.5, floor: 2 },
  { guard: 'throttling', metric: 'connectionsRejectedTotal', kind: 'counter', tolerance: 0.5, floor: 0.1 },
];
