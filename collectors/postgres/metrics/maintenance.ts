import { defineMetrics } from '../../../src/sdk.ts';

const wraparound = {
  stability: 'stable',
  group: 'wraparound',
  since: '13',
  cost: 'one pass over pg_database a minute, shared',
  docs: 'https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND',
} as const;

const vacuum = {
  stability: 'stable',
  group: 'vacuum',
  since: '13',
  cost: 'one pass over pg_class and the statistics functions every five minutes and database, no locks',
  docs: 'https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM',
} as const;

const io = {
  stability: 'stable',
  group: 'io',
  since: '16',
  cost: 'one pass over pg_stat_io a minute',
  docs: 'https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-IO-VIEW',
} as const;

const settings = {
  stability: 'stable',
  group: 'settings',
  since: '13',
  cost: 'one pass over pg_settings every five minutes',
  docs: 'https://www.postgresql.org/docs/current/view-pg-settings.html',
} as const;

export const maintenanceMetrics = defineMetrics({
  xidAge: {
    ...wraparound,
    name: 'reeve_postgres_xid_age',
    kind: 'gauge',
    unit: 'none',
    help: 'Transactions since the oldest that the database has not frozen.',
    labels: { database: 'The database.' },
    source: 'age(pg_database.datfrozenxid)',
  },
  multixactAge: {
    ...wraparound,
    name: 'reeve_postgres_multixact_age',
    kind: 'gauge',
    unit: 'none',
    help: 'Multixacts since the oldest that the database still holds.',
    labels: { database: 'The database.' },
    source: 'mxid_age(pg_database.datminmxid)',
  },
  wraparoundRatio: {
    ...wraparound,
    name: 'reeve_postgres_wraparound_ratio',
    kind: 'gauge',
    unit: 'ratio',
    help: 'How much of the way to running out of ids the worst database has gone; near 1 the server stops accepting writes.',
    labels: { kind: 'xid or multixact.' },
    source: 'pg_database.datfrozenxid, datminmxid against 2^31',
  },
  freezeDueRatio: {
    ...wraparound,
    name: 'reeve_postgres_freeze_due_ratio',
    kind: 'gauge',
    unit: 'ratio',
    help: 'Age of the worst database against the age at which autovacuum must freeze; above 1 it is late.',
    labels: { kind: 'xid or multixact.' },
    source:
      'pg_database.datfrozenxid, datminmxid; autovacuum_freeze_max_age, autovacuum_multixact_freeze_max_age',
  },
  deadRows: {
    ...vacuum,
    name: 'reeve_postgres_dead_rows',
    kind: 'gauge',
    unit: 'none',
    help: 'Dead rows in all tables of the database, as estimated by the server; absent without track_counts.',
    labels: { database: 'The database.' },
    source: 'pg_stat_get_dead_tuples()',
  },
  vacuumDue: {
    ...vacuum,
    name: 'reeve_postgres_vacuum_due_tables',
    kind: 'gauge',
    unit: 'none',
    help: 'Tables with more dead rows than autovacuum waits for; absent without track_counts.',
    labels: { database: 'The database.' },
    source:
      'pg_stat_get_dead_tuples(), autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor, storage parameters',
  },
  vacuumDueAgeSeconds: {
    ...vacuum,
    name: 'reeve_postgres_vacuum_due_age_seconds',
    kind: 'gauge',
    unit: 'seconds',
    help: 'Time since a table that is due was last vacuumed, at most; 0 when none is due, absent when none of them ever was.',
    labels: { database: 'The database.' },
    source: 'pg_stat_get_last_vacuum_time(), pg_stat_get_last_autovacuum_time()',
  },
  freezeDueTables: {
    ...vacuum,
    name: 'reeve_postgres_freeze_due_tables',
    kind: 'gauge',
    unit: 'none',
    help: 'Tables older than autovacuum_freeze_max_age.',
    labels: { database: 'The database.' },
    source: 'age(pg_class.relfrozenxid)',
  },
  autovacuumDisabled: {
    ...vacuum,
    name: 'reeve_postgres_autovacuum_disabled_tables',
    kind: 'gauge',
    unit: 'none',
    help: 'Tables whose storage parameters turn autovacuum off.',
    labels: { database: 'The database.' },
    source: 'pg_class.reloptions',
  },
  ioOperations: {
    ...io,
    name: 'reeve_postgres_io_operations_total',
    kind: 'counter',
    unit: 'none',
    help: 'Block operations by kind of process; WAL is left out.',
    labels: {
      backend: 'client, autovacuum, checkpointer, background writer or other.',
      operation: 'read, write, extend, hit or eviction.',
    },
    source: 'pg_stat_io.reads, writes, extends, hits, evictions',
  },
  ioBytes: {
    ...io,
    name: 'reeve_postgres_io_bytes_total',
    kind: 'counter',
    unit: 'bytes',
    help: 'Data read, written and added to files by kind of process; WAL is left out.',
    labels: {
      backend: 'client, autovacuum, checkpointer, background writer or other.',
      operation: 'read, write or extend.',
    },
    source: 'pg_stat_io.read_bytes, write_bytes, extend_bytes (before 18: operations × op_bytes)',
  },
  ioSeconds: {
    ...io,
    name: 'reeve_postgres_io_seconds_total',
    kind: 'counter',
    unit: 'seconds',
    help: 'Time spent reading and writing by kind of process; absent without track_io_timing.',
    labels: {
      backend: 'client, autovacuum, checkpointer, background writer or other.',
      operation: 'read or write.',
    },
    source: 'pg_stat_io.read_time, write_time',
  },
  pendingRestart: {
    ...settings,
    name: 'reeve_postgres_settings_pending_restart',
    kind: 'gauge',
    unit: 'none',
    help: 'Settings that were changed and wait for a restart.',
    labels: {},
    source: 'pg_settings.pending_restart',
  },
});
