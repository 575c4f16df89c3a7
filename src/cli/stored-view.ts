import type { Config } from '../config/config.ts';
import type { RemediationReads } from '../core/ports/remediation-records.ts';
import type { RemediationControl, RunReport } from '../core/remediation/control.ts';
import { verifyAudit } from '../remediate/audit-report.ts';
import { sha256 } from '../remediate/plan-hash.ts';
import { createMemoryRemediationRecords } from '../store/memory-remediation-records.ts';
import { createConfigInForce } from './config-in-force.ts';
import { openLog } from './open-log.ts';
import { readStoreOf } from './open-store-of.ts';
import { pauseFileOf } from './pause-file.ts';
import type { StoredInput } from './stored-input.ts';

/** What can be looked at. */
export type RemediationView = Pick<RemediationControl, 'runs' | 'show' | 'status' | 'audit' | 'verifyAudit'>;

/** Looks at what an agent that is not running left in its store; nothing there is an empty audit and no runs. */
export async function openStoredView({
  config,
  context,
  options,
}: Pick<StoredInput, 'config' | 'context' | 'options'>): Promise<
  { readonly control: RemediationView } & AsyncDisposable
> {
  const log = await openLog(context, createConfigInForce(config), options.logLevel ?? 'error');
  const kept = await readStoreOf(config.store, { clock: context.clock, log });
  const records = kept?.remediation ?? createMemoryRemediationRecords();
  return {
    control: viewOf(records, config),
    [Symbol.asyncDispose]: async () => kept?.[Symbol.asyncDispose](),
  };
}

function viewOf(records: RemediationReads, { remediation }: Config): RemediationView {
  return {
    runs: (filter) => records.runs(filter),
    show: (id) => show(records, id),
    audit: (from, limit) => records.audit(from, limit),
    verifyAudit: () => verifyAudit(records, sha256),
    status: async () => ({
      paused: await records.paused(),
      pauseFile: pauseFileOf(remediation),
      disabled: await records.disabledActions(),
      refusing: undefined,
      auditHead: await records.auditHead(),
    }),
  };
}

async function show(records: RemediationReads, id: string): Promise<RunReport | undefined> {
  const run = await records.run(id);
  if (run === undefined) return undefined;
  const { planHash } = run;
  return {
    run,
    plan: planHash === undefined ? undefined : await records.plan(planHash),
    approval: planHash === undefined ? undefined : await records.approval(planHash),
    evidence: await records.evidence(id),
    acts: await records.acts({ runId: id }),
  };
}
