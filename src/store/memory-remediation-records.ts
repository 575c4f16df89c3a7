import type { DisabledAction, Lease, Pause, RemediationRecords } from '../core/ports/remediation-records.ts';
import type { AuditDraft, AuditEntry } from '../core/remediation/audit.ts';
import { emptyAudit } from '../core/remediation/audit-chain.ts';
import type { Evidence } from '../core/remediation/evidence.ts';
import { FenceError, targetLease } from '../core/remediation/fencing.ts';
import type { Plan } from '../core/remediation/plan.ts';
import type { ActRecord, Approval, Run } from '../core/remediation/run.ts';
import { byChange, changed, isHeld, isWantedAct, isWantedRun } from './remediation-filter.ts';
import {
  checkChange,
  checkEvidence,
  checkIntent,
  checkRun,
  nextLine,
  notOpen,
} from './remediation-values.ts';

interface Kept {
  readonly runs: Map<string, Run>;
  readonly plans: Map<string, Plan>;
  /** By hash of the plan. */
  readonly approvals: Map<string, Approval>;
  readonly evidence: Map<string, Evidence>;
  readonly acts: ActRecord[];
  readonly disabled: Map<string, DisabledAction>;
  readonly audit: AuditEntry[];
  readonly leases: Map<string, Lease>;
  pause: Pause | undefined;
}

/** Records that start empty and are forgotten at the end: for commands that take a reading, and for tests. Nothing of it is ever deleted. */
export function createMemoryRemediationRecords(): RemediationRecords {
  const kept: Kept = {
    runs: new Map(),
    plans: new Map(),
    approvals: new Map(),
    evidence: new Map(),
    acts: [],
    disabled: new Map(),
    audit: [],
    leases: new Map(),
    pause: undefined,
  };
  return {
    ...ofRuns(kept),
    ...ofPlans(kept),
    ...ofActs(kept),
    ...ofSwitches(kept),
    ...ofAudit(kept),
    ...ofLeases(kept),
  };
}

function ofRuns(
  kept: Kept,
): Pick<RemediationRecords, 'claim' | 'run' | 'runs' | 'countRuns' | 'change' | 'decide'> {
  const { runs, approvals } = kept;
  const current = (id: string, revision: number): Run | undefined => {
    const run = runs.get(id);
    return run?.revision === revision ? run : undefined;
  };
  return {
    async claim(run) {
      checkRun(run);
      const isClaimed = [...runs.values()].some(({ trigger }) => trigger.key === run.trigger.key);
      if (isClaimed) return false;
      if (runs.has(run.id)) throw new RangeError(`run ${run.id} is there already, with another trigger`);
      runs.set(run.id, run);
      return true;
    },
    run: async (id) => runs.get(id),
    runs: async (filter) =>
      [...runs.values()]
        .filter((run) => isWantedRun(run, filter))
        .sort(byChange)
        .slice(0, filter.limit),
    async countRuns() {
      const groups = Map.groupBy(runs.values(), ({ pipeline, state }) => `${pipeline} ${state}`);
      return [...groups.values()].flatMap(([first, ...others]) =>
        first === undefined
          ? []
          : [{ pipeline: first.pipeline, state: first.state, count: others.length + 1 }],
      );
    },
    async change(id, revision, change, audit) {
      checkChange(change);
      const before = current(id, revision);
      if (before === undefined) return undefined;
      if (audit !== undefined) append(kept, audit);
      const after = changed(before, change);
      runs.set(id, after);
      return after;
    },
    async decide(approval, { revision, change }, audit) {
      checkChange(change);
      const before = current(approval.runId, revision);
      if (before?.planHash !== approval.planHash || approvals.has(approval.planHash)) return undefined;
      append(kept, audit);
      const after = changed(before, change);
      runs.set(before.id, after);
      approvals.set(approval.planHash, approval);
      return after;
    },
  };
}

