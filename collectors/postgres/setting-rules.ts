import type { Finding } from '../../src/sdk.ts';
import { alterAndReload, alterAndRestart } from './alter-system.ts';
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
      remedy: alterAndReload('fsync = on'),
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
      remedy: alterAndReload('full_page_writes = on'),
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
      remedy: alterAndReload('autovacuum = on'),
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
      remedy: alterAndReload('track_counts = on'),
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
      remedy: alterAndReload('track_activities = on'),
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
      remedy: alterAndRestart('wal_level = replica'),
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
      remedy: alterAndRestart('archive_mode = on', "archive_command = '<command>'"),
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
      remedy: alterAndReload('track_io_timing = on'),
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
      remedy: alterAndReload("password_encryption = 'scram-sha-256'"),
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
      remedy: alterAndReload("idle_in_transaction_session_timeout = '10min'"),
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
  return alterAndRestart(`shared_preload_libraries = ${all.map(quoteLiteral).join(', ')}`);
}
