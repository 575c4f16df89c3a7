import { rememberMs } from '../../core/index-usage.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { FirstSeen } from '../../core/ports/history.ts';
import { foldFirstSeen, lastSeenResolutionMs, type SeenScope } from '../first-seen.ts';
import type { PrunedCache } from './housekeeping.ts';
import type { ScopeHead, SeenTable } from './seen-table.ts';
import type { ChangeSet, WriteBehind } from './write-behind.ts';

interface KnownScope extends SeenScope, ChangeSet {
  readonly id: number;
  /** As it is to be written. */
  lastAt: number;
  askedMs: number;
}

/** First sight of keys in memory, per scope, loaded when a scope is asked for and not there. */
export class SeenCache implements PrunedCache {
  readonly #table: SeenTable;
  readonly #writes: WriteBehind;
  readonly #clock: Clock;
  readonly #scopes = new Map<string, KnownScope>();

  constructor(table: SeenTable, writes: WriteBehind, clock: Clock) {
    this.#table = table;
    this.#writes = writes;
    this.#clock = clock;
  }

  firstSeen(scope: string, keys: readonly string[], at: number): FirstSeen {
    const known = this.#scopes.get(scope) ?? this.#load(scope, at);
    this.#scopes.set(scope, known);
    known.askedMs = this.#clock.monotonicMs();
    const isAged = at - known.lastAt >= lastSeenResolutionMs;
    if (isAged) known.lastAt = at;
    const { seen, written, dropped } = foldFirstSeen(known, keys, at);
    for (const key of dropped) known.changed.add(key);
    for (const key of written) known.changed.add(key);
    if (isAged || known.changed.size > 0) this.#writes.add(known);
    return seen;
  }

  evict(notAskedSinceMs: number): void {
    for (const [name, scope] of this.#scopes)
      if (scope.askedMs <= notAskedSinceMs && !this.#writes.isPending(scope)) this.#scopes.delete(name);
  }

  holds(id: number): boolean {
    return [...this.#scopes.values()].some((scope) => scope.id === id);
  }

  #load(scope: string, at: number): KnownScope {
    const table = this.#table;
    const stored = table.scope(scope);
    const head: ScopeHead = stored ?? { id: table.nextId(), baseline: at, lastAt: Number.NEGATIVE_INFINITY };
    const keys = stored === undefined ? new Map() : table.keys(head.id);
    const known: KnownScope = {
      ...head,
      // Of a scope that is that old some keys may be deleted already; what is not known any more is not new.
      baseline: at - head.lastAt < rememberMs ? head.baseline : at,
      keys,
      askedMs: 0,
      changed: new Set(),
      write(key) {
        const times = keys.get(key);
        if (times === undefined) table.dropKey(head.id, key);
        else table.putKey(head.id, key, times);
      },
      finish: () => table.putScope(scope, known),
    };
    return known;
  }
}
