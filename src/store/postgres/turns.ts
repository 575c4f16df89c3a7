import { StoreError } from '../store-error.ts';

/** Hands a few things to many users, one user a thing at a time, first come first served. */
export class Turns<T> {
  readonly #free: T[];
  readonly #waiting: ((thing: T) => void)[] = [];
  readonly #longestWaitMs: number;

  constructor(things: readonly T[], longestWaitMs: number) {
    this.#free = [...things];
    this.#longestWaitMs = longestWaitMs;
  }

  /** @throws {StoreError} `unusable` when its turn does not come in time. */
  async use<Answer>(work: (thing: T) => Promise<Answer>): Promise<Answer> {
    const thing = this.#free.pop() ?? (await this.#wait());
    try {
      return await work(thing);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(thing);
      else next(thing);
    }
  }

  async #wait(): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push(resolve);
    const timer = setTimeout(() => {
      const place = this.#waiting.indexOf(resolve);
      if (place < 0) return;
      this.#waiting.splice(place, 1);
      reject(
        new StoreError(
          'unusable',
          `the store did not get to it in ${this.#longestWaitMs / 1000} s: its server hangs or is overloaded`,
        ),
      );
    }, this.#longestWaitMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }
}
