import type { RemediationControl, RunReport } from '../core/remediation/control.ts';
import { acknowledge } from './acknowledge.ts';
import { verifyAudit } from './audit-report.ts';
import { approve, reject } from './decisions.ts';
import { cancel, enable, pause, resume, retry, start } from './interventions.ts';
import type { Parts } from './parts.ts';
import { sha256 } from './plan-hash.ts';
import { pauseFileOf } from './situation.ts';

/** What people may ask, over the command line and the control interface. */
export function createControl(parts: Parts, refusing: () => string | undefined): RemediationControl {
  const { records } = parts;
  return {
    runs: (filter) => records.runs(filter),
    show: (id) => show(parts, id),
    approve: (id, decision) => approve(parts, id, decision),
    reject: (id, decision) => reject(parts, id, decision),
    cancel: (id, by, undo) => cancel(parts, id, by, undo),
    retry: (id, by) => retry(parts, id, by),
    start: (request) => start(parts, request),
    pause: (by, reason, abort) => pause(parts, by, reason, abort),
    resume: (by) => resume(parts, by),
    enable: (target, action, by) => enable(parts, target, action, by),
    acknowledge: (id, by, comment) => acknowledge(parts, id, by, comment),
    drills: (target, limit) => parts.input.proofs.proofs({ kind: 'drill', target, limit }),
    status: async () => ({
      paused: await records.paused(),
      pauseFile: pauseFileOf(parts),
      disabled: await records.disabledActions(),
      refusing: refusing(),
      auditHead: await records.auditHead(),
    }),
    audit: (from, limit) => records.audit(from, limit),
    verifyAudit: () => verifyAudit(records, sha256),
  };
}

async function show({ records }: Parts, id: string): Promise<RunReport | undefined> {
  const run = await records.run(id);
  if (run === undefined) return undefined;
  const plan = run.planHash === undefined ? undefined : await records.plan(run.planHash);
  return {
    run,
    plan,
    approval: plan === undefined ? undefined : await records.approval(plan.hash),
    evidence: await records.evidence(id),
    acts: await records.acts({ runId: id }),
  };
}
