import { setTimeout } from 'node:timers/promises';
import type { Clock, Random } from '../core/ports/clock.ts';

/** The longest delay of a Node timer; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The machine's time. */
export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: sleepFor,
  };
}

/** Randomness for jitter; not for secrets. */
export const systemRandom: Random = () => Math.random();

async function sleepFor(delayMs: number, signal: AbortSignal): Promise<void> {
  let restMs = delayMs;
  try {
    do {
      const partMs = Math.min(restMs, longestTimerMs);
      await setTimeout(partMs, undefined, { signal });
      restMs -= partMs;
    } while (restMs > 0);
  } catch (error) {
    // Node rejects with an AbortError of its own; the port promises the signal's reason.
    signal.throwIfAborted();
    throw error;
  }
}
