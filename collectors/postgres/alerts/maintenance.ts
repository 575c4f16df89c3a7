import type { AlertRule } from '../../../src/sdk.ts';
import { on, primary, series } from './series.ts';

const manual = 'https://www.postgresql.org/docs/current';
const horizon =
  "SELECT pid::text AS holder, age(backend_xmin) AS transactions, state, left(query, 60) AS query FROM pg_stat_activity WHERE backend_xmin IS NOT NULL UNION ALL SELECT gid, age(transaction), 'prepared', NULL FROM pg_prepared_xacts UNION ALL SELECT slot_name, greatest(age(xmin), age(catalog_xmin)), 'slot', NULL FROM pg_replication_slots ORDER BY 2 DESC NULLS LAST LIMIT 10;";
const dueTables =
  'SELECT relname, n_dead_tup, n_live_tup, last_autovacuum, last_vacuum FROM pg_stat_user_tables ORDER BY n_dead_tup DESC LIMIT 10;';
const database = 'database="shop"';

const held = {
  name: 'ReevePostgresVacuumHeldBack',
  severity: 'ticket',
  for: '30m',
  description:
    'Vacuum runs and removes nothing younger than that. Tables and indexes grow, and in the end ids run out.',
  command: horizon,
  runbook: {
    meaning:
      'Somebody still may look at row versions from millions of transactions ago, so none that died since may be removed. Queries become slower, disks fuller.',
    steps: [
      `Find the holder: \`${horizon}\``,
      'A session: `SELECT pg_terminate_backend(<pid>);` after asking its owner.',
      'A prepared transaction: see ReevePostgresPreparedTransactionForgotten.',
      'A replica with hot_standby_feedback: find the long query there: `SELECT pid, now() - xact_start, left(query, 80) FROM pg_stat_activity WHERE xact_start IS NOT NULL ORDER BY 2 DESC;`',
      "A slot: bring its consumer back, or `SELECT pg_drop_replication_slot('<slot>');`",
      'Then vacuum what grew most: `VACUUM (VERBOSE) <table>;`',
    ],
    afterwards:
      'It ends when the holder lets go. Space inside the tables is used again; to give it back to the disk takes VACUUM FULL (locks) or pg_repack.',
    links: [`${manual}/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY`],
  },
} as const;

