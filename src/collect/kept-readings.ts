import { isRetryable } from '../core/errors.ts';
import type { GroupReading } from '../core/snapshot.ts';
import type { Target } from '../core/target.ts';
import type { GroupInForce } from './groups-in-force.ts';

/** A latest reading, when it was made in milliseconds that only grow, and how often in a row it had to be tried again. */
interface Kept {
  readonly reading: GroupReading;
  readonly atMs: number;
  readonly retries: number;
}

/** A slow group that failed for a passing reason is tried again after this long, then after twice that, up to its own cadence. */
const firstRetryMs = 60_000;

/** The latest reading of each group of a target: what is due again, and what is young enough to be told. */
export class KeptReadings {
  readonly #target: Target;
  readonly #groups: readonly GroupInForce[];
  readonly #byGroup = new Map<string, Kept>();

  constructor(target: Target, groups: readonly GroupInForce[]) {
    this.#target = target;
    this.#groups = groups;
  }

  keep(reading: GroupReading, atMs: number): void {
    const passing = reading.errors.length > 0 && reading.errors.every(({ code }) => isRetryable(code));
    const retries = passing ? (this.#byGroup.get(reading.group)?.retries ?? 0) + 1 : 0;
    this.#byGroup.set(reading.group, { reading, atMs, retries });
  }

  /** A little early is better than a whole interval late. */
  isDue({ group, everyMs }: GroupInForce, nowMs: number): boolean {
    const kept = this.#byGroup.get(group);
    if (kept === undefined) return true;
    const pauseMs = kept.retries === 0 ? everyMs : Math.min(everyMs, firstRetryMs * 2 ** (kept.retries - 1));
    return nowMs - kept.atMs >= pauseMs - this.#target.intervalMs / 2;
  }

  /** In the groups' order; a group that has not been read for two of its cadences is not known any more. */
  living(nowMs: number): readonly GroupReading[] {
    return this.#groups.flatMap(({ group, everyMs }) => {
      const kept = this.#byGroup.get(group);
      const lifeMs = 2 * Math.max(everyMs, this.#target.intervalMs) + this.#target.deadlineMs;
      return kept !== undefined && nowMs - kept.atMs <= lifeMs ? [kept.reading] : [];
    });
  }
}
