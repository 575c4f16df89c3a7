import { rememberMs } from '../../core/index-usage.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Pruning } from './pruning.ts';
import type { ChangeSet, WriteBehind } from './write-behind.ts';

/** A cache in front of a pair of tables. */
export interface PrunedCache {
  /** Lets go of what nobody asked for since then (monotonic milliseconds) and of heads last seen before, as far as they are written. */
  evict(notAskedSinceMs: number, unseenSince: number): void;
  /** Whether the head with this number is in memory. */
  holds(id: number): boolean;
}

export interface Household {
  readonly cache: PrunedCache;
  readonly pruning: Pruning;
}

/** A table that is kept from growing by itself. */
export interface Sweep {
  /** One step, in the transaction of the caller; true when it deleted something. */
  step(): boolean;
}

/** What nobody asked for in this time is read from disk again when somebody does. */
const idleMs = 3_600_000;
/** Rest after a look that found nothing to delete. */
const restMs = 3_600_000;
/** Rest between two looks through the caches. */
const evictEveryMs = 600_000;

/**
 * Keeps the store and its caches from growing with targets and databases that are gone. What was not seen for 400 days before the latest
 * reading is deleted, one short step in a round of writes. Old is measured against the latest reading, not the clock: a store that was
 * not in use for years loses nothing when it is opened.
 */
export class Housekeeping implements ChangeSet {
  readonly changed = new Set<string>();
  readonly #households: readonly Household[];
  readonly #sweeps: readonly Sweep[];
  readonly #writes: WriteBehind;
  readonly #clock: Clock;
  #pruneAtMs = 0;
  #evictAtMs = 0;

  constructor(households: readonly Household[], sweeps: readonly Sweep[], writes: WriteBehind, clock: Clock) {
    this.#households = households;
    this.#sweeps = sweeps;
    this.#writes = writes;
    this.#clock = clock;
    this.#pruneAtMs = clock.monotonicMs();
    this.#evictAtMs = clock.monotonicMs() + evictEveryMs;
  }

  /** To be called after every reading; costs nothing while nothing is due. */
  tick(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#evictAtMs) {
      this.#evictAtMs = nowMs + evictEveryMs;
      for (const { cache, pruning } of this.#households) cache.evict(nowMs - idleMs, unseenSince(pruning));
    }
    if (nowMs >= this.#pruneAtMs) this.#writes.add(this);
  }

  /** Never called: there is nothing to write but the end. */
  write(): void {}

  /** One step of each; when none has anything to do, the next is due after a rest. */
  finish(): void {
    const steps = this.#households.map(({ cache, pruning }) =>
      pruning.step(unseenSince(pruning), (id) => cache.holds(id)),
    );
    steps.push(...this.#sweeps.map((sweep) => sweep.step()));
    if (!steps.includes(true)) this.#pruneAtMs = this.#clock.monotonicMs() + restMs;
  }
}

function unseenSince(pruning: Pruning): number {
  return (pruning.newestAt() ?? 0) - rememberMs;
}
