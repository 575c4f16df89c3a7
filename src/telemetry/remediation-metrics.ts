import { defineMetrics } from '../core/metric.ts';

/** What the agent says about remediation. Several agents on one store all say the same of it. */

const remediation = {
  source: 'the store of the agent',
  docs: 'https://prometheus.io/docs/instrumenting/writing_exporters/#metrics-about-the-scrape-itself',
  since: 'any',
  cost: 'none',
  stability: 'stable',
  group: 'remediation',
  labels: {},
  kind: 'gauge',
  unit: 'none',
} as const;

export const remediationMetrics = defineMetrics({
  remediationRuns: {
    ...remediation,
    name: 'reeve_remediation_runs',
    help: 'Runs that the store holds, ended ones included; those that ended more than 400 days ago are forgotten.',
    labels: {
      pipeline: 'What kind of change: index_management, query_optimisation and others.',
      state:
        'preparing, waiting, approved, executing, soaking, half_applied; ended: observed, proposed, nothing_to_do, refused, rejected, expired, cancelled, kept, inconclusive, verified, reverted or failed.',
    },
  },
  remediationWaitingSince: {
    ...remediation,
    name: 'reeve_remediation_waiting_since_timestamp_seconds',
    unit: 'timestamp',
    help: 'Since when the plan that waits longest has waited for a decision; absent while none waits.',
  },
  remediationPaused: {
    ...remediation,
    name: 'reeve_remediation_paused',
    help: 'Whether a person or the pause file keeps remediation from doing anything new (1) or not (0).',
  },
  remediationRefusing: {
    ...remediation,
    name: 'reeve_remediation_refusing',
    help: 'Whether remediation can do nothing because its store refuses, or because it did not start (1), or can (0).',
  },
  remediationDisabledActions: {
    ...remediation,
    name: 'reeve_remediation_disabled_actions',
    help: 'Actions that were taken back on a target and are disabled there until a person enables them.',
  },
  remediationRevertedTotal: {
    ...remediation,
    name: 'reeve_remediation_reverted_total',
    kind: 'counter',
    help: 'Changes that were taken back because the target got worse, since the agent started.',
  },
  remediationFailedAfterActingTotal: {
    ...remediation,
    name: 'reeve_remediation_failed_after_acting_total',
    kind: 'counter',
    help: 'Runs that failed after they began to change their target and were not taken back, since the agent started.',
  },
  auditLines: {
    ...remediation,
    name: 'reeve_audit_lines',
    help: 'Lines of the audit; they are only ever added.',
  },
  auditHeadInfo: {
    ...remediation,
    name: 'reeve_audit_head_info',
    help: 'The newest line of the audit, always 1; keep it elsewhere, and `reeve audit verify --head` finds out whether it was rewritten.',
    labels: { hash: 'SHA-256 of the newest line, in hexadecimal digits.' },
  },
});
