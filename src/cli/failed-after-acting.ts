import type { RemediationReads } from '../core/ports/remediation-records.ts';
import type { ActRecord } from '../core/remediation/run.ts';
import type { AgentMetrics } from '../telemetry/agent-metrics.ts';

/** Looked at in one turn; more do not fail within seconds. */
const mostRuns = 50;

/**
 * Counts the runs that failed since this time (Unix time in milliseconds) and left what they did. One that fails twice, after `retry`, counts
 * twice.
 */
export function createFailedAfterActing(
  agent: Pick<AgentMetrics, 'add'>,
  records: Pick<RemediationReads, 'runs' | 'acts'>,
  since: number,
): () => Promise<void> {
  let seen = new Set<string>();
  return async () => {
    agent.add('remediationFailedAfterActingTotal', {}, 0);
    const failed = await records.runs({ states: ['failed'], limit: mostRuns });
    const recent = failed.filter(({ updatedAt }) => updatedAt >= since);
    const keyOf = ({ id, retries }: (typeof failed)[number]): string => `${id} ${retries}`;
    for (const run of recent) {
      if (seen.has(keyOf(run))) continue;
      if (leftSomething(await records.acts({ runId: run.id })))
        agent.add('remediationFailedAfterActingTotal', {});
      seen.add(keyOf(run));
    }
    seen = new Set(recent.map(keyOf));
  };
}

/** Whether an act was done, or begun, and not taken back after that. */
function leftSomething(acts: readonly ActRecord[]): boolean {
  const begun = new Set<string>();
  for (const { act, direction, outcome } of acts) {
    const isDone = outcome === 'done' || outcome === 'already';
    if (direction === 'undo' && isDone) begun.delete(act);
    if (direction === 'apply' && (isDone || outcome === 'half_applied' || outcome === undefined))
      begun.add(act);
  }
  return begun.size > 0;
}
