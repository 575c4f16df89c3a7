import type { AlertRule } from '../core/alert-rule.ts';
import { auditAlerts } from './audit-alerts.ts';

/** Alerts about changes that Reeve makes, and about what keeps it from making them. */

const on = 'job="reeve",instance="reeve:9464"';
const runsOf = (state: string): string =>
  `$remediationRuns{${on},pipeline="index_management",state="${state}"}`;

const interrupted: readonly AlertRule[] = [
  {
    name: 'ReeveRemediationHalfApplied',
    severity: 'page',
    expr: '$remediationRuns{state="half_applied"} > 0',
    for: '5m',
    summary: 'Reeve left {{ $value }} change(s) of {{ $labels.pipeline }} half applied',
    description:
      'An act began and is neither done nor taken back, such as an index that is there and not valid. Reeve goes on until it is whole; meanwhile the database may be slower.',
    command: 'reeve runs list --state half_applied',
    runbook: {
      meaning:
        'A statement was cancelled, killed or lost its connection in the middle, and the database is left between before and after: typically an INVALID index, which costs every write and serves no query. Reeve reads the catalogue and finishes or takes back by itself; after five minutes something keeps it from doing so.',
      steps: [
        'What is half done, where, and with which statement? `reeve runs list --state half_applied`, then `reeve runs show <run>`: the acts stand there with their outcome and what the catalogue says.',
        'Why does it not get on? The reason stands in the same place: a lock that is held by a long transaction, a target that cannot be reached, remediation that refuses because the store is full, a login that lost a privilege (`reeve check --target <target>`).',
        'Free the way (end the long transaction, give back the privilege), then `reeve runs retry <run>`: it is reconciled at once.',
        'Rather by hand? `reeve pause`, run the undo statements that `reeve runs show` prints, check the catalogue, then `reeve resume` and `reeve runs retry <run>`: what is done already is recognised.',
      ],
      afterwards: 'It ends when the run is kept or taken back. The audit holds every attempt.',
      links: ['https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY'],
    },
    tests: {
      fires: { series: [{ series: runsOf('half_applied'), values: '0x3 1x20' }], after: '15m' },
      quiet: {
        series: [
          { series: runsOf('half_applied'), values: '0x3 1 1 0x20' },
          { series: runsOf('soaking'), values: '1x30' },
        ],
        after: '15m',
      },
    },
  },
  {
    name: 'ReeveRemediationReverted',
    severity: 'page',
    expr: 'increase($remediationRevertedTotal[1h]) > 0',
    for: '0s',
    summary: 'Reeve took a change back: the target got worse after it',
    description:
      'The change is undone and the action is disabled on that target. What got worse may have another cause that is still there.',
    command: 'reeve runs list --state reverted',
    runbook: {
      meaning:
        'After a change the watched indicator, errors, latency or lag of the target were worse than in the baseline before it. Reeve has taken the change back by itself and does not try this action on the target again until a person allows it.',
      steps: [
        'Which change, and what got worse by how much? `reeve runs list --state reverted`, then `reeve runs show <run>`: the comparison stands in the evidence (`--json` has the figures).',
        'Is the undo complete? The acts of the run end with `undo … done`. Half done: see ReeveRemediationHalfApplied.',
        'Is the target well again? `reeve objectives --target <target>`. Still bad: the change was not the cause; go on with the runbook of the objective that is breached.',
        'When the cause is found and gone: `reeve runs enable <target> <action>`.',
      ],
      afterwards:
        'It ends an hour after the change was taken back; the action stays disabled (ReeveActionDisabled).',
      links: [],
    },
    tests: {
      fires: { series: [{ series: `$remediationRevertedTotal{${on}}`, values: '0x5 1x30' }], after: '10m' },
      quiet: { series: [{ series: `$remediationRevertedTotal{${on}}`, values: '3x120' }], after: '100m' },
    },
  },
  {
    name: 'ReeveRemediationFailedAfterActing',
    severity: 'page',
    expr: 'increase($remediationFailedAfterActingTotal[1h]) > 0',
    for: '0s',
    summary: 'A change of Reeve failed, and what it did so far is still there',
    description:
      'A run began to change its target, failed, and was not taken back: because that would discard what was written since, or because taking it back failed too.',
    command: 'reeve runs list --state failed',
    runbook: {
      meaning:
        'Reeve takes a change back by itself only where that discards nothing and is sure to work. Here it is not: typically a migration of several files of which the first are applied and a later one failed, after applications have already written into what the first made.',
      steps: [
        'Which change, how far did it come, and why was it not taken back? `reeve runs list --state failed`, then `reeve runs show <run>`: the acts and their outcome, and the reason.',
        'Does the application work? Ask whoever owns it: the target is between two versions of its schema or settings.',
        'Forward: mend what made it fail, and start it again as a new run. Back: read the undo statements that `reeve runs show` prints and what they discard; for a migration `reeve migrate rollback` makes a plan of it that a person approves.',
      ],
      afterwards:
        'It ends an hour after the run failed, whether or not somebody acted. The run stays in the list.',
      links: [],
    },
    tests: {
      fires: {
        series: [{ series: `$remediationFailedAfterActingTotal{${on}}`, values: '0x5 1x30' }],
        after: '10m',
      },
      quiet: {
        series: [{ series: `$remediationFailedAfterActingTotal{${on}}`, values: '3x120' }],
        after: '100m',
      },
    },
  },
];

