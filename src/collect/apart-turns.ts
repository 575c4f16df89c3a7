/** Readings apart that are under way at once, all targets together: they are long, and hold much in memory. */
const atOnce = 8;

/** Hands out turns, first come first served, to a few at a time. */
export class ApartTurns {
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(limit = atOnce) {
    this.#limit = limit;
  }

  /** Waits for a turn and does the work. Rejects with the signal's reason when it is aborted before, else with what the work throws. */
  async turn<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#running < this.#limit) this.#running += 1;
    else await this.#wait(signal);
    try {
      return await work();
    } finally {
      this.#handOn();
    }
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = (): void => {
      this.#waiting.delete(resolve);
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    this.#waiting.add(resolve);
    signal.addEventListener('abort', leave, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** To the next in line, or back. */
  #handOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
