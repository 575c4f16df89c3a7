import { formatDuration } from '../core/duration.ts';
import { CollectError } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';

/** Work that does not heed its abort is left behind this long after it. */
const graceMs = 2_000;

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
  const deadline = new AbortController();
  const done = new AbortController();
  const [signal, wake] =
    shutdown === undefined
      ? [deadline.signal, done.signal]
      : [AbortSignal.any([shutdown, deadline.signal]), AbortSignal.any([shutdown, done.signal])];
  const watchdog = async (): Promise<never> => {
    // Rejects at shutdown, and when the work is done.
    await clock.sleep(deadlineMs, wake).catch(() => undefined);
    done.signal.throwIfAborted();
    deadline.abort(new CollectError('timeout', `no answer within ${formatDuration(deadlineMs)}`));
    await clock.sleep(graceMs, done.signal);
    throw new LeftBehindError(deadlineMs);
  };
  try {
    return await Promise.race([work(signal), watchdog()]);
  } finally {
    done.abort();
  }
}
