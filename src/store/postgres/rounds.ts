import type { Clock } from '../../core/ports/clock.ts';

/** Does work again and again, the first time after `everyMs`, until it is closed. Work that fails is done again in its turn. */
export function startRounds(
  clock: Clock,
  everyMs: number,
  work: (signal: AbortSignal) => Promise<void>,
  onError: (error: unknown) => void,
): AsyncDisposable {
  const stop = new AbortController();
  const loop = async (): Promise<void> => {
    for (;;) {
      // Rejects only when stopped.
      await clock.sleep(everyMs, stop.signal).catch(() => undefined);
      if (stop.signal.aborted) return;
      await work(stop.signal).catch((error: unknown) => {
        if (!stop.signal.aborted) onError(error);
      });
    }
  };
  const running = loop();
  return {
    [Symbol.asyncDispose]() {
      stop.abort();
      return running;
    },
  };
}
