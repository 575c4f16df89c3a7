import type { CheckItem } from '../core/check-item.ts';
import type { Engine } from '../core/engine.ts';
import type { ObjectiveId } from '../core/objective.ts';

/** What cannot be known while something is missing. */
export interface Blindness {
  readonly groups: readonly string[];
  /** Names as published, in the order of the engine's table. */
  readonly metrics: readonly string[];
  readonly objectives: readonly ObjectiveId[];
}

/** Derives what a missing privilege or setting blinds: from groups to their metrics, from metrics to objectives. */
export function blindness(engine: Engine, item: CheckItem): Blindness {
  const all = item.severity === 'fatal' && item.groups.length === 0;
  const groups = all ? Object.keys(engine.groups) : item.groups;
  const blind = Object.entries(engine.metrics).filter(([key, { group }]) =>
    item.metrics === undefined || all ? groups.includes(group) : item.metrics.includes(key),
  );
  const keys = new Set(blind.map(([key]) => key));
  const objectives = engine.objectives.filter(({ metric }) => keys.has(metric));
  return {
    groups,
    metrics: [...new Set(blind.map(([, { name }]) => name))],
    objectives: [...new Set(objectives.map(({ objective }) => objective))],
  };
}
