import { formatDuration } from '../core/duration.ts';
import { CollectError } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';

/** Work that does not heed its abort is left behind this long after the deadline. */
const graceMs = 2_000;

/**
 * Runs work under a deadline.
 *
 * @throws {CollectError} `timeout` when the work neither ended nor heeded its signal.
 */
export async function withDeadline<T>(
  deadlineMs: number,
  clock: Clock,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new CollectError('timeout', `no answer within ${formatDuration(deadlineMs)}`);
  const deadline = new AbortController();
  const done = new AbortController();
  const watchdog = async (): Promise<never> => {
    await clock.sleep(deadlineMs, done.signal);
    deadline.abort(late);
    await clock.sleep(graceMs, done.signal);
    throw late;
  };
  try {
    return await Promise.race([work(deadline.signal), watchdog()]);
  } finally {
    done.abort();
  }
}
