import type { FirstSeen } from '../core/ports/history.ts';

/** When a key of a scope was seen, Unix time in milliseconds. */
export interface SeenTimes {
  readonly firstAt: number;
  /** Refreshed at most once in `lastSeenResolutionMs`, so that a key seen at every poll is not written at every poll. */
  readonly lastAt: number;
}

/** What is remembered of one scope. */
export interface SeenScope {
  readonly baseline: number;
  readonly keys: Map<string, SeenTimes>;
}

/** What folding changed, for a store to write. */
export interface SeenChanges {
  readonly seen: FirstSeen;
  readonly written: readonly string[];
  readonly dropped: readonly string[];
}

/** Keys remembered in one scope: four times what pg_stat_statements holds by default. */
const maxKeysPerScope = 20_000;

export const lastSeenResolutionMs = 60 * 60_000;

/**
 * Remembers keys in a scope, in place. At the cap the keys that were not seen for the longest time make room. Keys that do not fit even
 * then are answered with the baseline: better to miss a new key than to call an old one new at every reading.
 */
export function foldFirstSeen(
  scope: SeenScope,
  keys: readonly string[],
  at: number,
  cap: number = maxKeysPerScope,
): SeenChanges {
  const asked = new Set(keys);
  const fresh = [...asked].filter((key) => !scope.keys.has(key));
  const dropped = makeRoom(scope, asked, fresh.length, cap);
  const aged = [...asked].filter((key) => at - (scope.keys.get(key)?.lastAt ?? at) >= lastSeenResolutionMs);
  const fitting = fresh.slice(0, Math.max(0, cap - scope.keys.size));
  const written = [...aged, ...fitting];
  for (const key of written) {
    scope.keys.set(key, { firstAt: scope.keys.get(key)?.firstAt ?? at, lastAt: at });
  }
  const times = new Map<string, number>();
  for (const key of asked) times.set(key, scope.keys.get(key)?.firstAt ?? scope.baseline);
  return { seen: { baseline: scope.baseline, times }, written, dropped };
}

/** Drops the keys unseen for the longest time, never one that was just asked for. */
function makeRoom(scope: SeenScope, asked: ReadonlySet<string>, wanted: number, cap: number): string[] {
  const excess = scope.keys.size + wanted - cap;
  if (excess <= 0) return [];
  const dropped = [...scope.keys]
    .filter(([key]) => !asked.has(key))
    .sort(([, one], [, other]) => one.lastAt - other.lastAt)
    .slice(0, excess)
    .map(([key]) => key);
  for (const key of dropped) scope.keys.delete(key);
  return dropped;
}
