import type { Backend, WorkflowRun } from 'openworkflow/internal';
import type { Log } from '../../core/ports/log.ts';
import { processOf } from './execution.ts';
import type { Journal } from './journal.ts';
import type { JournalHealth } from './journal-health.ts';

export interface Claims {
  claim: Backend['claimWorkflowRun'];
  /** Before each round. True when the last one met a journal that refuses. */
  nextRound(): boolean;
}

export interface ClaimingOptions {
  readonly journal: Journal;
  readonly health: JournalHealth;
  readonly log: Log;
  readonly closing: AbortSignal;
  readonly isDefined: (name: string) => boolean;
}

/** How long a process whose workflow this version does not know is left to other agents. */
const unknownDelayMs = 30_000;

/** The slots of a worker ask at the same time: one after the other, and once one found nothing the others need not ask. */
export function createClaims({ journal, health, log, closing, isDefined }: ClaimingOptions): Claims {
  const { backend, bounded } = journal;
  const told = new Set<string>();
  let queue: Promise<unknown> = Promise.resolve();
  let isDry = false;
  let isRefusing = false;
  const claimNext: Backend['claimWorkflowRun'] = async (params) => {
    while (!isDry && !closing.aborted) {
      const run = await bounded(() => backend.claimWorkflowRun(params));
      health.worked();
      if (run === null) isDry = true;
      else if (isDefined(run.workflowName)) return run;
      else await leaveToOthers(run, params.workerId);
    }
    return null;
  };
  const leaveToOthers = async (run: WorkflowRun, workerId: string): Promise<void> => {
    if (!told.has(run.id))
      log.warn(
        'a durable process is of a workflow that this version does not know; it is kept',
        processOf(run),
      );
    told.add(run.id);
    await backend.rescheduleWorkflowRunAfterFailedStepAttempt({
      workflowRunId: run.id,
      workerId,
      error: { message: `workflow "${run.workflowName}" is not known to this version` },
      availableAt: new Date(Date.now() + unknownDelayMs),
    });
  };
  return {
    nextRound() {
      const wasRefusing = isRefusing;
      isDry = false;
      isRefusing = false;
      return wasRefusing;
    },
    claim(params) {
      const turn = queue.then(() =>
        claimNext(params).catch((thrown: unknown) => {
          isDry = true;
          isRefusing = true;
          health.refused(thrown);
          return null;
        }),
      );
      queue = turn;
      return turn;
    },
  };
}
