import type { AlertRule } from '../../../src/sdk.ts';
import { series } from './series.ts';

const links = [
  'https://www.postgresql.org/docs/current/continuous-archiving.html',
  'https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ARCHIVER-VIEW',
];
const command =
  'SELECT archived_count, last_archived_wal, last_archived_time, failed_count, last_failed_wal, last_failed_time FROM pg_stat_archiver;';

const backlog = {
  name: 'ReevePostgresArchiveBacklog',
  for: '5m',
  summary: 'WAL of {{ $labels.target }} has been waiting {{ $value | humanizeDuration }} to be archived',
  description:
    'Whatever is not archived is lost with the server: the backup cannot be brought further than the last archived file. The waiting files also fill the disk.',
  command,
  runbook: {
    meaning:
      'Archiving works too slowly or not at all. Users feel nothing; the point to which a restore can go stays behind.',
    steps: [
      `See whether it fails or is slow: \`${command}\``,
      'If it fails, go on with ReevePostgresArchivingFailing.',
      "Count what waits: `SELECT count(*), min(modification) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready';`",
      "Time one run of the archive command by hand as the server's user, with a copy of a segment, and look at the network to the archive.",
      'Archive in parallel if your tool can (pgBackRest `archive-async=y`, WAL-G `WALG_UPLOAD_CONCURRENCY`, Barman `max_archiving_files`).',
    ],
    afterwards:
      'It ends when the oldest waiting file is younger than the limit. Take a base backup if files were lost.',
    links,
  },
} as const;

export const archivingAlerts: readonly AlertRule[] = [
  {
    name: 'ReevePostgresArchivingFailing',
    severity: 'page',
    expr: '$archivingFailing == 1',
    for: '10m',
    summary: 'Archiving of WAL fails on {{ $labels.target }}',
    description:
      'Nothing written since can be restored from a backup, and the WAL that waits fills the disk; when that is full the server stops.',
    command,
    runbook: {
      meaning:
        'archive_command (or the archive library) has been failing for ten minutes. Users feel nothing yet. No later point in time can be restored until it works again.',
      steps: [
        `See since when and at which file: \`${command}\``,
        "Read why in the server's log: `grep -i archive <log> | tail -n 20`",
        "See what is run: `SELECT name, setting FROM pg_settings WHERE name LIKE 'archive%';`",
        'Try it by hand as the user postgres, with the file named above. Usual causes: full or unreachable archive, expired credentials, a file that is there already with other content.',
        'Mend the cause. The server tries again by itself within a minute; after a change of archive_command: `SELECT pg_reload_conf();`',
        'See how much time the disk leaves: `df -h <data directory>/pg_wal`. Never delete files from pg_wal by hand.',
      ],
      afterwards:
        'It ends with the next file that is archived. If files are missing in the archive, take a base backup at once.',
      links,
    },
    tests: {
      fires: { series: [series('archivingFailing', '0x5 1x20')], after: '20m' },
      quiet: { series: [series('archivingFailing', '0x5 1x5 0x20')], after: '20m' },
    },
  },
  {
    ...backlog,
    severity: 'ticket',
    expr: '$archiveBacklogAgeSeconds > 900',
    tests: {
      fires: { series: [series('archiveBacklogAgeSeconds', '0+60x30')], after: '25m' },
      quiet: { series: [series('archiveBacklogAgeSeconds', '60x30')], after: '25m' },
    },
  },
  {
    ...backlog,
    severity: 'page',
    expr: '$archiveBacklogAgeSeconds > 3600',
    tests: {
      fires: { series: [series('archiveBacklogAgeSeconds', '0+60x80')], after: '75m' },
      quiet: { series: [series('archiveBacklogAgeSeconds', '0+60x30')], after: '30m' },
    },
  },
];
