import { setTimeout as delay } from 'node:timers/promises';

/** Waits; rejects with an AbortError when the demo ends meanwhile. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}

/** Does the work again and again, with a pause after each time, until the signal. */
export async function repeat(pauseMs: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(pauseMs, signal);
  }
}

/** For work that was ended on purpose. */
export function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
