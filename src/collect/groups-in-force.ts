import type { Engine } from '../core/engine.ts';
import type { Target } from '../core/target.ts';

/** A group that is read, and when. */
export interface GroupInForce {
  readonly group: string;
  /** How often at most, in milliseconds; 0 at every collection. */
  readonly everyMs: number;
  /** Set for a group that is read beside the collections: it is given up after this, in milliseconds. */
  readonly apartDeadlineMs?: number;
  /** Set for a group whose reading costs money: never again within this, in milliseconds. At most `everyMs`. */
  readonly paidEveryMs?: number;
}

/** The engine's groups in their order, as the operator wants them read and as far as that costs nobody more than the engine allows. */
export function groupsInForce(engine: Engine, target: Target): readonly GroupInForce[] {
  return Object.entries(engine.groups).flatMap(([group, { everyMs, apartDeadlineMs, paidEveryMs }]) => {
    const settings = target.groups[group];
    if (settings?.enabled === false) return [];
    // What is read apart has no place in the collection itself, however often it is wanted.
    const leastMs = Math.max(paidEveryMs ?? 0, apartDeadlineMs === undefined ? 0 : target.intervalMs);
    return [
      {
        group,
        everyMs: Math.max(settings?.everyMs ?? everyMs, leastMs),
        ...(apartDeadlineMs === undefined ? {} : { apartDeadlineMs }),
        ...(paidEveryMs === undefined ? {} : { paidEveryMs }),
      },
    ];
  });
}
