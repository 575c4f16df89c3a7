import { isRetryable } from '../core/errors.ts';
import { fnv1a } from '../core/hash.ts';
import type { Clock, Random } from '../core/ports/clock.ts';
import type { GroupReading } from '../core/snapshot.ts';
import type { Target } from '../core/target.ts';
import { askedPauseMs, longestAskedMs } from './backoff.ts';
import { failedReading } from './group-context.ts';
import type { GroupInForce } from './groups-in-force.ts';
import type { ReadingMemory } from './reading-memory.ts';

/** A latest reading; times in milliseconds that only grow. */
interface Kept {
  /** Absent when a paid one was begun and none has ended. */
  readonly reading: GroupReading | undefined;
  readonly atMs: number;
  /** How often in a row it failed for a passing reason. */
  readonly retries: number;
  readonly dueAtMs: number;
  /** Not before this, whoever asks: the service wants a pause. */
  readonly throttledUntilMs: number;
}

/** A slow group that failed for a passing reason is tried again after about this long, then twice that, up to its own cadence. */
const firstRetryMs = 60_000;

export interface KeptReadingsInput {
  readonly target: Target;
  readonly groups: readonly GroupInForce[];
  readonly clock: Clock;
  readonly random: Random;
  /** Slow groups are first read at any time within this, so that a fleet does not read all of them at once. */
  readonly slowSpreadMs: number;
  /** Where readings that cost money outlive the process; without it they do not. */
  readonly memory: ReadingMemory | undefined;
}

/** The latest reading of each group of a target: what is due again, and what is young enough to be told. */
export class KeptReadings {
  readonly #input: KeptReadingsInput;
  readonly #beganMs: number;
  readonly #byGroup = new Map<string, Kept>();
  readonly #lastSuccess = new Map<string, number>();

  constructor(input: KeptReadingsInput) {
    this.#input = input;
    this.#beganMs = input.clock.monotonicMs();
    for (const group of input.groups) if (group.paidEveryMs !== undefined) this.#recall(group);
  }

  /** When each group was last read without an error, Unix time in milliseconds. */
  get lastSuccess(): ReadonlyMap<string, number> {
    return this.#lastSuccess;
  }

  /** Says that a group is about to be read: what costs money counts as spent from here on, however it ends. */
  begin(group: GroupInForce): void {
    if (group.paidEveryMs === undefined) return;
    const { clock, memory } = this.#input;
    const nowMs = clock.monotonicMs();
    const { reading, atMs = nowMs, retries = 0 } = this.#byGroup.get(group.group) ?? {};
    const dueAtMs = nowMs + group.everyMs;
    this.#byGroup.set(group.group, { reading, atMs, retries, dueAtMs, throttledUntilMs: 0 });
    const lastSuccess = this.#lastSuccess.get(group.group);
    memory?.write(group.group, { triedAt: clock.now(), lastSuccess, reading }, 'now');
  }

