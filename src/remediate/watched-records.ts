import type { RemediationRecords } from '../core/ports/remediation-records.ts';
import { FenceError } from '../core/remediation/fencing.ts';

/** The store takes or gives nothing now: nothing is done until it does. */
export class RecordsRefused extends Error {
  override readonly name = 'RecordsRefused';
}

export interface WatchedRecords {
  readonly records: RemediationRecords;
  /** Why the last write was refused; undefined since one succeeded. */
  readonly refusing: () => string | undefined;
}

const writes: ReadonlySet<string> = new Set([
  'claim',
  'change',
  'savePlan',
  'decide',
  'addEvidence',
  'intend',
  'conclude',
  'disableAction',
  'enableAction',
  'setPaused',
  'appendAudit',
  'takeLease',
]);

/** Records whose failures are recognised wherever they surface, and remembered for the status. */
export function watchRecords(records: RemediationRecords): WatchedRecords {
  let refusing: string | undefined;
  const watch =
    <A extends readonly unknown[], T>(name: string, call: (...given: A) => Promise<T>) =>
    async (...given: A): Promise<T> => {
      try {
        const answer = await call(...given);
        if (writes.has(name)) refusing = undefined;
        return answer;
      } catch (error) {
        // Not the store's fault: somebody else has the target, or a value that is wrong everywhere.
        if (error instanceof FenceError || error instanceof RangeError) throw error;
        const text = error instanceof Error ? error.message : String(error);
        if (writes.has(name)) refusing = text;
        throw new RecordsRefused(`the store refuses: ${text}`, { cause: error });
      }
    };
  return { records: watchAll(records, watch), refusing: () => refusing };
}

type Watch = <A extends readonly unknown[], T>(
  name: string,
  call: (...given: A) => Promise<T>,
) => (...given: A) => Promise<T>;

function watchAll(records: RemediationRecords, watch: Watch): RemediationRecords {
  return {
    claim: watch('claim', (run) => records.claim(run)),
    run: watch('run', (id) => records.run(id)),
    runs: watch('runs', (filter) => records.runs(filter)),
    countRuns: watch('countRuns', () => records.countRuns()),
    change: watch('change', (...given) => records.change(...given)),
    savePlan: watch('savePlan', (plan) => records.savePlan(plan)),
    plan: watch('plan', (hash) => records.plan(hash)),
    decide: watch('decide', (...given) => records.decide(...given)),
    approval: watch('approval', (hash) => records.approval(hash)),
    addEvidence: watch('addEvidence', (evidence) => records.addEvidence(evidence)),
    evidence: watch('evidence', (id) => records.evidence(id)),
    intend: watch('intend', (...given) => records.intend(...given)),
    conclude: watch('conclude', (...given) => records.conclude(...given)),
    acts: watch('acts', (filter) => records.acts(filter)),
    disableAction: watch('disableAction', (...given) => records.disableAction(...given)),
    enableAction: watch('enableAction', (...given) => records.enableAction(...given)),
    disabledActions: watch('disabledActions', () => records.disabledActions()),
    paused: watch('paused', () => records.paused()),
    setPaused: watch('setPaused', (...given) => records.setPaused(...given)),
    appendAudit: watch('appendAudit', (draft) => records.appendAudit(draft)),
    auditHead: watch('auditHead', () => records.auditHead()),
    audit: watch('audit', (...given) => records.audit(...given)),
    takeLease: watch('takeLease', (...given) => records.takeLease(...given)),
    renewLease: watch('renewLease', (...given) => records.renewLease(...given)),
    releaseLease: watch('releaseLease', (lease) => records.releaseLease(lease)),
  };
}
