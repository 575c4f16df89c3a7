import type { WorkflowRun } from 'openworkflow/internal';
import type { Clock } from '../../core/ports/clock.ts';
import { LeaseLost } from '../../core/ports/durable-engine.ts';

/**
 * Why this agent lets go of a process.
 *
 * - `stopping`: the agent ends; the lease is given back and the next agent goes on.
 * - `cancelled`, `lost`: the journal does not hold it for us any more; nothing is written.
 * - `abandoned`: the agent ends while a step does not heed its signal; the lease is kept until it ends by itself, so that nobody runs the
 *   same step beside it.
 */
export type Interruption = 'stopping' | 'cancelled' | 'lost' | 'abandoned';

/** OpenWorkflow's lease is 30 s; what could not be renewed by then may be running elsewhere. */
const leaseMs = 30_000;
const leaseMarginMs = 3_000;

/** One pass over a process: from being claimed to its sleep, its end or its interruption. */
export class Execution {
  /** As it was claimed. */
  readonly run: WorkflowRun;
  readonly #clock: Clock | undefined;
  readonly #step = new AbortController();
  readonly #end = Promise.withResolvers<never>();
  #lease = new AbortController();
  #interruption: Interruption | undefined;
  #working: string | undefined;

  /** With a clock the lease is watched: the process is let go when it could not be renewed. */
  constructor(run: WorkflowRun, clock: Clock | undefined) {
    this.run = run;
    this.#clock = clock;
    // Nobody has to wait for the end.
    this.#end.promise.catch(() => undefined);
    this.renewed();
  }

  /** Which process this is, for the log. */
  get about(): { readonly process: string; readonly workflow: string } {
    return processOf(this.run);
  }

  get interruption(): Interruption | undefined {
    return this.#interruption;
  }

  /** The step whose work is being done now. */
  get step(): string | undefined {
    return this.#working;
  }

  get signal(): AbortSignal {
    return this.#step.signal;
  }

  /** Rejects when this pass ends without the workflow having returned or thrown. */
  get ended(): Promise<never> {
    return this.#end.promise;
  }

  /** The lease was taken or renewed. */
  renewed(): void {
    if (this.#clock === undefined) return;
    this.#lease.abort();
    this.#lease = new AbortController();
    this.#clock.sleep(leaseMs - leaseMarginMs, this.#lease.signal).then(
      () => this.interrupt('lost', new LeaseLost()),
      () => undefined,
    );
  }

  /** Aborts the step that runs, and ends this pass once its work has settled: what was begun is never let go while it still acts. */
  interrupt(why: Interruption, reason: Error): void {
    if (this.#interruption !== undefined && why !== 'abandoned') return;
    this.#interruption = why;
    this.#step.abort(reason);
    if (this.#working === undefined || why === 'abandoned') this.#end.reject(reason);
  }

  /** Does the work of a step. */
  async work<T>(step: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#working = step;
    try {
      return await work(this.#step.signal);
    } finally {
      this.#working = undefined;
    }
  }

  /** Ends this pass; the promise never settles, so the workflow learns nothing of it. */
  park(reason: unknown): Promise<never> {
    this.#end.reject(reason);
    return new Promise<never>(() => undefined);
  }

  close(): void {
    this.#lease.abort();
  }
}

export function processOf(run: WorkflowRun): { readonly process: string; readonly workflow: string } {
  return { process: run.idempotencyKey ?? run.id, workflow: run.workflowName };
}
