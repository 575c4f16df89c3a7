import type { Engine } from '../core/engine.ts';
import { type ObjectiveId, objectiveIds, objectives } from '../core/objective.ts';
import type { ObjectiveOverrides } from '../core/objective-in-force.ts';
import { measuresOf } from '../core/proof-metrics.ts';
import type { MaintenanceWindow } from '../core/remediation/settings.ts';
import type { ConfiguredTarget, ObjectiveRule } from './config.ts';
import type { Sections } from './schema/sections.ts';
import { isMatch } from './target-objectives.ts';

/** One line for every part of the file that is checked and has no effect: this version does not act on it yet, or nothing there is meant. */
export function inactiveParts(
  sections: Sections,
  targets: readonly ConfiguredTarget[],
  engines: ReadonlyMap<string, Engine>,
): readonly string[] {
  return [
    ...sections.maintenanceWindows.flatMap((window) => idleWindow(window, targets)),
    ...sections.objectives.flatMap((rule, index) => idleRule(rule, index, targets)),
    ...byText(targets.flatMap((target) => inactiveOfTarget(target, engines.get(target.target.engine)))),
  ];
}

/** `what` of a target is inactive for the reason `why`. */
interface InactivePart {
  readonly what: string;
  readonly target: string;
  readonly why: string;
}

/** More targets than this are counted and not named: a thousand lines help nobody. */
const mostNamed = 5;

/** One line a part; targets that share one are named together. */
function byText(parts: readonly InactivePart[]): readonly string[] {
  const groups = Map.groupBy(parts, ({ what, why }) => `${what}\n${why}`);
  return [...groups.values()].map((group) => {
    const names = group.slice(0, mostNamed).map(({ target }) => target);
    const more = group.length > mostNamed ? ` and ${group.length - mostNamed} more` : '';
    const noun = group.length === 1 ? 'target' : 'targets';
    return `${group[0]?.what ?? ''} of ${noun} ${names.join(', ')}${more}: ${group[0]?.why ?? ''}`;
  });
}

/** A rule that says nothing about any target: probably a label is misspelt. */
function idleRule(
  { match, set }: ObjectiveRule,
  index: number,
  targets: readonly ConfiguredTarget[],
): readonly string[] {
  const matched = targets.filter(({ target }) => isMatch(match, target));
  const labels = Object.entries(match).map(([name, value]) => `${name}=${value}`);
  if (matched.length === 0) return [`objectives[${index}]: no target carries ${labels.join(', ')}`];
  const applied = new Set(matched.flatMap(({ objectives }) => objectives.map(({ id }) => id)));
  return overridden(set)
    .filter((id) => !applied.has(id))
    .map((id) => `objectives[${index}].set.${id}: applies to none of the targets that it matches`);
}

/** A window that matches nothing: what is meant by it may never be changed. */
function idleWindow(
  { name, match }: MaintenanceWindow,
  targets: readonly ConfiguredTarget[],
): readonly string[] {
  if (targets.some(({ target }) => isMatch(match, target))) return [];
  const labels = Object.entries(match).map(([label, value]) => `${label}=${value}`);
  return [`maintenanceWindows ${name}: no target carries ${labels.join(', ')}`];
}

/** What is said about an objective other than that it does not apply. */
function overridden(overrides: ObjectiveOverrides): readonly ObjectiveId[] {
  return objectiveIds.filter((id) => overrides[id] !== undefined && overrides[id].enabled !== false);
}

function inactiveOfTarget(
  { target, objectives: inForce, overrides, remediation }: ConfiguredTarget,
  engine: Engine | undefined,
): readonly InactivePart[] {
  const measured = new Set(engine && measuresOf(engine).map(({ objective }) => objective));
  const applied = new Set(inForce.map(({ id }) => id));
  const idle = overridden(overrides).filter((id) => !applied.has(id));
  const part = (what: string, why: string): InactivePart => ({ what, target: target.id, why });
  return [
    ...idle.map((id) =>
      part(
        `objectives.${id}`,
        measured.has(id)
          ? `is for workload ${objectives[id].workloads?.join(' or ') ?? ''}, not ${target.workload ?? 'none'}`
          : `nothing that Reeve reads from ${target.engine} measures it yet`,
      ),
    ),
    ...(remediation.mode === 'observe' || engine?.createOperations !== undefined
      ? []
      : [
          part(
            'remediation',
            `mode ${remediation.mode} does nothing: Reeve changes nothing on ${target.engine}, it only observes`,
          ),
        ]),
  ];
}
