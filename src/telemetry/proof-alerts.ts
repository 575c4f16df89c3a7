import type { AlertRule } from '../core/alert-rule.ts';
import { backupAlerts } from './backup-alerts.ts';

/** Alerts about restore drills, and about the backups that they restore. */

const on = 'job="reeve",instance="reeve:9464",target="orders",engine="any"';
const day = 86_400;
const backups = [
  'https://www.postgresql.org/docs/current/backup.html',
  'https://www.mongodb.com/docs/manual/core/backups/',
  'https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/',
];

const drillAlerts: readonly AlertRule[] = [
  {
    name: 'ReeveDrillFailed',
    severity: 'page',
    // A target whose drills never succeeded has no time of a success.
    expr: '$drillLastAttempt > ($drillLastSuccess or $drillLastAttempt * 0)',
    for: '1h',
    summary: 'The latest restore drill of {{ $labels.target }} failed',
    description:
      'A retained backup could not be restored, or what came out of it was not what it should be. Until a drill succeeds nobody knows whether the data can be brought back.',
    command: "reeve runs list --target '{{ $labels.target }}' --pipeline backup",
    runbook: {
      meaning:
        'Reeve restored a retained backup into a scratch place and it did not come through: the backup is truncated, damaged or incomplete, a tool is missing, the scratch place was full, or what was restored differs from what it should hold. The database itself is not touched by a drill and may be in perfect health.',
      steps: [
        'What failed, at which step? `reeve runs list --target <target> --pipeline backup`, then `reeve runs show <run>`: the checks and the steps of the drill stand in its evidence.',
        'Was it the backup? A damaged or incomplete one: take a new backup now, before anything else (`reeve drill <target> --take` where Reeve can, otherwise your tool), and look at the older ones: `reeve backup list <target>`.',
        'Was it the drill? Tools that are missing, no space in `remediation.scratch`, a password that is wrong: the reason names it. Mend it.',
        'Drill again: `reeve drill <target>`. Another backup: `--backup <name>`; another chain: `--chain <chain>`.',
      ],
      afterwards:
        'It ends with the next drill that restores and verifies a backup. One of the schedule that failed is tried again after 6 and 24 hours, and by the schedule (`remediation.drills`, weekly unless configured).',
      links: backups,
    },
    tests: {
      fires: {
        series: [
          { series: `$drillLastAttempt{${on}}`, values: '7000x10 9000x100' },
          { series: `$drillLastSuccess{${on}}`, values: '7000x110' },
        ],
        after: '80m',
      },
      quiet: {
        series: [
          { series: `$drillLastAttempt{${on}}`, values: '7000x10 9000x20 9900x80' },
          { series: `$drillLastSuccess{${on}}`, values: '7000x31 9900x80' },
        ],
        after: '80m',
      },
    },
  },
  {
    name: 'ReeveDrillOverdue',
    severity: 'page',
    expr: `time() - ($drillLastAttempt or $drillExpectedSince) > ${8 * day} and $drillExpectedSince`,
    for: '15m',
    summary: 'No restore drill of {{ $labels.target }} has run for {{ $value | humanizeDuration }}',
    description:
      'Backups of this target are configured, and nobody has tried to restore one for over eight days: the schedule, the agent or remediation stands still. A drill that does not run says nothing about the backups.',
    command: "reeve runs list --target '{{ $labels.target }}' --pipeline backup",
    runbook: {
      meaning:
        'Drills run weekly unless `remediation.drills` says otherwise. This fires when none was even tried for over eight days, counted from the latest one, or, when there never was one, from the day on which Reeve first saw that backups of the target are configured. It is the dead man’s switch of the drills: nothing failed, nothing happened.',
      steps: [
        'Did drills begin and end otherwise? `reeve runs list --target <target> --pipeline backup`: refused and expired runs name their reason, such as a scratch folder that cannot be made.',
        'Is remediation at work at all? The first lines of `reeve runs list`: PAUSED (see ReeveRemediationPaused), REFUSING (see ReeveRemediationRefusing).',
        'Is the schedule what you mean? `remediation.drills` in the configuration; a schedule that is rarer than weekly fires this alert by design.',
        'Drill now: `reeve drill <target>`.',
      ],
      afterwards:
        'It ends with the next attempt, whatever comes of it; one that fails is ReeveDrillFailed. For a target whose backups Reeve is not to restore, take `backups` out of its configuration.',
      links: backups,
    },
    tests: {
      fires: {
        // Never tried, although it has been expected for long.
        series: [{ series: `$drillExpectedSince{${on}}`, values: `-${9 * day}x40` }],
        after: '30m',
      },
      quiet: {
        series: [
          { series: `$drillExpectedSince{${on}}`, values: `-${90 * day}x40` },
          { series: `$drillLastAttempt{${on}}`, values: `-${7 * day}x40` },
          // Nobody expects drills there any more.
          { series: `$drillLastAttempt{${on},shop="old"}`, values: `-${90 * day}x40` },
        ],
        after: '30m',
      },
    },
  },
];

export const proofAlerts: readonly AlertRule[] = [...drillAlerts, ...backupAlerts];
