import type { EngineNotes } from './note.ts';

/** What we know of PostgreSQL ourselves. */
export const postgres: EngineNotes = {
  'dropping unused indexes': {
    lines: [
      'An idx_scan of 0 proves nothing by itself: statistics may have been reset, and each standby counts its own scans. Look at every member, over the longest business cycle (quarter, year end).',
      'Unique, primary key and exclusion indexes enforce rules without ever being scanned. An index may be what makes deleting from a referenced table affordable, and an expression index feeds the planner statistics.',
      'Keep the definition (pg_get_indexdef). DROP INDEX CONCURRENTLY does not block reads or writes; it cannot run in a transaction block, on an index that backs a constraint, or on a partitioned index.',
      'It waits for transactions that use the table: look for long ones first. Interrupted, it leaves the index invalid: still paid for by every write, used by no query; run the drop again.',
      'Afterwards compare the mean time of the statements on that table with the time before.',
    ],
    manuals: [
      'https://www.postgresql.org/docs/current/sql-dropindex.html',
      'https://www.postgresql.org/docs/current/monitoring-stats.html',
    ],
  },
  'creating indexes without blocking writes': {
    lines: [
      'CREATE INDEX CONCURRENTLY does not block writes. It reads the table twice, waits for transactions twice, and takes longer than a plain build.',
      'It cannot run in a transaction block. If it fails or is cancelled, an invalid index stays, which slows writes: drop it and build again.',
      'A statement_timeout shorter than the build cancels it; a lock_timeout makes it give way in the queue. It needs disk for the index and for sorting, and produces WAL: watch replication lag.',
      'On a partitioned table build on each partition concurrently, create the parent index with ON ONLY, then attach.',
      'Columns compared with = first, then the one used for a range or for sorting. A partial index fits a condition that is always the same.',
    ],
    manuals: [
      'https://www.postgresql.org/docs/current/sql-createindex.html',
      'https://www.postgresql.org/docs/current/indexes-multicolumn.html',
    ],
  },
  'rebuilding invalid indexes': {
    lines: [
      'indisvalid = false in pg_index: a concurrent build or drop was interrupted. No query uses the index, every write may still maintain it.',
      'First see in pg_stat_progress_create_index that nobody is building it now.',
      'Names that end in _ccnew are the unfinished new side of REINDEX CONCURRENTLY: drop them and reindex again. _ccold is the old side: drop it.',
      'Otherwise DROP INDEX CONCURRENTLY and build again, or REINDEX INDEX CONCURRENTLY. An invalid unique index may mean that there are duplicates.',
    ],
    manuals: [
      'https://www.postgresql.org/docs/current/sql-reindex.html',
      'https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY',
    ],
  },
  'optimising slow queries': {
    lines: [
      'Take the statements with the most total time in pg_stat_statements, not the slowest single ones.',
      'Compare estimated and actual rows in EXPLAIN (ANALYZE, BUFFERS), which really executes: on a rehearsal target, never an unchecked write. A large difference asks for ANALYZE or extended statistics before it asks for an index.',
      'A sequential scan that returns most of a table is right. One that filters nearly all rows away wants an index on what is compared.',
      'Name the columns instead of SELECT *: it prevents index-only scans and breaks when columns change. Index-only scans also need VACUUM to keep the visibility map.',
      'A function or a cast on an indexed column hides the index; so does a leading wildcard in LIKE.',
      'Every index costs each write and hinders HOT updates: measure both sides.',
    ],
    manuals: [
      'https://www.postgresql.org/docs/current/using-explain.html',
      'https://www.postgresql.org/docs/current/pgstatstatements.html',
    ],
  },
  'safe schema migrations': {
    lines: [
      'DDL is transactional: put all of a migration and its history row into one transaction, with a short lock_timeout, and try again later instead of queueing in front of everybody.',
      'Expand, move over, contract: add what is new, let the application use both, remove the old one in a later migration. Renaming a column or table breaks code that still runs.',
      'ADD COLUMN with a constant default is instant since version 11; a volatile default, or most changes of a type, rewrite the table under ACCESS EXCLUSIVE.',
      'Constraints: ADD ... NOT VALID first, VALIDATE CONSTRAINT in a later transaction, which does not block writes. NOT NULL: a validated CHECK first, then SET NOT NULL needs no scan (12 and later).',
      'CREATE INDEX CONCURRENTLY cannot run in a transaction: a migration of its own. Fill columns in batches, not in the migration.',
      'Try it on a copy with as much data: up, down, up, and compare schema and rows.',
    ],
    manuals: [
      'https://www.postgresql.org/docs/current/sql-altertable.html',
      'https://www.postgresql.org/docs/current/explicit-locking.html',
    ],
  },
  'backup and restore strategies': {
    lines: [
      'A backup that was never restored is a hope. Restore a kept one regularly, elsewhere, count and check what comes out (pg_amcheck), and write down how long it took.',
      'pg_dump -Fc is consistent, selective and portable between versions; what was written after it is lost. It does not hold roles and tablespaces: pg_dumpall --globals-only beside it.',
      'Base backup plus archived WAL reaches any moment: archive_mode = on, an archive_command that fails rather than overwrites, and a watch on pg_stat_archiver. One missing segment ends recovery there.',
      'Keep copies on another machine and in another account, encrypted, with a retention that outlives the time in which damage goes unnoticed.',
      'Start restored servers with archive_mode = off, so that they do not write into the archive of production.',
    ],
    manuals: [
      'https://www.postgresql.org/docs/current/continuous-archiving.html',
      'https://www.postgresql.org/docs/current/app-pgdump.html',
      'https://www.postgresql.org/docs/current/app-pgverifybackup.html',
    ],
  },
  'bounding storage growth': {
    lines: [
      'See what grows: tables, indexes, TOAST, or pg_wal. WAL grows behind replication slots that nobody reads (max_slot_wal_keep_size), a failing archiver, or wal_keep_size.',
      'Bloat: autovacuum that cannot keep up, or is held back by long transactions, prepared transactions and slots. A smaller autovacuum_vacuum_scale_factor for large tables costs little.',
      'VACUUM makes space reusable and rarely gives it back; VACUUM FULL locks the table and needs room for a copy.',
      'Old rows: partition by time and detach whole partitions, rather than delete row by row.',
    ],
    manuals: [
      'https://www.postgresql.org/docs/current/routine-vacuuming.html',
      'https://www.postgresql.org/docs/current/view-pg-replication-slots.html',
    ],
  },
};
