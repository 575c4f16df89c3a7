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

function inactiveOfTarget(
  { target, objectives, remediation }: ConfiguredTarget,
  engine: Engine | undefined,
): readonly InactivePart[] {
  const overridden = overriddenObjectives(objectives);
  const measured = new Set(engine?.objectives.map(({ objective }) => objective));
  const foreign = overridden.filter((id) => !measured.has(id));
  const part = (what: string, why: string): InactivePart => ({ what, target: target.id, why });
  return [
    ...(overridden.length === 0 ? [] : [part('objectives', 'validated, not evaluated yet')]),
    ...foreign.map((id) =>
      part(`objectives.${id}`, `nothing that Reeve reads from ${target.engine} measures it yet`),
    ),
    ...(remediation.mode === 'observe'
      ? []
      : [part('remediation', `mode ${remediation.mode} is validated, not active yet; Reeve only observes`)]),
  ];
}
