import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 10,000. */
  readonly timeoutMs?: number;
  /** Pause between two probes. Default 25. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Probes until the probe returns something other than `undefined` or `false`, and returns that.
 *
 * A probe that throws counts as "not yet"; its last error becomes the `cause` of the time-out.
 *
 * @throws {Error} after `timeoutMs`, or with the signal's reason when aborted.
 */
export async function waitUntil<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  options: WaitOptions = {},
): Promise<T> {
  const { timeoutMs = 10_000, everyMs = 25, signal } = options;
  const deadlineMs = performance.now() + timeoutMs;
  let cause: unknown;
  for (;;) {
    signal?.throwIfAborted();
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadlineMs) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause });
    }
    await delay(everyMs, undefined, { signal });
  }
}
