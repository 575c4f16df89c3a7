import type { GuardMeasure } from '../../src/sdk.ts';
import type { PostgresMetrics } from './metrics.ts';

type Guard = GuardMeasure & { readonly metric: keyof PostgresMetrics };

/** What says that a PostgreSQL target suffers, compared before and after every change. */
export const postgresGuards: readonly Guard[] = [
  // A fifth of the objective's bound: on a busy machine the p95 of fast statements moves by less than that from minute to minute; what the change touches is compared statement by statement.
  { guard: 'latency', metric: 'statementP95Seconds', kind: 'gauge', tolerance: 0.3, floor: 0.02 },
  { guard: 'lag', metric: 'replicationLagSeconds', kind: 'gauge', tolerance: 0.5, floor: 1 },
  { guard: 'errors', metric: 'deadlocks', kind: 'counter', tolerance: 0.5, floor: 0.01 },
  { guard: 'errors', metric: 'rollbacks', kind: 'counter', tolerance: 1, floor: 1 },
  { guard: 'latency', metric: 'blockedSessions', kind: 'gauge', tolerance: 0.5, floor: 5 },
];