const held: readonly AlertRule[] = [
  {
    name: 'ReeveRemediationRefusing',
    severity: 'ticket',
    expr: '$remediationRefusing == 1',
    for: '15m',
    summary: 'Remediation of Reeve at {{ $labels.instance }} refuses to do anything',
    description:
      'Collecting, judging and alerting go on. Nothing is planned, executed or approved, and half-applied changes are not put right, until it is mended.',
    command: 'reeve runs list',
    runbook: {
      meaning:
        'Remediation writes down what it intends before it does it. Where the store takes no writes (disk full, read-only, PostgreSQL away), or the journal could not be opened at start, it does nothing at all.',
      steps: [
        'Why? The first lines of `reeve runs list` say it; the log has more: `journalctl -u reeve | grep -E "remediation|store"`.',
        'Space and rights of the store: `df -h <store path>; ls -ld <store path>`. With `store.url`: is that PostgreSQL up and not in recovery?',
        'It did not start at all (the log says “remediation did not start”): mend what is named there, then `systemctl restart reeve`.',
      ],
      afterwards: 'It ends with the first write that succeeds, without a restart unless it did not start.',
      links: ['https://www.sqlite.org/rescode.html'],
    },
    tests: {
      fires: { series: [{ series: `$remediationRefusing{${on}}`, values: '0x5 1x30' }], after: '25m' },
      quiet: { series: [{ series: `$remediationRefusing{${on}}`, values: '0x5 1x5 0x30' }], after: '25m' },
    },
  },
  {
    name: 'ReeveApprovalWaiting',
    severity: 'ticket',
    expr: 'time() - $remediationWaitingSince > 6 * 3600',
    for: '15m',
    summary: 'A plan of Reeve has waited {{ $value | humanizeDuration }} for a decision',
    description:
      'The breach that it would mend goes on, and the world moves away from what the plan was made for.',
    command: 'reeve runs list --state waiting',
    runbook: {
      meaning:
        'Remediation has prepared and rehearsed a change and may not execute it before a person approves exactly this plan. Nobody has decided for six hours; a plan expires (`remediation.planExpiry`, a day unless configured), and then it has to be made again.',
      steps: [
        'Which plans? `reeve runs list --state waiting`.',
        'Read one: `reeve runs show <run>` has the statements, their undo, the rehearsal and the evidence.',
        'Decide: `reeve runs approve <run> --plan <hash>` or `reeve runs reject <run> --comment <why>`.',
      ],
      afterwards:
        'It ends with the decision. If nobody wants to decide on these, use mode `propose` or `observe` for the action.',
      links: [],
    },
    tests: {
      fires: { series: [{ series: `$remediationWaitingSince{${on}}`, values: '-22000x40' }], after: '30m' },
      quiet: { series: [{ series: `$remediationWaitingSince{${on}}`, values: '-10000x40' }], after: '30m' },
    },
  },
  {
    name: 'ReeveRemediationPaused',
    severity: 'ticket',
    expr: '$remediationPaused == 1',
    for: '1d',
    summary: 'Remediation of Reeve at {{ $labels.instance }} has been paused for over a day',
    description: 'Approved plans are not executed and expire. Somebody may have forgotten to resume.',
    command: 'reeve runs list',
    runbook: {
      meaning:
        'A person (`reeve pause`, or the API) or the file `remediation.pauseFile` keeps remediation from doing anything new. Collecting and judging go on.',
      steps: [
        'Who, since when and why? The first lines of `reeve runs list`.',
        'Is the reason gone? `reeve resume`, or remove the file.',
      ],
      afterwards: 'It ends with `reeve resume`. Approvals that expired meanwhile are asked for anew.',
      links: [],
    },
    tests: {
      fires: { series: [{ series: `$remediationPaused{${on}}`, values: '0x5 1x1500' }], after: '1455m' },
      quiet: { series: [{ series: `$remediationPaused{${on}}`, values: '1x1400 0 1x100' }], after: '1455m' },
    },
  },
  {
    name: 'ReeveActionDisabled',
    severity: 'ticket',
    expr: '$remediationDisabledActions > 0',
    for: '1h',
    summary: 'Reeve has {{ $value }} action(s) disabled after a change was taken back',
    description: 'Reeve proposes and does them no more on those targets, until a person enables them.',
    command: 'reeve runs list',
    runbook: {
      meaning:
        'An action made a target worse and was taken back. It stays disabled on that target, so that the same mistake is not made twice.',
      steps: [
        'Which, where and why? The lines DISABLED of `reeve runs list`; `reeve runs list --state reverted` has the runs.',
        'Find out why it got worse: `reeve runs show <run>` compares before and after.',
        'Allow it again: `reeve runs enable <target> <action>`. Not wanted there at all: set the mode of the action to `observe` in `remediation.actions` of the target, then enable it.',
      ],
      afterwards: 'It ends when nothing is disabled any more.',
      links: [],
    },
    tests: {
      fires: { series: [{ series: `$remediationDisabledActions{${on}}`, values: '0x5 1x90' }], after: '80m' },
      quiet: { series: [{ series: `$remediationDisabledActions{${on}}`, values: '0x90' }], after: '80m' },
    },
  },
];

export const remediationAlerts: readonly AlertRule[] = [...interrupted, ...held, ...auditAlerts];
