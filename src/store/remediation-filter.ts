import type { ActFilter, Lease, RunChange, RunFilter } from '../core/ports/remediation-records.ts';
import type { ActRecord, Run } from '../core/remediation/run.ts';

export function isWantedRun(run: Run, filter: RunFilter): boolean {
  const { target = run.target, pipeline = run.pipeline, states, breach } = filter;
  if (run.target !== target || run.pipeline !== pipeline) return false;
  if (breach !== undefined && run.trigger.breach !== breach) return false;
  return states?.includes(run.state) ?? true;
}

/** Those changed last first; of two changed at the same time always the same one first. */
export function byChange(one: Run, other: Run): number {
  return other.updatedAt - one.updatedAt || (one.id < other.id ? -1 : 1);
}

export function isWantedAct(act: ActRecord, filter: ActFilter): boolean {
  const { runId = act.runId, target = act.target, since = Number.NEGATIVE_INFINITY, unfinished } = filter;
  if (act.runId !== runId || act.target !== target || act.intentAt < since) return false;
  return unfinished !== true || act.outcome === undefined;
}

/** A field that is named in the change is set, also to undefined. */
export function changed(run: Run, change: RunChange): Run {
  return { ...run, ...change, revision: run.revision + 1 };
}

/** Whether nobody else may have it at this time. A lease is not given twice, not even to the one who has it. */
export function isHeld(lease: Pick<Lease, 'expiresAt'> | undefined, at: number): boolean {
  return lease !== undefined && lease.expiresAt > at;
}
