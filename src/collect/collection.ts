import { formatDuration } from '../core/duration.ts';
import { CollectError } from '../core/errors.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Span, Tracing } from '../telemetry/tracing.ts';

/** How long a collector may take to heed its abort before it is left behind. */
const graceMs = 2_000;

/** One collection of one target, from its beginning to its end, its deadline or the shutdown. */
export class Collection {
  /** When it began, Unix time in milliseconds. */
  readonly now: number;
  /** When it began, in milliseconds that only grow. */
  readonly monotonicMs: number;
  /** Aborted at the deadline and at shutdown. */
  readonly signal: AbortSignal;
  readonly span: Span;
  readonly #shutdown: AbortSignal;
  readonly #deadline = new AbortController();
  #isAbandoned = false;

  constructor(clock: Clock, shutdown: AbortSignal, tracing: Tracing, target: { id: string; engine: string }) {
    this.now = clock.now();
    this.monotonicMs = clock.monotonicMs();
    this.#shutdown = shutdown;
    this.signal = AbortSignal.any([shutdown, this.#deadline.signal]);
    this.span = tracing.start('collect', { target: target.id, engine: target.engine });
  }

  /** False once nobody waits for it any more: it was left behind, or the agent is stopping and its outcome would be no news. */
  get counts(): boolean {
    return !this.#isAbandoned && !this.#shutdown.aborted;
  }

  /**
   * Waits for the work, aborts it at the deadline or at shutdown, and leaves it behind when it does not heed that; `onAbandoned` is called
   * then, once.
   */
  async run(work: Promise<void>, clock: Clock, deadlineMs: number, onAbandoned: () => void): Promise<void> {
    const done = new AbortController();
    const abandoned = this.#leaveBehind(clock, deadlineMs, done.signal, onAbandoned);
    try {
      await Promise.race([work, abandoned]);
    } finally {
      done.abort();
      this.span.end();
    }
  }

  async #leaveBehind(
    clock: Clock,
    deadlineMs: number,
    done: AbortSignal,
    onAbandoned: () => void,
  ): Promise<void> {
    await clock.sleep(deadlineMs, AbortSignal.any([this.#shutdown, done])).catch(() => undefined);
    this.#deadline.abort(new CollectError('timeout', `no answer within ${formatDuration(deadlineMs)}`));
    const isLate = await clock.sleep(graceMs, done).then(
      () => true,
      // The work ended in time.
      () => false,
    );
    if (!isLate) return;
    onAbandoned();
    this.#isAbandoned = true;
  }
}
