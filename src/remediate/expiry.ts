import type { Plan } from '../core/remediation/plan.ts';
import type { Run } from '../core/remediation/run.ts';
import { moveRun } from './journal.ts';
import type { Parts } from './parts.ts';

/** Ends runs whose plan nobody decided about in time. */
export async function expireRuns(parts: Parts): Promise<void> {
  const now = parts.input.clock.now();
  for (const run of await parts.records.runs({ states: ['waiting'] })) {
    const plan = run.planHash === undefined ? undefined : await parts.records.plan(run.planHash);
    if (plan !== undefined && now >= plan.expiresAt) await expireRun(parts, run, plan);
  }
}

export async function expireRun(parts: Parts, run: Run, plan: Plan): Promise<void> {
  const at = new Date(plan.expiresAt).toISOString();
  const reason = `nobody decided about the plan until ${at}: it is void (reeve runs retry ${run.id})`;
  await moveRun(
    parts,
    run.id,
    ['waiting'],
    { state: 'expired', reason },
    { event: 'run_ended', outcome: `expired: ${reason}` },
  );
}
