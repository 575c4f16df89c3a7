import type { Backend } from 'openworkflow/internal';
import type { Clock } from '../../core/ports/clock.ts';
import type { Journal } from './journal.ts';
import type { JournalHealth } from './journal-health.ts';

export interface Patience {
  readonly journal: Journal;
  readonly health: JournalHealth;
  readonly clock: Clock;
  /** Ends all waiting. */
  readonly closing: AbortSignal;
}

const firstDelayMs = 250;
const longestDelayMs = 10_000;

/** Repeats a call until the journal takes it: a full disk or a server that is away delays a process and never fails it. */
async function patiently<T>(
  { journal, health, clock, closing }: Patience,
  call: () => Promise<T>,
): Promise<T> {
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(2 * delayMs, longestDelayMs)) {
    try {
      const answer = await journal.bounded(call);
      health.worked();
      return answer;
    } catch (thrown) {
      if (closing.aborted || !journal.isUnavailable(thrown)) throw thrown;
      health.refused(thrown);
      await clock.sleep(delayMs, closing);
    }
  }
}

/**
 * The journal's backend, with patience in everything that moves a process on. All of it may be repeated: what was written although the
 * answer was lost is either found as written or written once more without effect.
 */
export function patientBackend(patience: Patience): Backend {
  const { backend, bounded } = patience.journal;
  const patient = <T>(call: () => Promise<T>): Promise<T> => patiently(patience, call);
  return {
    createWorkflowRun: (params) => bounded(() => backend.createWorkflowRun(params)),
    cancelWorkflowRun: (params) => bounded(() => backend.cancelWorkflowRun(params)),
    claimWorkflowRun: (params) => backend.claimWorkflowRun(params),
    getWorkflowRun: (params) => patient(() => backend.getWorkflowRun(params)),
    listWorkflowRuns: (params) => patient(() => backend.listWorkflowRuns(params)),
    countWorkflowRuns: () => patient(() => backend.countWorkflowRuns()),
    extendWorkflowRunLease: (params) => patient(() => backend.extendWorkflowRunLease(params)),
    sleepWorkflowRun: (params) => patient(() => backend.sleepWorkflowRun(params)),
    completeWorkflowRun: (params) => patient(() => backend.completeWorkflowRun(params)),
    failWorkflowRun: (params) => patient(() => backend.failWorkflowRun(params)),
    rescheduleWorkflowRunAfterFailedStepAttempt: (params) =>
      patient(() => backend.rescheduleWorkflowRunAfterFailedStepAttempt(params)),
    createStepAttempt: (params) => patient(() => backend.createStepAttempt(params)),
    getStepAttempt: (params) => patient(() => backend.getStepAttempt(params)),
    listStepAttempts: (params) => patient(() => backend.listStepAttempts(params)),
    completeStepAttempt: (params) => patient(() => backend.completeStepAttempt(params)),
    failStepAttempt: (params) => patient(() => backend.failStepAttempt(params)),
    setStepAttemptChildWorkflowRun: (params) => patient(() => backend.setStepAttemptChildWorkflowRun(params)),
    sendSignal: (params) => backend.sendSignal(params),
    getSignalDelivery: (params) => patient(() => backend.getSignalDelivery(params)),
    stop: () => backend.stop(),
  };
}