function ofPlans({
  plans,
  approvals,
  evidence,
}: Kept): Pick<RemediationRecords, 'savePlan' | 'plan' | 'approval' | 'addEvidence' | 'evidence'> {
  return {
    async savePlan(plan) {
      if (!plans.has(plan.hash)) plans.set(plan.hash, plan);
    },
    plan: async (hash) => plans.get(hash),
    approval: async (planHash) => approvals.get(planHash),
    async addEvidence(one) {
      checkEvidence(one);
      if (!evidence.has(one.id)) evidence.set(one.id, one);
    },
    evidence: async (runId) =>
      [...evidence.values()].filter((one) => one.runId === runId).sort((one, other) => one.at - other.at),
  };
}

function ofActs(kept: Kept): Pick<RemediationRecords, 'intend' | 'conclude' | 'acts'> {
  const { acts, leases } = kept;
  return {
    async intend(act, audit) {
      checkIntent(act);
      const newest = leases.get(targetLease(act.target))?.fence ?? 0;
      if (newest === 0 || act.fence < newest) throw new FenceError(act.target, act.fence, newest);
      append(kept, audit);
      const id = acts.length + 1;
      const { runId, target, direction, statement, fence, intentAt } = act;
      const asked = { id, runId, target, act: act.act, direction, statement, fence, intentAt };
      acts.push({ ...asked, outcome: undefined, outcomeAt: undefined, detail: '' });
      return id;
    },
    async conclude(id, outcome, at, detail, audit) {
      const act = acts[id - 1];
      if (act === undefined || act.outcome !== undefined) throw notOpen(id);
      append(kept, audit);
      acts[id - 1] = { ...act, outcome, outcomeAt: at, detail };
    },
    acts: async (filter) => acts.filter((act) => isWantedAct(act, filter)),
  };
}

function ofSwitches(
  kept: Kept,
): Pick<RemediationRecords, 'disableAction' | 'enableAction' | 'disabledActions' | 'paused' | 'setPaused'> {
  return {
    async disableAction(disabled, audit) {
      append(kept, audit);
      kept.disabled.set(JSON.stringify([disabled.target, disabled.action]), disabled);
    },
    async enableAction(target, action, audit) {
      const name = JSON.stringify([target, action]);
      if (!kept.disabled.has(name)) return false;
      append(kept, audit);
      return kept.disabled.delete(name);
    },
    disabledActions: async () => [...kept.disabled.values()],
    paused: async () => kept.pause,
    async setPaused(pause, audit) {
      append(kept, audit);
      kept.pause = pause;
    },
  };
}

function ofAudit(kept: Kept): Pick<RemediationRecords, 'appendAudit' | 'auditHead' | 'audit'> {
  return {
    appendAudit: async (draft) => append(kept, draft),
    async auditHead() {
      const { sequence, hash } = kept.audit.at(-1) ?? emptyAudit;
      return { sequence, hash };
    },
    audit: async (from, limit) => kept.audit.filter(({ sequence }) => sequence >= from).slice(0, limit),
  };
}

function append({ audit }: Kept, draft: AuditDraft): AuditEntry {
  const entry = nextLine(audit.at(-1) ?? emptyAudit, draft);
  audit.push(entry);
  return entry;
}

function ofLeases({ leases }: Kept): Pick<RemediationRecords, 'takeLease' | 'renewLease' | 'releaseLease'> {
  const isOurs = ({ name, holder, fence, expiresAt }: Lease): boolean => {
    const held = leases.get(name);
    return held?.holder === holder && held.fence === fence && held.expiresAt > 0 && expiresAt > 0;
  };
  return {
    async takeLease(name, holder, at, forMs) {
      const before = leases.get(name);
      if (isHeld(before, at)) return undefined;
      const lease = { name, holder, fence: (before?.fence ?? 0) + 1, expiresAt: at + forMs };
      leases.set(name, lease);
      return lease;
    },
    async renewLease(lease, at, forMs) {
      if (!isOurs(lease)) return false;
      leases.set(lease.name, { ...lease, expiresAt: at + forMs });
      return true;
    },
    async releaseLease(lease) {
      if (isOurs(lease)) leases.set(lease.name, { ...lease, expiresAt: 0 });
    },
  };
}
