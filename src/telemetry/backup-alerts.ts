import type { AlertRule } from '../core/alert-rule.ts';

/** Alerts about the backups that other tools make, by what is found where they are kept. */

const on = 'job="reeve",instance="reeve:9464",target="orders",engine="any",chain="nightly"';
const expected = {
  series: '$drillExpectedSince{job="reeve",instance="reeve:9464",target="orders",engine="any"}',
  values: '0x1500',
};
const hour = 3_600;
const links = [
  'https://www.postgresql.org/docs/current/backup.html',
  'https://www.mongodb.com/docs/manual/core/backups/',
  'https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/',
];
const list = "reeve backup list '{{ $labels.target }}'";

export const backupAlerts: readonly AlertRule[] = [
  {
    name: 'ReeveBackupOld',
    severity: 'ticket',
    expr: `$backupAgeSeconds > ${26 * hour}`,
    for: '15m',
    summary:
      'The newest backup of {{ $labels.target }} in {{ $labels.chain }} is {{ $value | humanizeDuration }} old',
    description:
      'A daily backup is due and did not come. What was written since the newest one is lost if the data is, unless a log is archived beside it.',
    command: list,
    runbook: {
      meaning:
        'Reeve lists the backups where they are kept. The newest of this chain is older than 26 hours: a day, and two hours for one that takes long. The tool that makes them failed, its schedule stands still, or it writes somewhere else.',
      steps: [
        'Which are there? `reeve backup list <target>`.',
        'How much would be lost now? `reeve_backup_recoverable_age_seconds{target="<target>"}`: small where a log (WAL, oplog, AOF) is archived beside the backup.',
        'Why did the tool not run? Its own log and schedule (`systemctl list-timers`, `crontab -l`, the backup tool’s `info`), and the space where it writes: `df -h <folder>`.',
        'Take one now: `reeve drill <target> --take` where Reeve can, otherwise the tool itself; a later drill proves it.',
      ],
      afterwards:
        'It ends when a newer backup is found. A chain that is made more rarely on purpose: silence this alert for it by its label `chain`.',
      links,
    },
    tests: {
      fires: { series: [{ series: `$backupAgeSeconds{${on}}`, values: '93000+60x40' }], after: '40m' },
      quiet: { series: [{ series: `$backupAgeSeconds{${on}}`, values: '93000+60x15 60x30' }], after: '40m' },
    },
  },
  {
    name: 'ReeveBackupNone',
    severity: 'page',
    // A chain that holds none has no age; that it was looked at is what the other series says. Not where nothing is restored: a time-travel window holds no backup.
    expr: '($backupsDamaged unless $backupAgeSeconds) and on (job, instance, target, engine) $drillExpectedSince',
    for: '1d',
    summary: 'There is no backup of {{ $labels.target }} in {{ $labels.chain }}',
    description:
      'The place that the configuration names was looked at for a day and holds no backup at all. If the data is lost now, it is lost.',
    command: list,
    runbook: {
      meaning:
        'Backups of this target are configured, and where they should be there is none: none was ever made, all were deleted, or the configuration points somewhere else.',
      steps: [
        'What was looked at, and what does it say? `reeve backup list <target>`, and the findings of `reeve collect --target <target>`.',
        'Is it the right place? Compare `backups` of the target in the configuration with where your tool writes. A folder that is mounted must be mounted.',
        'Nothing makes backups yet? `reeve backup init <target>` writes a script, a schedule, a retention and the restore command for this engine.',
        'Take one now: `reeve drill <target> --take` where Reeve can, otherwise the tool itself; a later drill proves it.',
      ],
      afterwards: 'It ends when a backup is found there.',
      links,
    },
    tests: {
      fires: {
        series: [{ series: `$backupsDamaged{${on}}`, values: '0x1500' }, expected],
        after: '1460m',
      },
      quiet: {
        series: [
          { series: `$backupsDamaged{${on}}`, values: '0x1500' },
          { series: `$backupAgeSeconds{${on}}`, values: '_x1400 60+60x100' },
          expected,
        ],
        after: '1460m',
      },
    },
  },
  {
    name: 'ReeveBackupDamaged',
    severity: 'page',
    expr: '$backupsDamaged > 0',
    for: '10m',
    summary: '{{ $value }} backup(s) of {{ $labels.target }} in {{ $labels.chain }} are damaged',
    description:
      'By their own marks (size, manifest, checksum) they are not what was written, and cannot be restored as they are. What damaged them may be damaging the others.',
    command: list,
    runbook: {
      meaning:
        'Nobody tried to restore them yet: their size, manifest or checksum already says that they are truncated or changed. A full disk while they were written, a copy that was cut off, a failing disk, or somebody who changed a file.',
      steps: [
        'Which, and what is wrong? `reeve backup list <target>` says it of each.',
        'Is the newest one whole? If not, take one now: `reeve drill <target> --take` where Reeve can, otherwise the tool itself; a later drill proves it.',
        'Was it the place? `df -h <folder>`, `dmesg | grep -i error`, the log of the copy. A failing disk: copy the whole ones away first.',
        'Prove one that is whole: `reeve drill <target> --backup <name>`.',
      ],
      afterwards:
        'It ends when the damaged ones are gone or whole. Reeve deletes no backup: remove them with your tool once newer ones are proven.',
      links,
    },
    tests: {
      fires: { series: [{ series: `$backupsDamaged{${on}}`, values: '0x5 1x30' }], after: '25m' },
      quiet: { series: [{ series: `$backupsDamaged{${on}}`, values: '0x5 1x5 0x30' }], after: '25m' },
    },
  },
];
