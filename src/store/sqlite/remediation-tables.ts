import type { DatabaseSync } from 'node:sqlite';
import type { RemediationReads, RemediationRecords } from '../../core/ports/remediation-records.ts';
import type { AuditDraft } from '../../core/remediation/audit.ts';
import { FenceError, targetLease } from '../../core/remediation/fencing.ts';
import { checkChange, checkEvidence, checkIntent, checkRun, notOpen } from '../remediation-values.ts';
import { RemediationActs } from './remediation-acts.ts';
import { RemediationAudit } from './remediation-audit.ts';
import { RemediationLeases } from './remediation-leases.ts';
import { RemediationPlans } from './remediation-plans.ts';
import { RemediationRuns } from './remediation-runs.ts';
import { RemediationSwitches } from './remediation-switches.ts';
import { Transactions } from './transactions.ts';

interface Tables {
  readonly transactions: Transactions;
  readonly runs: RemediationRuns;
  readonly plans: RemediationPlans;
  readonly acts: RemediationActs;
  readonly switches: RemediationSwitches;
  readonly audit: RemediationAudit;
  readonly leases: RemediationLeases;
}

/** What remediation keeps, on SQLite. Each call is one transaction that is on disk when its promise resolves; nothing is written behind. */
export function createRemediationTables(database: DatabaseSync, file: string): RemediationRecords {
  const tables = createTables(database, file);
  return {
    ...readsOf(tables),
    ...writesOfRuns(tables),
    ...writesOfPlans(tables),
    ...writesOfActs(tables),
    ...writesOfSwitches(tables),
    ...leasesOf(tables),
  };
}

/** The same, to be read only. */
export function createRemediationReads(database: DatabaseSync, file: string): RemediationReads {
  return readsOf(createTables(database, file));
}

/** Ends the leases of a process that died: to be called by the only one that has the store. Quiet when the disk refuses: they end by themselves. */
export function releaseDeadLeases(database: DatabaseSync, file: string): void {
  const leases = new RemediationLeases(database);
  try {
    new Transactions(database, file).write(() => leases.releaseAll());
  } catch {
    // The store is opened all the same: a full disk must not keep the agent from collecting.
  }
}

function createTables(database: DatabaseSync, file: string): Tables {
  return {
    transactions: new Transactions(database, file),
    runs: new RemediationRuns(database),
    plans: new RemediationPlans(database),
    acts: new RemediationActs(database),
    switches: new RemediationSwitches(database),
    audit: new RemediationAudit(database),
    leases: new RemediationLeases(database),
  };
}

function readsOf({ transactions, runs, plans, acts, switches, audit }: Tables): RemediationReads {
  const reading =
    <Input extends readonly unknown[], Answer>(read: (...input: Input) => Answer) =>
    async (...input: Input): Promise<Answer> =>
      transactions.read(() => read(...input));
  return {
    run: reading((id) => runs.run(id)),
    runs: reading((filter) => runs.find(filter)),
    countRuns: reading(() => runs.count()),
    plan: reading((hash) => plans.plan(hash)),
    approval: reading((planHash) => runs.approval(planHash)),
    evidence: reading((runId) => plans.evidence(runId)),
    acts: reading((filter) => acts.find(filter)),
    disabledActions: reading(() => switches.disabled()),
    paused: reading(() => switches.paused()),
    auditHead: reading(() => audit.head()),
    audit: reading((from, limit) => audit.lines(from, limit)),
  };
}

function writesOfRuns({
  transactions,
  runs,
  audit,
}: Tables): Pick<RemediationRecords, 'claim' | 'change' | 'decide' | 'appendAudit'> {
  return {
    async claim(run) {
      checkRun(run);
      return transactions.write(() => runs.claim(run));
    },
    async change(id, revision, change, draft) {
      checkChange(change);
      return transactions.write(() => {
        const before = runs.current(id, revision);
        if (before === undefined) return undefined;
        if (draft !== undefined) audit.append(draft);
        return runs.change(before, change);
      });
    },
    async decide(approval, { revision, change }, draft) {
      checkChange(change);
      return transactions.write(() => {
        const before = runs.current(approval.runId, revision);
        if (before?.planHash !== approval.planHash || !runs.approve(approval)) return undefined;
        audit.append(draft);
        return runs.change(before, change);
      });
    },
    appendAudit: async (draft) => transactions.write(() => audit.append(draft)),
  };
}

function writesOfPlans({
  transactions,
  plans,
}: Tables): Pick<RemediationRecords, 'savePlan' | 'addEvidence'> {
  return {
    savePlan: async (plan) => transactions.write(() => plans.save(plan)),
    async addEvidence(evidence) {
      checkEvidence(evidence);
      transactions.write(() => plans.addEvidence(evidence));
    },
  };
}

function writesOfActs({
  transactions,
  acts,
  leases,
  audit,
}: Tables): Pick<RemediationRecords, 'intend' | 'conclude'> {
  return {
    async intend(act, draft) {
      checkIntent(act);
      return transactions.write(() => {
        const newest = leases.newestFence(targetLease(act.target));
        if (newest === 0 || act.fence < newest) throw new FenceError(act.target, act.fence, newest);
        audit.append(draft);
        return acts.add(act);
      });
    },
    async conclude(id, outcome, at, detail, draft) {
      transactions.write(() => {
        if (!acts.conclude(id, outcome, at, detail)) throw notOpen(id);
        audit.append(draft);
      });
    },
  };
}

function writesOfSwitches({
  transactions,
  switches,
  audit,
}: Tables): Pick<RemediationRecords, 'disableAction' | 'enableAction' | 'setPaused'> {
  const audited = <T>(draft: AuditDraft, work: () => T): T =>
    transactions.write(() => {
      audit.append(draft);
      return work();
    });
  return {
    disableAction: async (disabled, draft) => audited(draft, () => switches.disable(disabled)),
    enableAction: async (target, action, draft) =>
      transactions.write(() => {
        if (!switches.enable(target, action)) return false;
        audit.append(draft);
        return true;
      }),
    setPaused: async (pause, draft) => audited(draft, () => switches.setPaused(pause)),
  };
}

function leasesOf({
  transactions,
  leases,
}: Tables): Pick<RemediationRecords, 'takeLease' | 'renewLease' | 'releaseLease'> {
  return {
    takeLease: async (name, holder, at, forMs) =>
      transactions.write(() => leases.take(name, holder, at, forMs)),
    renewLease: async (lease, at, forMs) => transactions.write(() => leases.renew(lease, at + forMs)),
    async releaseLease(lease) {
      transactions.write(() => leases.renew(lease, 0));
    },
  };
}
