/** What people decide about a plan. */

import type { ControlAnswer, DecisionRequest } from '../core/remediation/control.ts';
import type { Plan } from '../core/remediation/plan.ts';
import type { Approval, Run } from '../core/remediation/run.ts';
import { expireRun } from './expiry.ts';
import { auditOf } from './journal.ts';
import { type Parts, processes } from './parts.ts';
import { textOf } from './points.ts';
import { answered, refuse } from './refuse.ts';
import { askGuards, siteOf } from './situation.ts';
import { startProcess } from './triggers.ts';

interface Decidable {
  readonly run: Run;
  readonly plan: Plan;
}

type Decision = Approval['decision'];

const verbs = { approved: 'approve', rejected: 'reject' } as const;

/** Allows the plan with exactly this hash, and starts it; of two at the same time one is told that it was late. */
export function approve(parts: Parts, id: string, request: DecisionRequest): Promise<ControlAnswer> {
  return answered(parts, 'approve', async () => {
    const found = await decidable(parts, id, request, 'approved');
    if ('ok' in found) return found;
    const { run, plan } = found;
    const fault = await approvalFault(parts, found, request);
    if (fault !== undefined) return refuse(parts, { what: 'approve', by: request.by, run }, 'refused', fault);
    const approved = await decide(parts, found, request, 'approved');
    if (approved === undefined)
      return refuse(parts, { what: 'approve', by: request.by, run }, 'conflict', late(id));
    await startApproved(parts, approved);
    return { ok: true, run: approved, text: `run ${id} is approved and begins: ${plan.title}` };
  });
}

export function reject(parts: Parts, id: string, request: DecisionRequest): Promise<ControlAnswer> {
  return answered(parts, 'reject', async () => {
    const found = await decidable(parts, id, request, 'rejected');
    if ('ok' in found) return found;
    const rejected = await decide(parts, found, request, 'rejected');
    if (rejected === undefined)
      return refuse(parts, { what: 'reject', by: request.by, run: found.run }, 'conflict', late(id));
    return { ok: true, run: rejected, text: `run ${id} is rejected: nothing is done` };
  });
}

/** The run and its plan, if this very plan may be decided now. */
async function decidable(
  parts: Parts,
  id: string,
  { planHash, by }: DecisionRequest,
  decision: Decision,
): Promise<Decidable | ControlAnswer> {
  const what = verbs[decision];
  const run = await parts.records.run(id);
  if (run === undefined) return refuse(parts, { what, by, id }, 'not_found', `there is no run ${id}`);
  const asked = { what, by, run };
  if (by.trim() === '') return refuse(parts, asked, 'refused', 'a decision needs the name of a person');
  if (run.state !== 'waiting')
    return refuse(parts, asked, 'conflict', `run ${id} waits for no decision: it is ${run.state}`);
  const plan = run.planHash === undefined ? undefined : await parts.records.plan(run.planHash);
  if (plan === undefined || planHash === '' || planHash !== plan.hash)
    return refuse(
      parts,
      asked,
      'refused',
      `that is not the plan of run ${id}: its plan is ${run.planHash ?? 'not there'}; look at it again (reeve runs show ${id})`,
    );
  if (parts.input.clock.now() < plan.expiresAt) return { run, plan };
  await expireRun(parts, run, plan);
  return refuse(parts, asked, 'refused', `the plan of run ${id} has expired: reeve runs retry ${id}`);
}

async function approvalFault(
  parts: Parts,
  { run, plan }: Decidable,
  request: DecisionRequest,
): Promise<string | undefined> {
  const site = siteOf(parts.input.targets(), run.target);
  if (site === undefined) return `target ${run.target} is no longer configured`;
  const operations = await parts.input.operationsOf(run.target);
  // A decision may be taken while no agent runs: then the plan says what the action is like, and the agent asks again before it acts.
  const isImmediate = plan.acts.every(({ undoKind }) => undoKind === 'immediate');
  const asPlanned = {
    undoKind: isImmediate ? 'immediate' : 'rebuild',
    rehearsal: plan.rehearsal.verdict === 'simulated' ? 'impossible' : 'required',
  } as const;
  const action = operations?.actions.find(({ id }) => id === plan.action) ?? asPlanned;
  const workplace = { site, operations, action };
  const approval = approvalOf(parts, run, request, 'approved');
  const refusals = await askGuards(parts, { moment: 'approve', run, plan, approval, workplace });
  return refusals.length === 0 ? undefined : refusals.map(({ text }) => text).join('; ');
}

async function decide(
  parts: Parts,
  { run, plan }: Decidable,
  request: DecisionRequest,
  decision: Decision,
): Promise<Run | undefined> {
  const approval = approvalOf(parts, run, request, decision);
  const { by, comment, at } = approval;
  const said = comment === '' ? '' : `: ${comment}`;
  const state = decision;
  const change = { state, since: at, updatedAt: at, reason: `${decision} by ${by}${said}` };
  const audit = auditOf(parts, run, {
    actor: by,
    event: decision,
    outcome: change.reason,
    statements: plan.acts.map(({ statement }) => statement),
  });
  return parts.records.decide(approval, { revision: run.revision, change }, audit);
}

function approvalOf(parts: Parts, run: Run, request: DecisionRequest, decision: Decision): Approval {
  const { by, planHash } = request;
  const comment = parts.input.redact(request.comment).slice(0, 1_000);
  return { runId: run.id, planHash, decision, by, at: parts.input.clock.now(), comment };
}

/** The approval is on disk: when this fails, tending starts it. */
async function startApproved(parts: Parts, run: Run): Promise<void> {
  try {
    await startProcess(parts, processes.execute, run);
  } catch (error) {
    parts.input.log.warn('run not started yet', { run: run.id, error: textOf(parts, error) });
  }
}

function late(id: string): string {
  return `somebody else decided about run ${id} at the same time: look at it again (reeve runs show ${id})`;
}
