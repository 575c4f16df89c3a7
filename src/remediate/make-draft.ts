import { isRefusal, type Operations, type Refusal } from '../core/remediation/operations.ts';
import type { PlanDraft } from '../core/remediation/plan.ts';
import type { Run } from '../core/remediation/run.ts';
import { backupFault } from './backup-standing.ts';
import { withEvidence } from './evidence.ts';
import { shortSoakWarning } from './guards.ts';
import { endRun } from './journal.ts';
import type { Prepared } from './journaled.ts';
import type { Parts } from './parts.ts';
import { soakOf } from './policy.ts';
import { readBackupStanding } from './read-backup-standing.ts';
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
  if (isRefusal(answer)) return null;
  return { ...prepared, draft: await withWarnings(parts, answer, workplace.operations, signal) };
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

/** What a person must know before approving, beside what the engine says. */
async function withWarnings(
  parts: Parts,
  draft: PlanDraft,
  operations: Operations,
  signal: AbortSignal,
): Promise<PlanDraft> {
  const { input } = parts;
  const pipeline = input.pipelines.find(({ id }) => id === draft.pipeline);
  const soak = soakOf(input.policy(), pipeline);
  const short = soak.ms >= soak.usualMs ? [] : [shortSoakWarning(soak.ms)];
  const backup =
    draft.pipeline === 'migration' ? await readBackupStanding(parts, operations, draft, signal) : undefined;
  const fault = backup === undefined ? undefined : backupFault(backup, draft.target, input.clock.now());
  return { ...draft, warnings: [...draft.warnings, ...short, ...(fault === undefined ? [] : [fault])] };
}
