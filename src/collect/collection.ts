import type { Clock } from '../core/ports/clock.ts';
import type { Span, Tracing } from '../telemetry/tracing.ts';
import { LeftBehindError, withDeadline } from './with-deadline.ts';

/** One collection of one target, from its beginning to its end, its deadline or the shutdown. */
export class Collection {
  /** When it began, Unix time in milliseconds. */
  readonly now: number;
  /** When it began, in milliseconds that only grow. */
  readonly monotonicMs: number;
  readonly span: Span;
  readonly #clock: Clock;
  readonly #shutdown: AbortSignal;
  #signal: AbortSignal;
  #isAbandoned = false;

  constructor(clock: Clock, shutdown: AbortSignal, tracing: Tracing, target: { id: string; engine: string }) {
    this.now = clock.now();
    this.monotonicMs = clock.monotonicMs();
    this.span = tracing.start('collect', { target: target.id, engine: target.engine });
    this.#clock = clock;
    this.#shutdown = shutdown;
    this.#signal = shutdown;
  }

  /** Aborted at the deadline and at shutdown. */
  get signal(): AbortSignal {
    return this.#signal;
  }

  /** False once nobody waits for it any more: it was left behind, or the agent is stopping and its outcome would be no news. */
  get isAwaited(): boolean {
    return !this.#isAbandoned && !this.#shutdown.aborted;
  }

  /** Does the work; `onAbandoned` is called, once, when it did not heed its deadline and is left behind. */
  async run(work: () => Promise<void>, deadlineMs: number, onAbandoned: () => void): Promise<void> {
    try {
      await withDeadline({ clock: this.#clock, deadlineMs, shutdown: this.#shutdown }, (signal) => {
        this.#signal = signal;
        return work();
      });
    } catch (thrown) {
      if (!(thrown instanceof LeftBehindError)) throw thrown;
      onAbandoned();
      this.#isAbandoned = true;
    } finally {
      this.span.end();
    }
  }
}
