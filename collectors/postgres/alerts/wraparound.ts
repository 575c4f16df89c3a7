import type { AlertRule } from '../../../src/sdk.ts';
import { series } from './series.ts';

const manual = 'https://www.postgresql.org/docs/current/routine-vacuuming.html';

const wraparound = {
  name: 'ReevePostgresWraparound',
  summary:
    '{{ $labels.target }} has used {{ $value | humanizePercentage }} of its {{ $labels.kind }} ids before wraparound',
  description:
    'Vacuum does not freeze old rows fast enough. At 100 % the server refuses every statement that would write, until vacuum has caught up, which can take hours.',
  command:
    'SELECT datname, age(datfrozenxid) AS xid_age, mxid_age(datminmxid) AS multixact_age FROM pg_database ORDER BY greatest(age(datfrozenxid), mxid_age(datminmxid)) DESC;',
  runbook: {
    meaning:
      'Row versions carry 32-bit transaction ids (or multixact ids, for rows that several transactions lock). Vacuum must freeze them before 2^31 younger ones have been given out. Users feel nothing until about 40 million ids are left: then come warnings, and at 3 million the server refuses to write.',
    steps: [
      'Find the worst database: `SELECT datname, age(datfrozenxid), mxid_age(datminmxid) FROM pg_database ORDER BY 2 DESC;`',
      'See what holds the horizon back; as long as it does, vacuum cannot freeze: `SELECT pid, usename, state, xact_start, age(backend_xmin) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL ORDER BY 5 DESC LIMIT 5;` `SELECT gid, prepared, age(transaction) FROM pg_prepared_xacts;` `SELECT slot_name, active, age(xmin), age(catalog_xmin) FROM pg_replication_slots;`',
      "Let go of it: `SELECT pg_terminate_backend(<pid>);`, `ROLLBACK PREPARED '<gid>';` or `SELECT pg_drop_replication_slot('<slot>');`, after asking whoever owns it.",
      "In the worst database, list the oldest tables: `SELECT c.oid::regclass, greatest(age(c.relfrozenxid), age(t.relfrozenxid)) FROM pg_class c LEFT JOIN pg_class t ON c.reltoastrelid = t.oid WHERE c.relkind IN ('r', 'm') ORDER BY 2 DESC LIMIT 10;`",
      'Freeze them one by one, fast and without the index pass: `SET vacuum_cost_delay = 0; VACUUM (FREEZE, INDEX_CLEANUP OFF, TRUNCATE OFF, VERBOSE) <table>;`',
      'Watch it: `SELECT * FROM pg_stat_progress_vacuum;`',
    ],
    afterwards:
      'The alert ends when the age of the worst database falls below the limit. To prevent the next: raise autovacuum_max_workers or autovacuum_vacuum_cost_limit, and set idle_in_transaction_session_timeout and max_slot_wal_keep_size.',
    links: [`${manual}#VACUUM-FOR-WRAPAROUND`, `${manual}#VACUUM-FOR-MULTIXACT-WRAPAROUND`],
  },
} as const;

export const wraparoundAlerts: readonly AlertRule[] = [
  {
    ...wraparound,
    severity: 'ticket',
    expr: '$wraparoundRatio > 0.5',
    for: '10m',
    tests: {
      fires: { series: [series('wraparoundRatio', '0.51x20', 'kind="multixact"')], after: '15m' },
      quiet: { series: [series('wraparoundRatio', '0.1x10 0.49x10', 'kind="xid"')], after: '20m' },
    },
  },
  {
    ...wraparound,
    severity: 'page',
    expr: '$wraparoundRatio > 0.8',
    for: '5m',
    tests: {
      fires: { series: [series('wraparoundRatio', '0.81x20', 'kind="xid"')], after: '10m' },
      quiet: { series: [series('wraparoundRatio', '0.79x20', 'kind="xid"')], after: '20m' },
    },
  },
  {
    name: 'ReevePostgresFreezeLate',
    severity: 'ticket',
    expr: '$freezeDueRatio > 1.5',
    for: '1h',
    summary:
      'The oldest {{ $labels.kind }} of {{ $labels.target }} is {{ $value | humanize }} times as old as the age at which autovacuum must freeze',
    description:
      'Vacuums against wraparound have begun and do not come to an end. If nobody looks, the age grows towards the point at which the server refuses to write.',
    command:
      "SELECT pid, wait_event_type, wait_event, now() - query_start AS running, query FROM pg_stat_activity WHERE backend_type = 'autovacuum worker';",
    runbook: {
      meaning:
        'At autovacuum_freeze_max_age every table is vacuumed whether it needs it or not. Half as much again means that these vacuums wait for a lock, are cancelled over and over, or are too slow. Users may feel their input and output.',
      steps: [
        "See what the workers do and whether they wait: `SELECT pid, wait_event_type, wait_event, now() - query_start AS running, query FROM pg_stat_activity WHERE backend_type = 'autovacuum worker';`",
        'See how far they are: `SELECT pid, relid::regclass, phase, heap_blks_scanned, heap_blks_total FROM pg_stat_progress_vacuum;`',
        'Look for what holds the horizon back: `SELECT pid, age(backend_xmin) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL ORDER BY 2 DESC LIMIT 5;`',
        'Speed them up: `ALTER SYSTEM SET autovacuum_vacuum_cost_limit = 2000; SELECT pg_reload_conf();`',
        'Or freeze the oldest tables by hand in a quiet hour: `VACUUM (FREEZE, VERBOSE) <table>;`',
      ],
      afterwards:
        'It ends when the age falls below one and a half times the limit; keep the higher cost limit if it was the speed.',
      links: [
        `${manual}#AUTOVACUUM`,
        'https://www.postgresql.org/docs/current/progress-reporting.html#VACUUM-PROGRESS-REPORTING',
      ],
    },
    tests: {
      fires: { series: [series('freezeDueRatio', '1.6x90', 'kind="xid"')], after: '65m' },
      quiet: { series: [series('freezeDueRatio', '1.1x90', 'kind="xid"')], after: '80m' },
    },
  },
];
