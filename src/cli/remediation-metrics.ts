import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { RemediationReads, RunCount } from '../core/ports/remediation-records.ts';
import type { Remediation } from '../remediate/remediation-input.ts';
import type { AgentMetrics } from '../telemetry/agent-metrics.ts';
import { createFailedAfterActing } from './failed-after-acting.ts';

const everyMs = 5_000;

export interface RemediationMetrics {
  /** Publishes now and every few seconds; without remediation it says that it refuses. */
  begin(clock: Clock, remediation: Remediation | undefined): { close(): Promise<void> };
}

/** What the agent's metrics say about remediation. What cannot be read keeps its last value, and `refusing` says so. */
export function createRemediationMetrics(
  agent: AgentMetrics,
  records: RemediationReads,
  log: Log,
  pauseFile: () => string | undefined,
): RemediationMetrics {
  const reverted = createRevertedCounter(agent);
  let pausedBy: string | undefined;
  const publish = async (
    remediation: Remediation | undefined,
    countFailed: () => Promise<void>,
  ): Promise<void> => {
    const counts = remediation === undefined ? await records.countRuns() : await remediation.counts();
    const waiting = await records.runs({ states: ['waiting'] });
    const disabled = await records.disabledActions();
    const head = await records.auditHead();
    const status = await remediation?.control.status();
    const paused = (await records.paused()) !== undefined || pauseFile() !== undefined;
    publishCounts(agent, counts);
    reverted(counts);
    await countFailed();
    agent.clear('remediationWaitingSince');
    if (waiting.length > 0)
      agent.set('remediationWaitingSince', Math.min(...waiting.map(({ since }) => since)) / 1_000, {});
    agent.set('remediationDisabledActions', disabled.length, {});
    agent.set('auditLines', head.sequence, {});
    agent.clear('auditHeadInfo');
    agent.set('auditHeadInfo', 1, { hash: head.hash });
    agent.set('remediationPaused', paused ? 1 : 0, {});
    agent.set('remediationRefusing', status === undefined || status.refusing !== undefined ? 1 : 0, {});
  };
  const watchPauseFile = (): void => {
    const now = pauseFile();
    if (now !== undefined && pausedBy === undefined)
      log.warn('remediation is paused by a file', { file: now });
    if (now === undefined && pausedBy !== undefined)
      log.info('remediation is no longer paused by a file', { file: pausedBy });
    pausedBy = now;
  };
  return {
    begin(clock, remediation) {
      const stop = new AbortController();
      const countFailed = createFailedAfterActing(agent, records, clock.now());
      const loop = async (): Promise<void> => {
        while (!stop.signal.aborted) {
          watchPauseFile();
          // The store is out of reach: what is known stays, and that nothing can be done is said.
          await publish(remediation, countFailed).catch(() => agent.set('remediationRefusing', 1, {}));
          await clock.sleep(everyMs, stop.signal).catch(() => undefined);
        }
      };
      const running = loop();
      return {
        close: () => {
          stop.abort();
          return running;
        },
      };
    },
  };
}

function publishCounts(agent: AgentMetrics, counts: readonly RunCount[]): void {
  agent.clear('remediationRuns');
  for (const { pipeline, state, count } of counts) agent.set('remediationRuns', count, { pipeline, state });
}

/** Counts what was taken back since the agent started: of the store's number only the growth, because old runs are forgotten there. */
function createRevertedCounter(agent: AgentMetrics): (counts: readonly RunCount[]) => void {
  let before: number | undefined;
  return (counts) => {
    const now = counts.filter(({ state }) => state === 'reverted').reduce((sum, { count }) => sum + count, 0);
    agent.add('remediationRevertedTotal', {}, Math.max(0, now - (before ?? now)));
    before = now;
  };
}
