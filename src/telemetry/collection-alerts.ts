import type { AlertRule } from '../core/alert-rule.ts';

/** Alerts about the watching of one target. */

const on = 'job="reeve",instance="reeve:9464",target="orders",engine="any"';

export const collectionAlerts: readonly AlertRule[] = [
  {
    name: 'ReeveTargetDown',
    severity: 'page',
    expr: '$targetUp == 0',
    for: '3m',
    summary: '{{ $labels.target }} ({{ $labels.engine }}) cannot be reached',
    description:
      'Reeve has reached nothing there for three minutes. If its users cannot either, this is the outage; if they can, the target is not watched.',
    command: "reeve check --target '{{ $labels.target }}'",
    runbook: {
      meaning:
        'The latest collections could not connect, or sign in, or got no answer in time. All objectives of the target are unknown; open breaches stay open. Other alerts of the target are held back while this one fires.',
      steps: [
        'What is the error? `reeve check --target <target>` connects the same way and prints it. The label `code` says it too: `sum by (code) (increase(reeve_collect_errors_total{group="target"}[10m]))`.',
        '`unreachable`: is the server up, and can this machine reach it? Try the application’s way in as well: if that works, it is the network or firewall between agent and database.',
        '`denied`: the password was changed or the login removed. Put the new secret where `url` refers to; the agent reads it again at the next try after a reload.',
        '`timeout`: the server is up and too busy to answer. Look at its load and connections from its own machine.',
      ],
      afterwards: 'It ends with the first collection that reaches the target.',
      links: [],
    },
    tests: {
      fires: { series: [{ series: `$targetUp{${on}}`, values: '1x3 0x20' }], after: '10m' },
      quiet: { series: [{ series: `$targetUp{${on}}`, values: '1x3 0x1 1x20' }], after: '10m' },
    },
  },
  {
    name: 'ReeveSnapshotStale',
    severity: 'ticket',
    // A collection that takes as long as its interval and is left out once is slow, not stale.
    expr: '$snapshotAgeSeconds > on (job, instance, target, engine) group_left () (3 * $targetInterval + 60)',
    for: '5m',
    summary: 'What Reeve shows of {{ $labels.target }} is {{ $value | humanizeDuration }} old',
    description:
      'Collections of this target do not end any more, not even with an error. What is shown of it is out of date.',
    command: "journalctl -u reeve | grep '{{ $labels.target }}'",
    runbook: {
      meaning:
        'No collection of the target has ended for three of its intervals. Failed collections end too, so this is neither a database that is down nor a login that is refused: the agent itself is stuck or starved.',
      steps: [
        'Are other targets stale too? `reeve_snapshot_age_seconds > on (job, instance, target) group_left () (3 * reeve_target_interval_seconds)`. All of them: the process hangs or has no CPU, see ReeveCollectionsLate. One: its collector hangs.',
        'Keep the evidence: `journalctl -u reeve -n 200`, then restart the agent: `systemctl restart reeve`. Breaches and proofs survive that.',
        'Report it: a collector that hangs beyond its deadline is a fault of Reeve.',
      ],
      afterwards: 'It ends with the next collection.',
      links: [],
    },
    tests: {
      fires: {
        series: [
          { series: `$snapshotAgeSeconds{${on}}`, values: '10x2 60+60x20' },
          { series: `$targetInterval{${on}}`, values: '15x30' },
        ],
        after: '15m',
      },
      quiet: {
        series: [
          { series: `$snapshotAgeSeconds{${on}}`, values: '800x30' },
          { series: `$targetInterval{${on}}`, values: '300x30' },
        ],
        after: '15m',
      },
    },
  },
  {
    name: 'ReeveCollectionFailing',
    severity: 'ticket',
    // A group that is read every few hours errs too seldom to be counted, and its success is old when all is well: hence a day for those.
    expr: '(sum without (code) (increase($collectErrorsTotal{group!="target"}[1h])) > 2 unless time() - $collectLastSuccess < 3600) or (sum without (code) ($collectErrorsTotal{group!="target"}) > 0 unless time() - $collectLastSuccess < 90000)',
    for: '15m',
    summary:
      'Group {{ $labels.group }} of {{ $labels.target }} has not been read without error for over an hour',
    description:
      'Metrics and objectives that depend on the group are unknown or incomplete until it is mended.',
    command: "reeve check --target '{{ $labels.target }}'",
    runbook: {
      meaning:
        'The target can be reached, and one group of readings fails, wholly or for one of its subjects (a database, a member), again and again. Usually a privilege, an extension or a setting is missing, or a statement runs into its time limit.',
      steps: [
        '`reeve check --target <target>` names what is missing and prints the exact statement that mends it.',
        'Nothing missing? See the error itself: `reeve collect --target <target> --format json` prints it beside the group.',
        '`timeout` on a large server: the group is listed with its limit in the README of the engine; give the target a longer `deadline`.',
      ],
      afterwards: 'It ends when the group has been read without error once.',
      links: [],
    },
    tests: {
      fires: {
        series: [
          { series: `$collectErrorsTotal{${on},group="indexes",code="denied"}`, values: '1+1x200' },
          { series: `$collectLastSuccess{${on},group="indexes"}`, values: '60x200' },
          // Read once in six hours, and never well.
          { series: `$collectErrorsTotal{${on},group="tables",code="denied"}`, values: '1x200' },
        ],
        after: '120m',
      },
      quiet: {
        series: [
          { series: `$collectErrorsTotal{${on},group="indexes",code="timeout"}`, values: '1+1x200' },
          { series: `$collectLastSuccess{${on},group="indexes"}`, values: '0+60x200' },
          { series: `$collectErrorsTotal{${on},group="target",code="unreachable"}`, values: '1+1x200' },
          // Read once in six hours, well at the fourth try.
          { series: `$collectErrorsTotal{${on},group="tables",code="timeout"}`, values: '0x2 1 2 3x200' },
          { series: `$collectLastSuccess{${on},group="tables"}`, values: '_x5 300x200' },
        ],
        after: '120m',
      },
    },
  },
  {
    name: 'ReeveSeriesDropped',
    severity: 'ticket',
    expr: 'increase($seriesDroppedTotal[15m]) > 0',
    for: '15m',
    summary: 'Reeve leaves out series of {{ $labels.target }}: its budget of series is used up',
    description:
      'Dashboards of this target are incomplete. Objectives are judged on everything that was read, dropped or not.',
    command:
      "reeve collect --target '{{ $labels.target }}' | cut -d '{' -f 1 | sort | uniq -c | sort -n | tail",
    runbook: {
      meaning:
        'The target has more series than `maxSeries` allows; the rest is left out, so that one target with a hundred thousand tables cannot fill Prometheus.',
      steps: [
        'Which metrics have so many? `reeve collect --target <target> | cut -d "{" -f 1 | sort | uniq -c | sort -n | tail`.',
        'Leave out what nobody looks at (`databases.exclude` and the like, see the README of the engine), or raise `maxSeries` of this target.',
      ],
      afterwards: 'It ends a quarter of an hour after the last collection that had to leave something out.',
      links: [],
    },
    tests: {
      fires: { series: [{ series: `$seriesDroppedTotal{${on}}`, values: '0x5 10+10x60' }], after: '40m' },
      quiet: { series: [{ series: `$seriesDroppedTotal{${on}}`, values: '10x60' }], after: '40m' },
    },
  },
  {
    name: 'ReeveCriticalFinding',
    severity: 'ticket',
    expr: '$findings{severity="critical"} > 0',
    for: '15m',
    summary: '{{ $labels.target }} has {{ $value }} critical finding(s): {{ $labels.code }}',
    description: 'Reeve saw a setting or state of the server that endangers data or availability.',
    command: "reeve collect --target '{{ $labels.target }}' --format json",
    runbook: {
      meaning:
        'While collecting, Reeve came upon something about the server that somebody should mend; it is not an objective and has no bound.',
      steps: [
        'Read it in words, with what mends it: `reeve collect --target <target> --format json` lists the findings of the target.',
        'Decide whether it is wanted. Most are settings that were meant to be temporary.',
      ],
      afterwards: 'It ends when the finding is gone from the next reading.',
      links: [],
    },
    tests: {
      fires: {
        series: [{ series: `$findings{${on},code="fsync-off",severity="critical"}`, values: '1x30' }],
        after: '20m',
      },
      quiet: {
        series: [{ series: `$findings{${on},code="old-version",severity="warning"}`, values: '1x30' }],
        after: '20m',
      },
    },
  },
];
