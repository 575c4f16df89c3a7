import type { Backend, WorkflowRun } from 'openworkflow/internal';
import { messageOf } from '../../core/errors.ts';
import { LeaseLost, ProcessCancelled } from '../../core/ports/durable-engine.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Claims } from './claims.ts';
import type { Execution } from './execution.ts';
import type { Executions } from './executions.ts';
import { type Patience, patientBackend } from './patient-backend.ts';

export interface Watch {
  readonly patience: Patience;
  readonly claims: Claims;
  readonly executions: Executions;
  readonly log: Log;
}

/**
 * The backend that OpenWorkflow's worker gets. It never throws where the worker would print the error on stderr (claims, heartbeats, the end
 * of a pass), and it knows what we interrupted.
 */
export function watchedBackend(watch: Watch): Backend {
  const { claims, executions } = watch;
  const patient = patientBackend(watch.patience);
  return {
    ...patient,
    async claimWorkflowRun(params) {
      const run = await claims.claim(params);
      if (run !== null) executions.claimed(run);
      return run;
    },
    async extendWorkflowRunLease(params) {
      const execution = executions.get(params.workerId);
      try {
        const run = await patient.extendWorkflowRunLease(params);
        execution?.renewed();
        return run;
      } catch (thrown) {
        if (execution === undefined) throw thrown;
        if (!watch.patience.closing.aborted) await explainLoss(patient, execution);
        return execution.run;
      }
    },
    completeWorkflowRun: async (params) => {
      const run = await patient.completeWorkflowRun(params);
      executions.forget(params.workerId);
      return run;
    },
    sleepWorkflowRun: (params) => endPass(watch, params.workerId, () => patient.sleepWorkflowRun(params)),
    failWorkflowRun: (params) =>
      endPass(watch, params.workerId, async (execution) => {
        if (execution?.interruption === 'stopping') return giveBack(watch, params);
        const run = await patient.failWorkflowRun(params);
        const { name, message } = params.error;
        if (execution !== undefined)
          watch.log.error('a durable process failed; it does not go on', {
            ...execution.about,
            error: name ?? 'Error',
            problem: message,
          });
        return run;
      }),
  };
}

/** Writes how a pass ended, unless it is not ours to write. Does not throw: what is not written is found again when the lease ends. */
async function endPass(
  { executions, log }: Watch,
  workerId: string,
  write: (execution: Execution | undefined) => Promise<WorkflowRun>,
): Promise<WorkflowRun> {
  const execution = executions.get(workerId);
  try {
    const isOurs = execution?.interruption === undefined || execution.interruption === 'stopping';
    return isOurs ? await write(execution) : execution.run;
  } catch (thrown) {
    if (execution === undefined) throw thrown;
    log.warn('how a durable process went on could not be written; it is taken up again when its lease ends', {
      ...execution.about,
      problem: messageOf(thrown),
    });
    return execution.run;
  } finally {
    executions.forget(workerId);
  }
}

/** The journal says that the lease is not ours: cancelled elsewhere, or taken over. */
async function explainLoss(patient: Backend, execution: Execution): Promise<void> {
  const run = await patient.getWorkflowRun({ workflowRunId: execution.run.id }).catch(() => null);
  if (run?.status === 'canceled') execution.interrupt('cancelled', new ProcessCancelled());
  else execution.interrupt('lost', new LeaseLost());
}

/** So that the next agent, or this one after its restart, goes on at once, whatever its clock says. */
function giveBack(
  { patience: { journal } }: Watch,
  { workflowRunId, workerId, error }: Parameters<Backend['failWorkflowRun']>[0],
): Promise<WorkflowRun> {
  return journal.backend.rescheduleWorkflowRunAfterFailedStepAttempt({
    workflowRunId,
    workerId,
    error,
    availableAt: new Date(0),
  });
}
