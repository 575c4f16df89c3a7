import { formatDuration } from '../core/duration.ts';
import { CollectError } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';

/** Work that does not heed its abort is left behind this long after it. */
const graceMs = 2_000;

/** Why the watchdog is woken when all went well; without it every collection would make an exception. */
const over = 'over';

/** Work that neither ended in its time nor heeded its signal. It may still be going on. */
export class LeftBehindError extends CollectError {
  constructor(deadlineMs: number) {
    super('timeout', `no answer within ${formatDuration(deadlineMs)}`);
  }
}

export interface Deadline {
  readonly clock: Clock;
  readonly deadlineMs: number;
  /** Ends the work before its deadline. */
  readonly shutdown?: AbortSignal;
}

/**
 * Runs work under a deadline: aborts its signal then, or at shutdown, and waits a little for it to heed that.
 *
 * @throws {LeftBehindError} when it did not; otherwise with what the work throws.
 */
export async function withDeadline<T>(
  { clock, deadlineMs, shutdown }: Deadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // Two plain controllers and one listener: AbortSignal.any leaves weak references behind, and collections are many.
  const end = new AbortController();
  const done = new AbortController();
  const shutDown = Promise.withResolvers<void>();
  const stop = (): void => {
    end.abort(shutdown?.reason);
    shutDown.resolve();
  };
  const watchdog = async (): Promise<never> => {
    // Rejects when the work is done.
    const late = clock.sleep(deadlineMs, done.signal).catch(() => undefined);
    await Promise.race([late, shutDown.promise]);
    done.signal.throwIfAborted();
    end.abort(new CollectError('timeout', `no answer within ${formatDuration(deadlineMs)}`));
    await clock.sleep(graceMs, done.signal);
    throw new LeftBehindError(deadlineMs);
  };
  if (shutdown?.aborted === true) stop();
  shutdown?.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work(end.signal), watchdog()]);
  } finally {
    shutdown?.removeEventListener('abort', stop);
    done.abort(over);
  }
}
