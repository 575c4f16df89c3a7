import type { WorkflowRun } from 'openworkflow/internal';
import type { Clock } from '../../core/ports/clock.ts';
import { Execution } from './execution.ts';

/** The passes under way in this agent, by the worker's slot that holds the lease: a run that was lost may come back in another. */
export interface Executions {
  claimed(run: WorkflowRun): void;
  get(workerId: string): Execution | undefined;
  /** The last one that was claimed. */
  ofRun(runId: string): Execution | undefined;
  all(): readonly Execution[];
  /** Its end is in the journal, or will never be. */
  forget(workerId: string): void;
  /** Resolves when none is under way. */
  idle(): Promise<void>;
}

/** With a clock the leases are watched. */
export function createExecutions(clock: Clock | undefined): Executions {
  const executions = new Map<string, Execution>();
  let idle = Promise.withResolvers<void>();
  return {
    claimed(run) {
      if (run.workerId === null) throw new Error(`the run ${run.id} was claimed by nobody`);
      executions.delete(run.workerId);
      executions.set(run.workerId, new Execution(run, clock));
    },
    get: (workerId) => executions.get(workerId),
    ofRun: (runId) => [...executions.values()].findLast(({ run }) => run.id === runId),
    all: () => [...executions.values()],
    forget(workerId) {
      executions.get(workerId)?.close();
      executions.delete(workerId);
      if (executions.size > 0) return;
      idle.resolve();
      idle = Promise.withResolvers();
    },
    idle: () => (executions.size === 0 ? Promise.resolve() : idle.promise),
  };
}
