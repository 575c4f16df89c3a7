import type { Background } from '../core/ports/background.ts';
import type { Clock } from '../core/ports/clock.ts';

/** Part of the time that pieces of background work may take, all targets together. */
const largestShare = 0.1;
/** A piece that took very long does not stop the others for minutes. */
const longestRestMs = 1_000;

/** Hands out turns, first come first served: one piece at a time, then a rest in proportion to what it took. */
export class BackgroundTurns implements Background {
  readonly #clock: Clock;
  #last: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async turn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const before = this.#last;
    const over = Promise.withResolvers<void>();
    this.#last = over.promise;
    await before;
    const beganMs = this.#clock.monotonicMs();
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      void this.#rest(this.#clock.monotonicMs() - beganMs).then(over.resolve);
    }
  }

  async #rest(tookMs: number): Promise<void> {
    const restMs = Math.min(longestRestMs, tookMs / largestShare - tookMs);
    if (restMs >= 1) await this.#clock.sleep(restMs, new AbortController().signal);
  }
}
