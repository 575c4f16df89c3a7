import type { Engine } from '../core/engine.ts';
import { type ObjectiveId, objectiveIds, objectives } from '../core/objective.ts';
import {
  type ObjectiveInForce,
  type ObjectiveOverride,
  type ObjectiveOverrides,
  objectivesInForce,
} from '../core/objective-in-force.ts';
import type { Target } from '../core/target.ts';
import type { ObjectiveRule } from './config.ts';
import type { Problem } from './problems.ts';

/** What of a target decides which rules hold for it. */
export type LabelledTarget = Pick<Target, 'id' | 'engine' | 'labels' | 'workload'>;

export interface TargetObjectives {
  readonly objectives: readonly ObjectiveInForce[];
  /** Windows that somebody changed, by objective, in milliseconds; only of what the engine measures over a window of its own. */
  readonly windowsMs: Target['windowsMs'];
}

/** Applies the rules in their order, and then what the target says itself. */
export function targetObjectives(
  target: LabelledTarget,
  engine: Engine,
  rules: readonly ObjectiveRule[],
  own: ObjectiveOverrides,
): TargetObjectives {
  const layers = [...rules.filter(({ match }) => isMatch(match, target)).map(({ set }) => set), own];
  const inForce = objectivesInForce(engine, target.workload, layers);
  const windows = inForce.flatMap(({ id, measure }) => {
    const windowMs = lastSaid(layers, id, 'windowMs');
    const { statistic = 'value' } = measure;
    return windowMs === undefined || statistic !== 'value' ? [] : [[id, windowMs] as const];
  });
  return { objectives: inForce, windowsMs: Object.fromEntries(windows) };
}

/** Whether a target carries all of these labels; `target` and `engine` count as labels. */
export function isMatch(match: ObjectiveRule['match'], { id, engine, labels }: LabelledTarget): boolean {
  const carried = new Map(Object.entries({ ...labels, target: id, engine }));
  return Object.entries(match).every(([name, value]) => carried.get(name) === value);
}

/** Bounds that contradict each other once rules and target are put together, and bounds that are missing although something is said. */
export function objectiveProblems(
  target: LabelledTarget,
  path: readonly PropertyKey[],
  rules: readonly ObjectiveRule[],
  own: ObjectiveOverrides,
): readonly Problem[] {
  const layers: readonly Layer[] = [
    ...rules.flatMap(({ match, set }, index) =>
      isMatch(match, target) ? [{ path: ['objectives', index, 'set'], set }] : [],
    ),
    { path: [...path, 'objectives'], set: own },
  ];
  return objectiveIds.flatMap((id) => {
    const said = layers.findLast(({ set }) => set[id] !== undefined);
    if (said === undefined) return [];
    const message = contradiction(
      id,
      layers.map(({ set }) => set),
      own[id] !== undefined,
    );
    return message === undefined ? [] : [{ path: [...said.path, id], message: message + who(target, said) }];
  });
}

interface Layer {
  readonly path: readonly PropertyKey[];
  readonly set: ObjectiveOverrides;
}

/** A rule holds for many targets; its problem says for which one. */
function who({ id }: LabelledTarget, { path }: Layer): string {
  return path[0] === 'objectives' ? ` on target ${id}` : '';
}

function contradiction(
  id: ObjectiveId,
  layers: readonly ObjectiveOverrides[],
  isOwn: boolean,
): string | undefined {
  if (lastSaid(layers, id, 'enabled') === false) return undefined;
  const { bound } = objectives[id];
  const min = lastSaid(layers, id, 'min') ?? bound.min;
  const max = lastSaid(layers, id, 'max') ?? bound.max;
  if (min !== undefined && max !== undefined && min > max) return `min (${min}) is above max (${max})`;
  const isBounded =
    min !== undefined || max !== undefined || lastSaid(layers, id, 'capacityBytes') !== undefined;
  // A rule may set something of an objective whose bound each target gives, or does not give yet.
  return isBounded || !isOwn
    ? undefined
    : 'gets no bound: it has no default, so give max (or enabled: false)';
}

function lastSaid<K extends keyof ObjectiveOverride>(
  layers: readonly ObjectiveOverrides[],
  id: ObjectiveId,
  key: K,
): ObjectiveOverride[K] {
  return layers.findLast((layer) => layer[id]?.[key] !== undefined)?.[id]?.[key];
}
