import type { Engine } from '../core/engine.ts';
import type { ConfiguredTarget } from './config.ts';
import { overriddenObjectives } from './schema/objectives.ts';
import type { Sections } from './schema/sections.ts';

/** One line for every part of the file that is checked and that this version does not act on yet. */
export function inactiveParts(
  sections: Sections,
  written: ReadonlySet<string>,
  targets: readonly ConfiguredTarget[],
  engines: ReadonlyMap<string, Engine>,
): readonly string[] {
  const parts = [
    { is: sections.objectives.length > 0, text: 'objectives: validated, not evaluated yet' },
    {
      is: written.has('remediation'),
      text: 'remediation: validated, nothing is changed on any database yet',
    },
    { is: sections.maintenanceWindows.length > 0, text: 'maintenanceWindows: validated, not used yet' },
    {
      is: sections.control !== undefined,
      text: 'control: validated, not listening yet; the control socket in the store folder is',
    },
    {
      is: sections.store.url !== undefined,
      text: `store.url: validated, not used yet; this version keeps its store in ${sections.store.path}`,
    },
  ];
  return [
    ...parts.filter(({ is }) => is).map(({ text }) => text),
    ...targets.flatMap((target) => inactiveOfTarget(target, engines.get(target.target.engine))),
  ];
}

function inactiveOfTarget(
  { target, objectives, remediation }: ConfiguredTarget,
  engine: Engine | undefined,
): readonly string[] {
  const overridden = overriddenObjectives(objectives);
  const measured = new Set(engine?.objectives.map(({ objective }) => objective));
  const foreign = overridden.filter((id) => !measured.has(id));
  return [
    ...(overridden.length === 0 ? [] : [`objectives of target ${target.id}: validated, not evaluated yet`]),
    ...foreign.map(
      (id) =>
        `objectives.${id} of target ${target.id}: nothing that Reeve reads from ${target.engine} measures it yet`,
    ),
    ...(remediation.mode === 'observe'
      ? []
      : [
          `remediation of target ${target.id}: mode ${remediation.mode} is validated, not active yet; Reeve only observes`,
        ]),
  ];
}