export const maintenanceAlerts: readonly AlertRule[] = [
  {
    ...held,
    expr: '$xminAge > 10e6',
    summary:
      'A {{ $labels.holder }} has kept vacuum of {{ $labels.target }} from what died in the last {{ $value | humanize }} transactions',
    tests: {
      fires: { series: [series('xminAge', '12e6x60', 'holder="session"')], after: '40m' },
      quiet: { series: [series('xminAge', '1e6x60', 'holder="session"')], after: '40m' },
    },
  },
  {
    ...held,
    name: 'ReevePostgresSlotHoldsVacuumBack',
    expr: '$slotXminAge > 10e6',
    summary:
      'Slot {{ $labels.slot }} has kept vacuum of {{ $labels.target }} from what died in the last {{ $value | humanize }} transactions',
    tests: {
      fires: { series: [series('slotXminAge', '12e6x60', 'slot="cdc"')], after: '40m' },
      quiet: { series: [series('slotXminAge', '1e6x60', 'slot="cdc"')], after: '40m' },
    },
  },
  {
    name: 'ReevePostgresVacuumLate',
    severity: 'ticket',
    expr: '$vacuumDue > 0 and $vacuumDueAgeSeconds > 86400',
    for: '2h',
    summary:
      'Tables in database {{ $labels.database }} of {{ $labels.target }} that have been due for vacuum for hours: {{ $value }}',
    description: 'Autovacuum should have come within minutes. The tables grow and are scanned more slowly.',
    command: dueTables,
    runbook: {
      meaning:
        'A table has more dead rows than autovacuum waits for, was not vacuumed for a day, and for two hours nobody came.',
      steps: [
        `See which: \`${dueTables}\``,
        "Is autovacuum at work, and on what? `SELECT pid, now() - query_start AS running, query FROM pg_stat_activity WHERE backend_type = 'autovacuum worker';` All workers busy: raise autovacuum_max_workers, or autovacuum_vacuum_cost_limit.",
        "Nobody at work: `SHOW autovacuum;` and look for tables that turn it off: `SELECT oid::regclass, reloptions FROM pg_class WHERE array_to_string(reloptions, ',') LIKE '%autovacuum_enabled=%';`",
        'Workers are cancelled again and again (`canceling autovacuum task` in the log): something locks the table all the time.',
        'Vacuum it now: `VACUUM (ANALYZE, VERBOSE) <table>;`',
      ],
      afterwards:
        'It ends when no table is due. Large tables want their own autovacuum_vacuum_scale_factor, such as 0.02.',
      links: [`${manual}/routine-vacuuming.html#AUTOVACUUM`],
    },
    tests: {
      fires: {
        series: [
          series('vacuumDue', '3x200', database),
          series('vacuumDueAgeSeconds', '90000+60x200', database),
        ],
        after: '150m',
      },
      quiet: {
        series: [series('vacuumDue', '3x200', database), series('vacuumDueAgeSeconds', '600x200', database)],
        after: '150m',
      },
    },
  },
  {
    name: 'ReevePostgresUnsafeSettings',
    severity: 'ticket',
    expr: '$findings{engine="postgres",code=~"fsync_off|full_page_writes_off|autovacuum_off|track_counts_off"} > 0',
    for: '15m',
    summary: '{{ $labels.target }} runs with a setting that endangers it: {{ $labels.code }}',
    description:
      'Without fsync or full_page_writes a crash destroys data. Without autovacuum, or the counts that it goes by, tables grow without end and ids run out.',
    command:
      "SELECT name, setting, source, sourcefile, sourceline FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'autovacuum', 'track_counts');",
    runbook: {
      meaning: 'Somebody switched it off, perhaps for a bulk load, and did not switch it on again.',
      steps: [
        "See where it is set: `SELECT name, setting, source, sourcefile, sourceline FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'autovacuum', 'track_counts');`",
        'Switch it on: `ALTER SYSTEM SET <name> = on; SELECT pg_reload_conf();`',
        'After fsync was off: `sync` on the machine, so that everything reaches the disk.',
      ],
      afterwards: 'It ends within five minutes of the change.',
      links: [`${manual}/runtime-config-wal.html#GUC-FSYNC`, `${manual}/runtime-config-autovacuum.html`],
    },
    tests: {
      fires: {
        series: [{ series: `$findings{${on},code="autovacuum_off",severity="critical"}`, values: '1x30' }],
        after: '20m',
      },
      quiet: {
        series: [{ series: `$findings{${on},code="track_io_timing_off",severity="info"}`, values: '1x30' }],
        after: '20m',
      },
    },
  },
  {
    name: 'ReevePostgresChecksumFailures',
    severity: 'page',
    expr: 'increase($checksumFailures[6h]) > 0',
    for: '0s',
    summary: 'Pages of database {{ $labels.database }} of {{ $labels.target }} have wrong checksums',
    description:
      'Data on disk are damaged. More may follow, and replicas and backups made from now on may hold the damage too.',
    command:
      'SELECT datname, checksum_failures, checksum_last_failure FROM pg_stat_database WHERE checksum_failures > 0;',
    runbook: {
      meaning:
        'A page that was read is not what was written: a disk, controller, memory or file system is at fault. Statements that read it fail.',
      steps: [
        'See where and when: `SELECT datname, checksum_failures, checksum_last_failure FROM pg_stat_database WHERE checksum_failures > 0;`',
        'Find file and block in the log: `grep -E "page verification failed|invalid page" <log>`, and the relation: `SELECT pg_filenode_relation(<tablespace>, <filenode>);`',
        'Do not delete old backups. Look at the machine: `dmesg -T | grep -iE "i/o error|ata|nvme|mce"`, `smartctl -a <device>`',
        'Is a standby healthy? Fail over to it; it reads the same page from its own disk.',
        'An index alone: `REINDEX INDEX CONCURRENTLY <index>;`. A table: restore it from a backup.',
      ],
      afterwards:
        'It ends six hours after the last failure. Replace the hardware and build this server anew.',
      links: [`${manual}/checksums.html`, `${manual}/app-pgchecksums.html`],
    },
    tests: {
      fires: { series: [series('checksumFailures', '0x10 1x10', database)], after: '15m' },
      quiet: { series: [series('checksumFailures', '4x20', database)], after: '15m' },
    },
  },
  {
    name: 'ReevePostgresInvalidIndex',
    severity: 'ticket',
    expr: '$invalidIndexes > 0 and on (job, instance, target) $inRecovery == 0',
    for: '1h',
    summary: 'Database {{ $labels.database }} of {{ $labels.target }} has invalid indexes: {{ $value }}',
    description:
      'Queries do not use them, and every write still maintains them. A unique one may not keep its promise.',
    command:
      'SELECT indexrelid::regclass AS index, indrelid::regclass AS "table" FROM pg_index WHERE NOT indisvalid;',
    runbook: {
      meaning:
        'CREATE INDEX CONCURRENTLY or REINDEX CONCURRENTLY was interrupted or found duplicates. Indexes being built right now are not counted.',
      steps: [
        'List them: `SELECT indexrelid::regclass, indrelid::regclass FROM pg_index WHERE NOT indisvalid;`',
        'Names that end in `_ccnew` or `_ccold` are left over from REINDEX: `DROP INDEX CONCURRENTLY <index>;`',
        'Others are wanted: `REINDEX INDEX CONCURRENTLY <index>;`, for unique ones after the duplicates are gone.',
      ],
      afterwards: 'It ends when none is left. Run such builds with a lock_timeout and look at their result.',
      links: [
        `${manual}/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY`,
        `${manual}/sql-reindex.html#SQL-REINDEX-CONCURRENTLY`,
      ],
    },
    tests: {
      fires: { series: [primary, series('invalidIndexes', '1x90', database)], after: '70m' },
      quiet: { series: [primary, series('invalidIndexes', '1x30 0x60', database)], after: '70m' },
    },
  },
  {
    name: 'ReevePostgresCheckpointsRequested',
    severity: 'info',
    expr: 'increase($checkpoints{reason="requested"}[1h]) > 20',
    for: '0s',
    summary:
      '{{ $labels.target }} made {{ $value | humanize }} checkpoints within an hour because WAL filled up',
    description: 'Checkpoints that come so often write the same pages over and over and make more WAL.',
    command: 'SHOW max_wal_size;',
    runbook: {
      meaning:
        'max_wal_size is small for what is written, or somebody asks for checkpoints. Users may feel the writes.',
      steps: [
        'See the settings: `SHOW max_wal_size; SHOW checkpoint_timeout;`',
        'A bulk load or base backups explain it? Then it will pass.',
        "Otherwise: `ALTER SYSTEM SET max_wal_size = '<twice as much>'; SELECT pg_reload_conf();`, if the disk has room.",
      ],
      afterwards: 'It ends within an hour. A crash recovery takes longer with a larger max_wal_size.',
      links: [`${manual}/wal-configuration.html`],
    },
    tests: {
      fires: { series: [series('checkpoints', '0+1x70', 'reason="requested"')], after: '65m' },
      quiet: { series: [series('checkpoints', '0+1x70', 'reason="timed"')], after: '65m' },
    },
  },
  {
    name: 'ReevePostgresRestarted',
    severity: 'info',
    expr: '$uptimeSeconds < 600',
    for: '0s',
    summary: '{{ $labels.target }} was started {{ $value | humanizeDuration }} ago',
    description:
      'All connections were lost and caches are cold. If nobody did it on purpose, the server crashed.',
    command: 'SELECT pg_postmaster_start_time();',
    runbook: {
      meaning: 'The server was started within the last ten minutes.',
      steps: [
        'Was it announced? Then this is the confirmation.',
        'Otherwise read the end of its last life in the log: `grep -nE "PANIC|FATAL|terminated by signal|shut down|database system was" <log> | tail -n 20`',
        'Signal 9 is usually the out-of-memory killer: `dmesg -T | grep -i "out of memory"`',
      ],
      afterwards: 'It ends ten minutes after the start.',
      links: [`${manual}/kernel-resources.html#LINUX-MEMORY-OVERCOMMIT`],
    },
    tests: {
      fires: { series: [series('uptimeSeconds', '100+60x20')], after: '5m' },
      quiet: { series: [series('uptimeSeconds', '86400+60x20')], after: '5m' },
    },
  },
  {
    name: 'ReevePostgresRestartPending',
    severity: 'info',
    expr: '$pendingRestart > 0',
    for: '1d',
    summary: 'Settings of {{ $labels.target }} that have waited for a restart for over a day: {{ $value }}',
    description: 'The next restart, perhaps an unplanned one, changes how the server behaves.',
    command: 'SELECT name, setting, sourcefile, sourceline FROM pg_settings WHERE pending_restart;',
    runbook: {
      meaning: 'Configuration files say something else than the running server does.',
      steps: [
        'See which: `SELECT name, setting, sourcefile, sourceline FROM pg_settings WHERE pending_restart;`',
        'Restart the server in a quiet hour, or take the change back: `ALTER SYSTEM RESET <name>; SELECT pg_reload_conf();`',
      ],
      afterwards: 'It ends when files and server agree.',
      links: [`${manual}/view-pg-settings.html`],
    },
    tests: {
      fires: { series: [series('pendingRestart', '1x1500')], after: '1450m' },
      quiet: { series: [series('pendingRestart', '1x1000 0x500')], after: '1450m' },
    },
  },
];
