import type { Engine, ObjectiveMeasure } from './engine.ts';
import {
  type ObjectiveDefinition,
  type ObjectiveId,
  objectiveIds,
  objectives,
  type Severity,
} from './objective.ts';
import { measuresOf } from './proof-metrics.ts';
import type { Workload } from './workload.ts';

/** What the operator changed about an objective, in the objective's own unit. */
export interface ObjectiveOverride {
  readonly enabled?: boolean | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly forMs?: number | undefined;
  readonly windowMs?: number | undefined;
  readonly minimumBasis?: number | undefined;
  readonly severity?: Severity | undefined;
  /** Share of 30 days that may be spent in breach. */
  readonly budget?: number | undefined;
  /** Day the projection is for, `YYYY-MM-DD`; storage_bytes_forecast only. In 90 days when absent. */
  readonly by?: string | undefined;
  /** Space there is for all databases of the target together, in bytes; storage_bytes_forecast only. */
  readonly capacityBytes?: number | undefined;
}

export type ObjectiveOverrides = Readonly<Partial<Record<ObjectiveId, ObjectiveOverride>>>;

/** An objective as it holds for one target: the definition with the overrides of label rules and of the target applied. */
export interface ObjectiveInForce extends ObjectiveDefinition {
  readonly id: ObjectiveId;
  /** Which metric of the target's engine measures it. */
  readonly measure: ObjectiveMeasure;
  readonly by?: string | undefined;
  readonly capacityBytes?: number | undefined;
}

/**
 * The objectives of one target, in the order of `objectiveIds`. An objective applies when the engine measures it, the target's workload is
 * one of its workloads, and nobody switched it off; of several overrides the last that says something wins.
 */
export function objectivesInForce(
  engine: Pick<Engine, 'objectives' | 'proves'>,
  workload: Workload | undefined,
  overrides: readonly ObjectiveOverrides[],
): readonly ObjectiveInForce[] {
  const measures = measuresOf(engine);
  return objectiveIds.flatMap((id) => {
    const measure = measures.find(({ objective }) => objective === id);
    const definition = objectives[id];
    const said = overrides.flatMap((all) => all[id] ?? []);
    const enabled = said.findLast((one) => one.enabled !== undefined)?.enabled ?? true;
    const { workloads } = definition;
    const applies = workloads === undefined || (workload !== undefined && workloads.includes(workload));
    if (!(enabled && applies && measure !== undefined)) return [];
    return [said.reduce(withOverride, { ...definition, id, measure })];
  });
}

/** The objective with what one more override says; `enabled` is for whoever makes the list. */
export function withOverride(before: ObjectiveInForce, said: ObjectiveOverride): ObjectiveInForce {
  const { min = before.bound.min, max = before.bound.max } = said;
  const { forMs = before.forMs, windowMs = before.windowMs, minimumBasis = before.minimumBasis } = said;
  const { by = before.by, capacityBytes = before.capacityBytes } = said;
  return {
    ...before,
    bound: { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) },
    forMs,
    // A shorter `for` asks for a quicker answer in both directions.
    clearForMs: said.forMs === undefined ? before.clearForMs : Math.min(before.clearForMs, forMs),
    ...(windowMs === undefined ? {} : { windowMs }),
    ...(minimumBasis === undefined ? {} : { minimumBasis }),
    severity: said.severity ?? before.severity,
    budget: said.budget ?? before.budget,
    ...(by === undefined ? {} : { by }),
    ...(capacityBytes === undefined ? {} : { capacityBytes }),
  };
}
