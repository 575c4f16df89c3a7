import { isRefusal, type Refusal } from '../core/remediation/operations.ts';
import type { PlanDraft } from '../core/remediation/plan.ts';
import type { Run } from '../core/remediation/run.ts';
import { withEvidence } from './evidence.ts';
import { shortSoakWarning } from './guards.ts';
import { endRun } from './journal.ts';
import type { Prepared } from './journaled.ts';
import type { Parts } from './parts.ts';
import { usualSoakMs } from './policy.ts';
import { workplaceOf } from './situation.ts';

/** Has the engine write down exactly what it would do, and how it would take it back. */
export async function makeDraft(
  parts: Parts,
  run: Run,
  prepared: Prepared,
  signal: AbortSignal,
): Promise<Prepared | null> {
  const { candidate } = prepared;
  const workplace = await workplaceOf(parts, run.target, candidate?.action);
  if ('id' in workplace || candidate === undefined) {
    await endRun(parts, run.id, 'refused', 'id' in workplace ? workplace.text : 'there is no candidate');
    return null;
  }
  const answer = await withEvidence(parts, run.id, signal, (context) =>
    workplace.action.plan(candidate, context),
  );
  const refusal = isRefusal(answer) ? answer : faultOf(parts, run, answer);
  if (refusal !== undefined) {
    await endRun(parts, run.id, 'refused', refusal.text, { guard: refusal.id });
    return null;
  }
  return isRefusal(answer) ? null : { ...prepared, draft: withSoakWarning(parts, answer) };
}

/** A plan is about this run's target and action, and holds no secret. */
function faultOf({ input }: Parts, run: Run, draft: PlanDraft): Refusal | undefined {
  if (draft.target !== run.target || draft.pipeline !== run.pipeline || draft.action !== run.action)
    return {
      id: 'plan_is_its_own',
      text: `the plan is about ${draft.target} and ${draft.action}, not about this run`,
    };
  const text = JSON.stringify(draft);
  return input.redact(text) === text
    ? undefined
    : { id: 'no_secrets', text: 'the plan would hold a secret: it is not kept' };
}

function withSoakWarning({ input }: Parts, draft: PlanDraft): PlanDraft {
  const { soakMs } = input.policy();
  return soakMs >= usualSoakMs
    ? draft
    : { ...draft, warnings: [...draft.warnings, shortSoakWarning(soakMs)] };
}
