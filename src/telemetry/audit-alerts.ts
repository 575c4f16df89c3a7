import type { AlertRule } from '../core/alert-rule.ts';

const on = 'job="reeve",instance="reeve:9464"';

/** The audit is only ever added to: Prometheus remembers how long it was. */
export const auditAlerts: readonly AlertRule[] = [
  {
    name: 'ReeveAuditShrank',
    severity: 'page',
    expr: '$auditLines < max_over_time($auditLines[7d])',
    for: '2m',
    summary: 'The audit of Reeve at {{ $labels.instance }} is shorter than it was: {{ $value }} lines',
    description:
      'Lines were removed, or the store was replaced by an older one. What remediation did then is not proven any more.',
    command: 'reeve audit verify',
    runbook: {
      meaning:
        'The audit is append-only, and it has fewer lines than within the last seven days. Somebody who can write the store cut it off, the store was restored from a backup, or the agent was given another store.',
      steps: [
        'Was the store restored, moved or given anew on purpose (`store.path`, `store.url`, a new volume)? Then write down when and by whom: that is the explanation.',
        'Keep the evidence before anything else: copy the folder of the store as it is, and `reeve pause --reason audit`.',
        'Which head was published last? `reeve_audit_lines` and `reeve_audit_head_info` in Prometheus, at the time before it shrank. Then `reeve audit verify --head <lines>:<hash>` says whether what is left is the beginning of that audit.',
        'Who had access to the store? Its folder belongs to the user of the service, mode 0700.',
      ],
      afterwards:
        'It ends seven days after the longest audit was seen. `reeve resume` when you know what happened.',
      links: [],
    },
    tests: {
      fires: { series: [{ series: `$auditLines{${on}}`, values: '120x10 80x20' }], after: '20m' },
      quiet: { series: [{ series: `$auditLines{${on}}`, values: '120x10 121x5 130x20' }], after: '20m' },
    },
  },
];
