import type { Json } from '../remediation/json.ts';

/**
 * Processes that go on where they were after a crash. Every step runs at least once: it looks before it changes anything. Code between
 * steps runs again after every sleep and restart, so it decides only from what steps came to. Where a process sleeps, is cancelled or the
 * agent stops, the promise of its step never settles: neither `catch` nor `finally` of the workflow mistakes that for a failure.
 */
export interface DurableEngine {
  /** Before `begin`. A workflow is started by this name. */
  define(name: string, work: (input: Json, steps: DurableSteps) => Promise<void>): void;
  /** Takes up what is due, also what a dead predecessor left. */
  begin(): Promise<void>;
  /** Starts one; a second start of an id is harmless for 30 days after it ended. Rejects when the journal refuses: then nothing was started. */
  start(name: string, id: string, input: Json): Promise<void>;
  /**
   * Ends one that is not finished; a step that runs sees its signal aborted with `ProcessCancelled`, within 15 s when it runs in another
   * agent; it is not waited for. False when there is none of this id.
   */
  cancel(id: string): Promise<boolean>;
  /** Those not finished, oldest first. */
  list(): Promise<readonly DurableProcess[]>;
  /** Aborts the steps that run with `AgentStopping`, lets go of their leases so that the next agent goes on at once, and closes. */
  close(): Promise<void>;
}

export interface DurableSteps {
  /**
   * Runs once and remembers what it came to: after a crash the remembered answer is given. At most 1,000 steps a process, one at a time.
   *
   * @throws {StepFailed} when `work` threw; that is remembered too, and it is not tried again. A workflow that lets it through ends there.
   */
  step<T extends Json>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Survives restarts; not a step a poll. `name` is unique in the process. */
  sleep(name: string, forMs: number): Promise<void>;
}

export interface DurableProcess {
  readonly id: string;
  readonly name: string;
  readonly state: 'pending' | 'running' | 'sleeping';
  readonly createdAt: number;
}

/** A step threw. Made from the journal, so the same now and after a restart: `errorName` and `code` are those of what was thrown. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  readonly step: string;
  readonly errorName: string;
  /** Undefined where what was thrown had none. */
  readonly code: string | undefined;

  constructor(
    step: string,
    failure: { readonly name: string; readonly message: string; readonly code?: string },
  ) {
    super(failure.message);
    this.step = step;
    this.errorName = failure.name;
    this.code = failure.code;
  }
}

/** The reason of an aborted step when a person or a rule ended its process: what the step did not finish is not done by anybody else. */
export class ProcessCancelled extends Error {
  override readonly name = 'ProcessCancelled';

  constructor() {
    super('the process was cancelled');
  }
}

/** The reason of an aborted step when this agent could not renew its lease: another agent may be running the same step. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';

  constructor() {
    super('the lease on the process was lost; another agent may go on with it');
  }
}

/** The reason of an aborted step when the agent ends: not a failure, the step runs again. */
export class AgentStopping extends Error {
  override readonly name = 'AgentStopping';

  constructor() {
    super('the agent is stopping; this goes on when it runs again');
  }
}
