import type { Plan } from '../core/remediation/plan.ts';
import type { Run } from '../core/remediation/run.ts';
import { type GuardRefusal, isUndoneAtOnce } from './guards.ts';
import { type AuditNote, auditOf, endRun, moveRun } from './journal.ts';
import type { Prepared } from './journaled.ts';
import { type Parts, processes } from './parts.ts';
import { planHash } from './plan-hash.ts';
import { capsOf } from './policy.ts';
import { askGuards, modeFor, type Workplace, workplaceOf } from './situation.ts';
import { startProcess } from './triggers.ts';

/** Stores the plan, and says what becomes of it by the mode of its action. */
export async function decideEnd(parts: Parts, run: Run, prepared: Prepared): Promise<null> {
  const workplace = await workplaceOf(parts, run.target, prepared.draft?.action);
  if ('id' in workplace) {
    await endRun(parts, run.id, 'refused', workplace.text, { guard: workplace.id });
    return null;
  }
  const plan = await makePlan(parts, run, prepared);
  if (plan === undefined) throw new Error('an earlier step left no plan');
  const planned: Run = { ...run, planHash: plan.hash };
  const asked = { run: planned, plan, workplace };
  const refusals = await askGuards(parts, { ...asked, moment: 'plan', approval: undefined });
  const [refusal] = refusals;
  if (refusal !== undefined) {
    const reason = refusals.map(({ text }) => text).join('; ');
    await endRun(parts, run.id, 'refused', reason, { guard: refusal.id });
    return null;
  }
  await parts.records.savePlan(plan);
  const { hash, acts, rehearsal } = plan;
  const statements = acts.map(({ statement }) => statement);
  const made: AuditNote = {
    event: 'plan_made',
    outcome: plan.title,
    statements,
    detail: { rehearsal: rehearsal.verdict, on: rehearsal.on, expiresAt: plan.expiresAt },
  };
  await parts.records.appendAudit(auditOf(parts, planned, made));
  await moveRun(parts, run.id, ['preparing'], { planHash: hash });
  await settle(parts, planned, plan, workplace);
  return null;
}

async function settle(parts: Parts, run: Run, plan: Plan, workplace: Workplace): Promise<void> {
  const { site, action } = workplace;
  const mode = modeFor(site, run, plan.action);
  if (mode === 'observe' || mode === 'propose') {
    const reason = `${plan.title}; mode ${mode}: a proposal that cannot be executed (set remediation.mode to approve, then reeve runs retry ${run.id})`;
    await endRun(parts, run.id, 'proposed', reason);
    return;
  }
  const found = await obstaclesOf(parts, run, plan, workplace);
  // A drill mends this before anybody approves: the plan waits for it.
  const mendable = found.filter(({ id }) => id === 'verified_backup');
  const obstacles = found.filter((each) => !mendable.includes(each));
  if (obstacles.length > 0) {
    const reason = `${plan.title}; it cannot be executed: ${obstacles.map(({ text }) => text).join('; ')}`;
    await endRun(parts, run.id, 'proposed', reason);
    return;
  }
  if (mode === 'auto' && isUndoneAtOnce(action, plan) && !isAlertOnly(parts, run))
    await approveByMode(parts, run, plan);
  else {
    const first = mendable.map(({ text }) => `; not yet: ${text}`).join('');
    const reason = `${waitingText(run, plan)}${first}`;
    await moveRun(parts, run.id, ['preparing'], { state: 'waiting', reason });
  }
}

/** What somebody else's alert says, and evaluation does not, only prepares: whoever can deliver alerts must not be able to change anything. */
function isAlertOnly({ input }: Parts, { trigger }: Run): boolean {
  if (trigger.breach === undefined) return false;
  const [breach] = input.breaches({ fingerprint: trigger.breach });
  return breach?.holders.includes('evaluation') !== true;
}

/** What would refuse even a person's approval: then nobody is asked for one. */
function obstaclesOf(
  parts: Parts,
  run: Run,
  plan: Plan,
  workplace: Workplace,
): Promise<readonly GuardRefusal[]> {
  const at = parts.input.clock.now();
  const approval = {
    runId: run.id,
    planHash: plan.hash,
    decision: 'approved',
    by: '',
    at,
    comment: '',
  } as const;
  return askGuards(parts, { moment: 'approve', run, plan, approval, workplace });
}

async function approveByMode(parts: Parts, run: Run, plan: Plan): Promise<void> {
  const approved = await moveRun(
    parts,
    run.id,
    ['preparing'],
    { state: 'approved', reason: `${plan.title}; allowed by mode auto, about to be executed` },
    {
      event: 'approved',
      outcome: 'mode auto: it can be undone at once and completely',
      statements: plan.acts.map(({ statement }) => statement),
    },
  );
  if (approved !== undefined) await startProcess(parts, processes.execute, approved);
}

function waitingText({ id }: Run, { title, hash, expiresAt }: Plan): string {
  return `${title}; waits for a decision until ${new Date(expiresAt).toISOString()}: reeve runs show ${id}, then reeve runs approve ${id} --plan ${hash.slice(0, 12)}`;
}

async function makePlan(parts: Parts, run: Run, prepared: Prepared): Promise<Plan | undefined> {
  const { draft, rehearsal } = prepared;
  if (draft === undefined || rehearsal === undefined) return undefined;
  const policy = parts.input.policy();
  const now = parts.input.clock.now();
  const evidence = (await parts.records.evidence(run.id)).map(({ id }) => id);
  const plan = {
    ...draft,
    runId: run.id,
    caps: capsOf(
      policy,
      parts.input.pipelines.find(({ id }) => id === draft.pipeline),
    ),
    rehearsal,
    evidence,
    createdAt: now,
    expiresAt: now + policy.planExpiryMs,
  };
  return { ...plan, hash: planHash(plan) };
}
