import type { Clock } from '../core/ports/clock.ts';

/** A difference of the wall clock beyond this is a jump and not the daily drift. */
const jumpMs = 60_000;
/** Who is an hour wrong is usually put right within the hour: only what lasts longer is believed. */
const believedAfterMs = 90 * 60_000;

/**
 * Unix time that does not jump with the wall clock: it goes on by the clock that only grows, and follows the wall clock only after both
 * have differed by more than a minute for an hour and a half. Ages and dates of judging are counted in it.
 */
export class SteadyClock {
  readonly #clock: Clock;
  /** Unix time at the zero of the clock that only grows. */
  #zeroMs: number;
  #differsSinceMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#zeroMs = clock.now() - this.monotonicMs();
  }

  /** In whole milliseconds, so that all times and durations made of it are whole too: that is what records and JSON promise. */
  monotonicMs(): number {
    return Math.round(this.#clock.monotonicMs());
  }

  /** Unix time in whole milliseconds. */
  now(): number {
    const monotonicMs = this.monotonicMs();
    const wallZeroMs = this.#clock.now() - monotonicMs;
    if (Math.abs(wallZeroMs - this.#zeroMs) <= jumpMs) this.#differsSinceMs = undefined;
    else {
      this.#differsSinceMs ??= monotonicMs;
      if (monotonicMs - this.#differsSinceMs >= believedAfterMs) {
        this.#zeroMs = wallZeroMs;
        this.#differsSinceMs = undefined;
      }
    }
    return this.#zeroMs + monotonicMs;
  }
}
