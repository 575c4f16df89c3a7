import { z } from 'zod';
import { StoreError } from '../store-error.ts';
import type { StoreClient, StoreSession } from './client.ts';
import { proofTables } from './proof-records.ts';
import { remediationTables } from './remediation-schema.ts';

/** One numbered step from an older schema to a newer one. A released step is never changed; a new one is added. */
export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/**
 * Numbers are float8, as JavaScript has them. Rows that agents read from each other carry `agent`, who wrote it last, and `written_at`, by
 * the server's clock.
 */
const migrations: readonly Migration[] = [
  {
    name: 'history, memory of targets, and what evaluation keeps',
    statements: [
      `CREATE TABLE reeve.index_member (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        cluster text NOT NULL,
        database text NOT NULL,
        member text NOT NULL,
        generation text NOT NULL,
        at float8 NOT NULL,
        links text,
        UNIQUE (cluster, database, member)
      )`,
      `CREATE TABLE reeve.index_use (
        member_id bigint NOT NULL REFERENCES reeve.index_member ON DELETE CASCADE,
        key text NOT NULL,
        scans float8 NOT NULL,
        epoch text NOT NULL,
        last_used_at float8,
        watched_since float8 NOT NULL,
        scans_seen float8 NOT NULL,
        gaps text,
        PRIMARY KEY (member_id, key)
      )`,
      `CREATE TABLE reeve.seen_scope (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        scope text NOT NULL UNIQUE,
        baseline float8 NOT NULL,
        last_at float8 NOT NULL
      )`,
      `CREATE TABLE reeve.seen_key (
        scope_id bigint NOT NULL REFERENCES reeve.seen_scope ON DELETE CASCADE,
        key text NOT NULL,
        first_at float8 NOT NULL,
        last_at float8 NOT NULL,
        PRIMARY KEY (scope_id, key)
      )`,
      `CREATE TABLE reeve.target_memory (
        target text NOT NULL,
        key text NOT NULL,
        value text NOT NULL,
        agent text NOT NULL,
        written_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (target, key)
      )`,
      `CREATE TABLE reeve.objective_state (
        target text NOT NULL,
        objective text NOT NULL,
        subject text NOT NULL,
        at float8 NOT NULL,
        json text NOT NULL,
        agent text NOT NULL,
        written_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (target, objective, subject)
      )`,
      `CREATE TABLE reeve.breach (
        fingerprint text PRIMARY KEY,
        target text NOT NULL,
        objective text NOT NULL,
        subject text NOT NULL,
        opened_at float8 NOT NULL,
        closed_at float8,
        body text NOT NULL,
        agent text NOT NULL,
        written_at timestamptz NOT NULL DEFAULT now()
      )`,
      `CREATE INDEX breach_closed ON reeve.breach (closed_at)`,
      `CREATE TABLE reeve.objective_event (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        target text NOT NULL,
        objective text NOT NULL,
        subject text NOT NULL,
        at float8 NOT NULL,
        body text NOT NULL,
        agent text NOT NULL,
        number float8 NOT NULL,
        written_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (agent, number)
      )`,
      `CREATE INDEX objective_event_at ON reeve.objective_event (at)`,
      `CREATE TABLE reeve.alert_delivery (
        key text PRIMARY KEY,
        at float8 NOT NULL,
        agent text NOT NULL,
        written_at timestamptz NOT NULL DEFAULT now()
      )`,
      `CREATE INDEX alert_delivery_at ON reeve.alert_delivery (at)`,
      `CREATE TABLE reeve.daily_series (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        target text NOT NULL,
        metric text NOT NULL,
        subject text NOT NULL,
        last_day float8 NOT NULL,
        agent text NOT NULL,
        written_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (target, metric, subject)
      )`,
      `CREATE TABLE reeve.daily_value (
        series_id bigint NOT NULL REFERENCES reeve.daily_series ON DELETE CASCADE,
        day float8 NOT NULL,
        value float8 NOT NULL,
        PRIMARY KEY (series_id, day)
      )`,
      ...[
        'target_memory',
        'objective_state',
        'breach',
        'objective_event',
        'alert_delivery',
        'daily_series',
      ].map((table) => `CREATE INDEX ${table}_written ON reeve.${table} (written_at)`),
    ],
  },
  { name: 'runs, plans, approvals, acts, leases and the audit', statements: remediationTables },
  { name: 'what was proven: restores, migrations, rollbacks', statements: proofTables },
];

/** Two agents that start together wait for each other here. Any number that nobody else uses. */
const migrationLock = 7_333_833_001;

/**
 * Brings the schema up to date in one transaction, one agent at a time. Needs no more than reading when it is up to date already.
 *
 * @throws {StoreError} `newer` when a later version of Reeve wrote the store; it is left as it is.
 */
export async function migrate(client: StoreClient, steps: readonly Migration[] = migrations): Promise<void> {
  if ((await knownVersion(client, client.name, steps)) === steps.length) return;
  await client.transaction(async (session) => {
    await session.run(`SELECT pg_advisory_xact_lock(${migrationLock})`);
    const version = await knownVersion(session, client.name, steps);
    if (version === 0) await createSchema(session);
    for (const [index, { name, statements }] of steps.entries()) {
      if (index < version) continue;
      for (const statement of statements) await session.run(statement);
      await session.run('INSERT INTO reeve.schema_migration (version, name) VALUES ($1, $2)', [
        index + 1,
        name,
      ]);
    }
  });
}

/**
 * Whether the schema is the one that this version writes; false when there is none, or an older one.
 *
 * @throws {StoreError} `newer` when a later version of Reeve wrote the store.
 */
export async function isUpToDate(client: StoreClient): Promise<boolean> {
  return (await knownVersion(client, client.name, migrations)) === migrations.length;
}

async function createSchema(session: StoreSession): Promise<void> {
  // Asked first: even IF NOT EXISTS needs the right to create schemas, which a role that was given its schema has not.
  const [found] = await session.rows(exists, `SELECT to_regnamespace('reeve') IS NOT NULL AS is`);
  if (found?.is !== true) await session.run('CREATE SCHEMA reeve');
  await session.run(
    `CREATE TABLE IF NOT EXISTS reeve.schema_migration (version int PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`,
  );
}

const exists = z.object({ is: z.boolean() });
const versionRow = z.object({ version: z.number() });

/**
 * 0 for a database that holds no store yet.
 *
 * @throws {StoreError} `newer`
 */
async function knownVersion(
  session: StoreSession,
  name: string,
  steps: readonly Migration[],
): Promise<number> {
  const [table] = await session.rows(
    exists,
    `SELECT to_regclass('reeve.schema_migration') IS NOT NULL AS is`,
  );
  if (table?.is !== true) return 0;
  const [row] = await session.rows(
    versionRow,
    'SELECT coalesce(max(version), 0) AS version FROM reeve.schema_migration',
  );
  const version = row?.version ?? 0;
  if (version <= steps.length) return version;
  throw new StoreError(
    'newer',
    `the store ${name} was written by a newer version of Reeve (schema ${version}, this version knows ${steps.length}): run that version ` +
      'with every agent that shares the store, or give this one another database as store.url; nothing was changed',
  );
}