  keep(group: GroupInForce, reading: GroupReading): void {
    const { clock, memory } = this.#input;
    const atMs = clock.monotonicMs();
    const { errors, at } = reading;
    const retries = mayPassSoon(group, reading) ? (this.#byGroup.get(group.group)?.retries ?? 0) + 1 : 0;
    const pauseMs = Math.max(this.#pauseMs(group, retries), askedPauseMs(errors));
    const throttledUntilMs = atMs + askedPauseMs(errors);
    this.#byGroup.set(group.group, { reading, atMs, retries, dueAtMs: atMs + pauseMs, throttledUntilMs });
    if (errors.length === 0) this.#lastSuccess.set(group.group, at);
    if (group.paidEveryMs === undefined) return;
    const lastSuccess = this.#lastSuccess.get(group.group);
    memory?.write(group.group, {
      triedAt: at,
      retryMs: retries === 0 ? undefined : pauseMs,
      lastSuccess,
      reading,
    });
  }

  /** A little early is better than a whole interval late; not where it costs money. */
  isDue(group: GroupInForce, nowMs: number): boolean {
    const { target, slowSpreadMs } = this.#input;
    const kept = this.#byGroup.get(group.group);
    const earlyMs = group.paidEveryMs === undefined ? target.intervalMs / 2 : 0;
    if (kept !== undefined) return nowMs >= kept.dueAtMs - earlyMs && !this.isThrottled(group, nowMs);
    const spreadMs = Math.max(1, Math.min(group.everyMs, slowSpreadMs));
    return nowMs >= this.#beganMs + (fnv1a(`${target.id} ${group.group}`) % spreadMs) - earlyMs;
  }

  /** Whether the service wants no further reading of the group yet. */
  isThrottled({ group }: GroupInForce, nowMs: number): boolean {
    return nowMs < (this.#byGroup.get(group)?.throttledUntilMs ?? 0);
  }

  /** In the groups' order; a group that has not been read for two of its cadences is not known any more. */
  living(nowMs: number): readonly GroupReading[] {
    const { target, groups } = this.#input;
    const living: GroupReading[] = [];
    for (const { group, everyMs, apartDeadlineMs = target.deadlineMs } of groups) {
      const kept = this.#byGroup.get(group);
      if (kept?.reading === undefined) continue;
      const lifeMs = 2 * Math.max(everyMs, target.intervalMs) + apartDeadlineMs;
      // What failed goes on being said while nobody may try again: there is nothing in it that grows old.
      const isPaused = kept.reading.state === 'failed' && nowMs <= kept.dueAtMs + target.intervalMs;
      if (isPaused || nowMs - kept.atMs <= lifeMs) living.push(kept.reading);
    }
    return living;
  }

  #pauseMs({ everyMs, paidEveryMs }: GroupInForce, retries: number): number {
    if (retries === 0) return everyMs;
    // Half to one and a half of the step, so that what failed together does not come back together.
    const retryMs = firstRetryMs * 2 ** (retries - 1) * (0.5 + this.#input.random());
    return Math.min(everyMs, paidEveryMs === undefined ? retryMs : Math.max(firstRetryMs, retryMs));
  }

  /** Takes up what the process before this one read. A clock that was set back makes a reading young, never due later than its cadence. */
  #recall(group: GroupInForce): void {
    const { clock, memory } = this.#input;
    const remembered = memory?.recall(group.group);
    if (remembered === undefined) return;
    const { triedAt, retryMs = group.everyMs, lastSuccess, reading } = remembered;
    const monotonicOf = (at: number): number => clock.monotonicMs() - Math.max(0, clock.now() - at);
    const askedMs = Math.max(Math.min(firstRetryMs, group.everyMs), retryMs);
    const pauseMs = Math.min(askedMs, Math.max(group.everyMs, longestAskedMs));
    const dueAtMs = monotonicOf(triedAt) + pauseMs;
    const told = reading ?? unfinishedReading(group.group, triedAt, triedAt + pauseMs);
    this.#byGroup.set(group.group, {
      reading: told,
      atMs: monotonicOf(told.at),
      retries: 0,
      dueAtMs,
      throttledUntilMs: 0,
    });
    if (lastSuccess !== undefined) this.#lastSuccess.set(group.group, lastSuccess);
  }
}

/** Says why nothing is known of a group that was begun before the agent was started and may not be read again yet. */
function unfinishedReading(group: string, triedAt: number, dueAt: number): GroupReading {
  const [begun, due] = [triedAt, dueAt].map((at) => new Date(at).toISOString());
  const message = `nothing is remembered of the reading begun at ${begun}: cut off, too long, or of another configuration; each costs money, so the next is at ${due}`;
  return failedReading(group, triedAt, 0, { subject: '', code: 'throttled', message });
}

/**
 * Whether a reading that failed is worth another try before its cadence. One that costs money only when the service refused it or was not
 * reached: then nothing, or little, was spent. A timeout may well have been paid for, and so may what a partial reading did get. The
 * doubling of the pause bounds what is spent by connections that break after the work was done.
 */
function mayPassSoon({ paidEveryMs }: GroupInForce, { state, errors }: GroupReading): boolean {
  if (errors.length === 0 || !errors.every(({ code }) => isRetryable(code))) return false;
  if (paidEveryMs === undefined) return true;
  return state === 'failed' && errors.every(({ code }) => code === 'unreachable' || code === 'throttled');
}
