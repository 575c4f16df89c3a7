import type { MetricTable } from '../core/metric.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import type { Target } from '../core/target.ts';

/** A target with the objectives that are in force for it. */
export interface JudgedTarget {
  readonly target: Target;
  /** Of its engine. */
  readonly metrics: MetricTable;
  readonly objectives: readonly ObjectiveInForce[];
}
