import type { Finding } from '../../src/sdk.ts';
import { quoteLiteral } from './quote.ts';

/** A setting that should be otherwise, and the finding it makes. */
export interface SettingRule {
  readonly name: string;
  readonly isWrong: (value: string) => boolean;
  readonly on: 'any' | 'primary';
  readonly finding: Omit<Finding, 'subject'>;
  /** Where the remedy depends on what is there. */
  readonly remedy?: (value: string) => string;
}

const isOff = (value: string): boolean => value === 'off';
const reload = '; SELECT pg_reload_conf()';

/** What the server itself should have, and the statement that gives it. Settings that are not visible make no finding. */
export const settingRules: readonly SettingRule[] = [
  {
    name: 'fsync',
    isWrong: isOff,
    on: 'any',
    finding: {
      code: 'fsync_off',
      severity: 'critical',
      message: 'fsync is off: a crash of the machine can destroy the whole cluster.',
      remedy: `ALTER SYSTEM SET fsync = on${reload}`,
    },
  },
  {
    name: 'full_page_writes',
    isWrong: isOff,
    on: 'any',
    finding: {
      code: 'full_page_writes_off',
      severity: 'critical',
      message: 'full_page_writes is off: a page torn by a crash cannot be repaired.',
      remedy: `ALTER SYSTEM SET full_page_writes = on${reload}`,
    },
  },
  {
    name: 'autovacuum',
    isWrong: isOff,
    on: 'primary',
    finding: {
      code: 'autovacuum_off',
      severity: 'critical',
      message: 'autovacuum is off: tables bloat, and statistics and frozen ids fall behind.',
      remedy: `ALTER SYSTEM SET autovacuum = on${reload}`,
    },
  },
  {
    name: 'track_counts',
    isWrong: isOff,
    on: 'any',
    finding: {
      code: 'track_counts_off',
      severity: 'critical',
      message: 'track_counts is off: autovacuum and every use of an index go unseen.',
      remedy: `ALTER SYSTEM SET track_counts = on${reload}`,
    },
  },
  {
    name: 'track_activities',
    isWrong: isOff,
    on: 'any',
    finding: {
      code: 'track_activities_off',
      severity: 'warning',
      message: 'track_activities is off: sessions do not say what they are doing.',
      remedy: `ALTER SYSTEM SET track_activities = on${reload}`,
    },
  },
  {
    name: 'wal_level',
    isWrong: (value) => value === 'minimal',
    on: 'primary',
    finding: {
      code: 'wal_level_minimal',
      severity: 'warning',
      message: 'wal_level is minimal: neither replicas nor point-in-time recovery are possible.',
      remedy: 'ALTER SYSTEM SET wal_level = replica; then restart the server',
    },
  },
  {
    name: 'archive_mode',
    isWrong: isOff,
    on: 'primary',
    finding: {
      code: 'archive_mode_off',
      severity: 'info',
      message: 'WAL is not archived: unless a tool streams it, recovery to a point in time is not possible.',
      remedy:
        "ALTER SYSTEM SET archive_mode = on; ALTER SYSTEM SET archive_command = '…'; then restart the server",
    },
  },
  {
    name: 'data_checksums',
    isWrong: isOff,
    on: 'any',
    finding: {
      code: 'data_checksums_off',
      severity: 'info',
      message: 'Data checksums are off: damaged pages are read without notice.',
      remedy: 'Stop the server and run: pg_checksums --enable -D <data directory>',
    },
  },
  {
    name: 'track_io_timing',
    isWrong: isOff,
    on: 'any',
    finding: {
      code: 'track_io_timing_off',
      severity: 'info',
      message: 'track_io_timing is off: the time spent on reads and writes is unknown.',
      remedy: `ALTER SYSTEM SET track_io_timing = on${reload}`,
    },
  },
  {
    name: 'shared_preload_libraries',
    isWrong: (value) => !value.includes('pg_stat_statements'),
    on: 'any',
    finding: {
      code: 'statements_not_tracked',
      severity: 'warning',
      message: 'pg_stat_statements is not preloaded: the latency of statements is unknown.',
      remedy: '',
    },
    remedy: preloadStatement,
  },
  {
    name: 'password_encryption',
    isWrong: (value) => value === 'md5',
    on: 'primary',
    finding: {
      code: 'password_encryption_md5',
      severity: 'info',
      message: 'New passwords are stored as MD5, which is deprecated.',
      remedy: `ALTER SYSTEM SET password_encryption = 'scram-sha-256'${reload}`,
    },
  },
  {
    name: 'idle_in_transaction_session_timeout',
    isWrong: (value) => value === '0',
    on: 'any',
    finding: {
      code: 'idle_in_transaction_timeout_disabled',
      severity: 'info',
      message: 'Sessions may stay idle in a transaction for ever, holding locks and dead rows.',
      remedy: `ALTER SYSTEM SET idle_in_transaction_session_timeout = '10min'${reload}`,
    },
  },
];

/**
 * Adds pg_stat_statements to the libraries that are there. Each is quoted on its own: the server takes one quoted list for one name and
 * does not start any more.
 */
export function preloadStatement(current: string): string {
  const names = current.split(',').map((name) => name.trim().replaceAll('"', ''));
  const all = [...names.filter((name) => name !== ''), 'pg_stat_statements'];
  return `ALTER SYSTEM SET shared_preload_libraries = ${all.map(quoteLiteral).join(', ')}; then restart the server`;
}
