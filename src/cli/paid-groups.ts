import { groupsInForce } from '../collect/groups-in-force.ts';
import type { ConfiguredTarget } from '../config/config.ts';
import type { Engine } from '../core/engine.ts';

/** A sentence for each group that costs money to read: of which targets it was left out, and what reading it costs. */
export function paidGroupNotes(
  targets: readonly ConfiguredTarget[],
  engines: ReadonlyMap<string, Engine>,
): readonly string[] {
  const ids = new Map<string, string[]>();
  for (const { target } of targets) {
    const engine = engines.get(target.engine);
    for (const { group, paidEveryMs } of engine === undefined ? [] : groupsInForce(engine, target)) {
      if (engine === undefined || paidEveryMs === undefined) continue;
      const key = `group ${group} was left out because reading it costs money (${costOf(engine, group)})`;
      ids.set(key, [...(ids.get(key) ?? []), target.id]);
    }
  }
  return [...ids].map(([reason, of]) => `${of.join(', ')}: ${reason}; --paid reads it, and each time costs`);
}

/** In the words of the group's metrics. */
function costOf({ metrics }: Engine, group: string): string {
  const costs = Object.values(metrics).filter((metric) => metric.group === group);
  return [...new Set(costs.map(({ cost }) => cost.replace(/\.$/, '')))].join('; ');
}
