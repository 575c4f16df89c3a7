import type { GuardMeasure } from '../../src/sdk.ts';

/** What says that a deployment suffers. A floor is what a quiet one does by itself. */
export const mongodbGuards: readonly GuardMeasure[] = [
  {
    guard: 'latency',
    metric: 'latencyMeanSeconds',
    where: { operation: 'reads' },
    kind: 'gauge',
    tolerance: 0.5,
    floor: 0.005,
  },
  {
    guard: 'latency',
    metric: 'latencyMeanSeconds',
    where: { operation: 'writes' },
    kind: 'gauge',
    tolerance: 0.5,
    floor: 0.005,
  },
  {
    guard: 'errors',
    metric: 'assertsTotal',
    where: { kind: 'user' },
    kind: 'counter',
    tolerance: 0.5,
    floor: 1,
  },
  { guard: 'lag', metric: 'lagSeconds', kind: 'gauge', tolerance: 0.5, floor: 10 },
  { guard: 'throttling', metric: 'ticketQueue', kind: 'gauge', tolerance: 0.5, floor: 10 },
];
