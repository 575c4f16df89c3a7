import type { Plan } from '../core/remediation/plan.ts';
import type { Approval, Run, RunState } from '../core/remediation/run.ts';
import type { GuardRefusal } from './guards.ts';
import { moveRun } from './journal.ts';
import type { Parts } from './parts.ts';
import { type Workplace, workplaceOf } from './situation.ts';

/** A run that is being executed, with all it needs. */
export interface Loaded {
  readonly run: Run;
  readonly plan: Plan;
  readonly approval: Approval | undefined;
  readonly workplace: Workplace;
}

/** States of a run that `execute` works on. */
export const executedStates: readonly RunState[] = ['approved', 'executing', 'soaking', 'half_applied'];

/**
 * Reads a run anew and notes the step it is at; undefined when it is in none of these states any more. A refusal when its target or its
 * plan is gone: then nothing can be done, and somebody has to know.
 */
export async function loadRun(
  parts: Parts,
  id: string,
  step: string,
  states: readonly RunState[] = executedStates,
): Promise<Loaded | GuardRefusal | undefined> {
  const run = await moveRun(parts, id, states, ({ step: before }) =>
    // Whoever asked to take it back is not forgotten because another step goes on meanwhile.
    ({ step: before === 'undo' ? before : step }),
  );
  if (run === undefined) return undefined;
  const plan = run.planHash === undefined ? undefined : await parts.records.plan(run.planHash);
  if (plan === undefined) return { id: 'plan_known', text: 'its plan is not in the store', waits: false };
  const workplace = await workplaceOf(parts, run.target, plan.action);
  if ('id' in workplace) return workplace;
  return { run, plan, workplace, approval: await parts.records.approval(plan.hash) };
}
