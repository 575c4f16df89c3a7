import type { Json } from '../remediation/json.ts';

/** A process that goes on where it was after a crash. Every step runs at least once: it looks before it changes anything. */
export interface DurableEngine {
  /** Before `begin`. A workflow is started by this name. */
  define(name: string, work: (input: Json, steps: DurableSteps) => Promise<void>): void;
  /** Takes up what is due, also what a dead predecessor left. */
  begin(): Promise<void>;
  /** Starts one; `id` makes a second start within a day harmless (ours is the unique row of the run). */
  start(name: string, id: string, input: Json): Promise<void>;
  /** Ends one that is not finished; a step that runs sees its signal aborted. False when there is none of this id. */
  cancel(id: string): Promise<boolean>;
  /** Those not finished, oldest first. */
  list(): Promise<readonly DurableProcess[]>;
  /** Aborts the steps that run with `AgentStopping`, lets go of their leases so that the next agent goes on at once, and closes. */
  close(): Promise<void>;
}

export interface DurableSteps {
  /** Runs once and remembers what it came to: after a crash the remembered answer is given. At most 1,000 steps a process. */
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

/** The reason of an aborted step when the agent ends: not a failure, the step runs again. */
export class AgentStopping extends Error {
  override readonly name = 'AgentStopping';

  constructor() {
    super('the agent is stopping; this goes on when it runs again');
  }
}
