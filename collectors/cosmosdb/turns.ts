import { CollectError } from '../../src/sdk.ts';

/** One at a time, in the order of asking: a connection is kept busy by one, and a pause that one is asked for holds for the next. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  /** @throws {CollectError} `timeout` when it is aborted while waiting, and what the work throws. */
  async take<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = before.then(() => promise);
    try {
      await until(before, signal);
      return await work();
    } finally {
      resolve();
    }
  }
}

async function until(before: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = (): void =>
    reject(new CollectError('timeout', 'no turn in time: other questions took too long'));
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    await Promise.race([before, promise]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
