import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../store-error.ts';
import { proofSchema } from './proof-schema.ts';
import { remediationSchema } from './remediation-schema.ts';
import { readNumber } from './row.ts';

/** One numbered step from an older schema to a newer one. A released step is never changed; a new one is added. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/**
 * Step n brings the schema to version n + 1. Numbers are REAL, as JavaScript has them. `index_use` and `seen_key` refer to their heads
 * by a short number that the one daemon that holds the lock gives out.
 */
const migrations: readonly Migration[] = [
  {
    name: 'history of index usage and of first sight',
    sql: `
      CREATE TABLE index_member (
        id INTEGER PRIMARY KEY,
        cluster TEXT NOT NULL,
        database TEXT NOT NULL,
        member TEXT NOT NULL,
        generation TEXT NOT NULL,
        at REAL NOT NULL,
        links TEXT,
        UNIQUE (cluster, database, member)
      ) STRICT;
      CREATE TABLE index_use (
        member_id INTEGER NOT NULL,
        key TEXT NOT NULL,
        scans REAL NOT NULL,
        epoch TEXT NOT NULL,
        last_used_at REAL,
        watched_since REAL NOT NULL,
        scans_seen REAL NOT NULL,
        gaps TEXT,
        PRIMARY KEY (member_id, key)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE seen_scope (
        id INTEGER PRIMARY KEY,
        scope TEXT NOT NULL UNIQUE,
        baseline REAL NOT NULL
      ) STRICT;
      CREATE TABLE seen_key (
        scope_id INTEGER NOT NULL,
        key TEXT NOT NULL,
        first_at REAL NOT NULL,
        last_at REAL NOT NULL,
        PRIMARY KEY (scope_id, key)
      ) STRICT, WITHOUT ROWID;`,
  },
  {
    name: 'when a scope was last seen',
    sql: `
      ALTER TABLE seen_scope ADD COLUMN last_at REAL NOT NULL DEFAULT 0;
      UPDATE seen_scope SET last_at = coalesce((SELECT max(last_at) FROM seen_key WHERE scope_id = id), baseline);`,
  },
  {
    name: 'what targets remember by key',
    sql: `
      CREATE TABLE target_memory (
        target TEXT NOT NULL,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        written_at REAL NOT NULL,
        PRIMARY KEY (target, key)
      ) STRICT, WITHOUT ROWID;`,
  },
  {
    name: 'what evaluation keeps: states, breaches, events, deliveries and daily values',
    sql: `
      CREATE TABLE objective_state (
        target TEXT NOT NULL,
        objective TEXT NOT NULL,
        subject TEXT NOT NULL,
        at REAL NOT NULL,
        json TEXT NOT NULL,
        PRIMARY KEY (target, objective, subject)
      ) STRICT;
      CREATE INDEX objective_state_at ON objective_state (at);
      CREATE TABLE breach (
        fingerprint TEXT PRIMARY KEY,
        target TEXT NOT NULL,
        objective TEXT NOT NULL,
        subject TEXT NOT NULL,
        opened_at REAL NOT NULL,
        closed_at REAL,
        body TEXT NOT NULL
      ) STRICT;
      CREATE INDEX breach_of_target ON breach (target, opened_at);
      CREATE INDEX breach_opened ON breach (opened_at);
      CREATE INDEX breach_closed ON breach (closed_at);
      CREATE TABLE objective_event (
        id INTEGER PRIMARY KEY,
        target TEXT NOT NULL,
        objective TEXT NOT NULL,
        subject TEXT NOT NULL,
        at REAL NOT NULL,
        body TEXT NOT NULL
      ) STRICT;
      CREATE INDEX objective_event_of_target ON objective_event (target);
      CREATE INDEX objective_event_at ON objective_event (at);
      CREATE TABLE alert_delivery (
        key TEXT PRIMARY KEY,
        at REAL NOT NULL
      ) STRICT;
      CREATE INDEX alert_delivery_at ON alert_delivery (at);
      CREATE TABLE daily_series (
        id INTEGER PRIMARY KEY,
        target TEXT NOT NULL,
        metric TEXT NOT NULL,
        subject TEXT NOT NULL,
        last_day REAL NOT NULL,
        UNIQUE (target, metric, subject)
      ) STRICT;
      CREATE INDEX daily_series_last_day ON daily_series (last_day);
      CREATE TABLE daily_value (
        series_id INTEGER NOT NULL,
        day REAL NOT NULL,
        value REAL NOT NULL,
        PRIMARY KEY (series_id, day)
      ) STRICT, WITHOUT ROWID;`,
  },
  {
    name: 'what remediation keeps: runs, plans, decisions, evidence, acts, leases and the audit',
    sql: remediationSchema,
  },
  { name: 'what was proven: restores, migrations, rollbacks', sql: proofSchema },
];

/**
 * Brings the schema up to date, each step in a transaction of its own.
 *
 * @throws {StoreError} `newer` when a later version of Reeve wrote the store; it is left as it is.
 */
export function migrate(
  database: DatabaseSync,
  file: string,
  at: number,
  steps: readonly Migration[] = migrations,
): void {
  const version = knownVersion(database, file, steps);
  for (const [index, step] of steps.entries()) {
    if (index < version) continue;
    database.exec('BEGIN IMMEDIATE');
    try {
      database.exec(
        'CREATE TABLE IF NOT EXISTS schema_migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at REAL NOT NULL) STRICT',
      );
      database.exec(step.sql);
      database.prepare('INSERT INTO schema_migration VALUES (?, ?, ?)').run(index + 1, step.name, at);
      database.exec('COMMIT');
    } catch (thrown) {
      database.exec('ROLLBACK');
      throw thrown;
    }
  }
}

/**
 * Whether the schema is the one that this version writes; false when an older one wrote it.
 *
 * @throws {StoreError} `newer` when a later version of Reeve wrote the store.
 */
export function isUpToDate(database: DatabaseSync, file: string): boolean {
  return knownVersion(database, file, migrations) === migrations.length;
}

/** @throws {StoreError} `newer` */
function knownVersion(database: DatabaseSync, file: string, steps: readonly Migration[]): number {
  const version = schemaVersion(database);
  if (version <= steps.length) return version;
  throw new StoreError(
    'newer',
    `the store ${file} was written by a newer version of Reeve (schema ${version}, this version knows ${steps.length}): ` +
      'run that version, or give this one another store.path; nothing was changed',
  );
}

/** 0 for a store that was just created. */
function schemaVersion(database: DatabaseSync): number {
  const table = database
    .prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migration'`)
    .get();
  if (table === undefined) return 0;
  return readNumber(
    database.prepare('SELECT max(version) AS version FROM schema_migration').get(),
    'version',
  );
}
