import type { Engine } from '../core/engine.ts';
import type { Target } from '../core/target.ts';

/** A group that is read, and how often at most, in milliseconds; 0 at every collection. */
export interface GroupInForce {
  readonly group: string;
  readonly everyMs: number;
}

/** The engine's groups in their order, as the operator wants them read. */
export function groupsInForce(engine: Engine, target: Target): readonly GroupInForce[] {
  return Object.entries(engine.groups).flatMap(([group, { everyMs }]) => {
    const settings = target.groups[group];
    return settings?.enabled === false ? [] : [{ group, everyMs: settings?.everyMs ?? everyMs }];
  });
}
