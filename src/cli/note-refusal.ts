import type { RemediationRecords } from '../core/ports/remediation-records.ts';
import type { RefusedRequest } from '../http/control-api.ts';

/** Writes into the audit that somebody was refused by the control interface. */
export async function noteRefusal(
  records: Pick<RemediationRecords, 'appendAudit'>,
  { actor, request, runId, status, reason, omitted }: RefusedRequest,
  at: number,
): Promise<void> {
  await records.appendAudit({
    at,
    actor,
    event: 'refused',
    runId,
    target: null,
    planHash: null,
    statements: [],
    outcome: `answered ${status}`,
    detail: { request, reason, omitted },
  });
}
