import { isRetryable } from '../core/errors.ts';
import { fnv1a } from '../core/hash.ts';
import type { Random } from '../core/ports/clock.ts';
import type { GroupReading } from '../core/snapshot.ts';
import type { Target } from '../core/target.ts';
import type { GroupInForce } from './groups-in-force.ts';

/** A latest reading; times in milliseconds that only grow. */
interface Kept {
  readonly reading: GroupReading;
  readonly atMs: number;
  /** How often in a row it failed for a passing reason. */
  readonly retries: number;
  /** Until it is due again. */
  readonly pauseMs: number;
}

/** A slow group that failed for a passing reason is tried again after about this long, then twice that, up to its own cadence. */
const firstRetryMs = 60_000;

export interface KeptReadingsInput {
  readonly target: Target;
  readonly groups: readonly GroupInForce[];
  readonly random: Random;
  /** When the target began to be watched. */
  readonly beganMs: number;
  /** Slow groups are first read at any time within this, so that a fleet does not read all of them at once. */
  readonly slowSpreadMs: number;
}

/** The latest reading of each group of a target: what is due again, and what is young enough to be told. */
export class KeptReadings {
  readonly #input: KeptReadingsInput;
  readonly #byGroup = new Map<string, Kept>();

  constructor(input: KeptReadingsInput) {
    this.#input = input;
  }

  keep(reading: GroupReading, atMs: number): void {
    const { groups, random } = this.#input;
    const everyMs = groups.find(({ group }) => group === reading.group)?.everyMs ?? 0;
    const isPassing = reading.errors.length > 0 && reading.errors.every(({ code }) => isRetryable(code));
    const retries = isPassing ? (this.#byGroup.get(reading.group)?.retries ?? 0) + 1 : 0;
    // Half to one and a half of the step, so that what failed together does not come back together.
    const retryMs = firstRetryMs * 2 ** (retries - 1) * (0.5 + random());
    const pauseMs = retries === 0 ? everyMs : Math.min(everyMs, retryMs);
    this.#byGroup.set(reading.group, { reading, atMs, retries, pauseMs });
  }

  /** A little early is better than a whole interval late. */
  isDue({ group, everyMs }: GroupInForce, nowMs: number): boolean {
    const { target, beganMs, slowSpreadMs } = this.#input;
    const kept = this.#byGroup.get(group);
    const dueAtMs =
      kept === undefined
        ? beganMs + (fnv1a(`${target.id} ${group}`) % Math.max(1, Math.min(everyMs, slowSpreadMs)))
        : kept.atMs + kept.pauseMs;
    return nowMs >= dueAtMs - target.intervalMs / 2;
  }

  /** In the groups' order; a group that has not been read for two of its cadences is not known any more. */
  living(nowMs: number): readonly GroupReading[] {
    const { target, groups } = this.#input;
    return groups.flatMap(({ group, everyMs }) => {
      const kept = this.#byGroup.get(group);
      const lifeMs = 2 * Math.max(everyMs, target.intervalMs) + target.deadlineMs;
      return kept !== undefined && nowMs - kept.atMs <= lifeMs ? [kept.reading] : [];
    });
  }
}
