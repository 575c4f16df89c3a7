import { engine } from '../../collectors/postgres/index.ts';
import { takeBaseBackup } from '../support/postgres/base-backup.ts';
import { type PostgresServer, startPostgres } from '../support/postgres/server.ts';
import { type PostgresStandby, startStandby } from '../support/postgres/standby.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import type { Deployment, EngineHarness, TargetText } from './harness.ts';

/** A real PostgreSQL 18 with a streaming standby, a logical slot, archiving, and one of every kind of index. */

const role = 'reeve';
const password = 'a-good-password';

export const harness: EngineHarness = {
  engine,
  start: async () => {
    const primary = await startPostgres({
      major: 18,
      name: 'contract',
      password: 'superuser-password',
      settings: {
        wal_level: 'logical',
        archive_mode: 'on',
        archive_command: 'true',
        track_io_timing: 'on',
        max_slot_wal_keep_size: '1GB',
        autovacuum: 'off',
        max_connections: '50',
      },
    });
    await prepare(primary);
    const backups = await createTempDir('contract-backups');
    await takeBaseBackup(primary, { chain: backups.path });
    const standby = await startStandby(primary, {
      slot: 'contract_standby',
      applicationName: 'contract-standby',
    });
    return createDeployment(primary, standby, backups);
  },
  version: '18',
  unreachable: {},
};

async function prepare(primary: PostgresServer): Promise<void> {
  await primary.query(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  await primary.query(`GRANT pg_monitor TO ${role}`);
  await primary.query('CREATE DATABASE shop');
  await primary.query('CREATE EXTENSION pg_stat_statements', 'shop');
  await primary.query(
    `CREATE TABLE customer (id int PRIMARY KEY, name text);
     CREATE TABLE purchase (id int PRIMARY KEY, customer_id int REFERENCES customer, note text, amount int);
     INSERT INTO customer SELECT g, 'name ' || g FROM generate_series(1, 1000) g;
     INSERT INTO purchase SELECT g, 1 + g % 1000, 'note ' || g, g FROM generate_series(1, 5000) g;
     CREATE INDEX purchase_amount ON purchase (amount);
     CREATE INDEX purchase_amount_again ON purchase (amount);
     CREATE INDEX purchase_amount_note ON purchase (amount, note);
     CREATE INDEX purchase_note ON purchase (note)`,
    'shop',
  );
  await primary.query('ANALYZE', 'shop');
  await primary.query('SELECT pg_stat_reset()', 'shop');
  await primary.query('VACUUM purchase', 'shop');
  await primary.query(`SELECT pg_create_logical_replication_slot('contract_logical', 'pgoutput')`, 'shop');
  // A concurrent build that is cancelled leaves an invalid index behind.
  await primary
    .query('CREATE UNIQUE INDEX CONCURRENTLY purchase_customer ON purchase (customer_id)', 'shop')
    .catch(() => undefined);
}

function createDeployment(primary: PostgresServer, standby: PostgresStandby, backups: TempDir): Deployment {
  const at = (port: number, secret = password): TargetText => ({
    target: {
      url: { env: 'CONTRACT_URL' },
      databases: { include: [] },
      unusedAfter: '1s',
      membersComplete: true,
      binaries: primary.binDirectory,
      backups: { base: { kind: 'base_backup', path: backups.path } },
    },
    env: { CONTRACT_URL: `postgres://${role}:${secret}@127.0.0.1:${port}/shop` },
  });
  return {
    port: primary.port,
    targets: [at(primary.port), at(standby.port)],
    through: at,
    withPassword: (canary) => at(primary.port, canary),
    work: async () => {
      await primary.query(
        `SELECT count(*) FROM purchase JOIN customer ON customer.id = customer_id WHERE amount BETWEEN 10 AND 3000;
         UPDATE purchase SET note = note`,
        'shop',
      );
      // Goes on while the next collection looks.
      primary.query('SELECT pg_sleep(0.3)').catch(() => undefined);
      await primary.query('SELECT pg_switch_wal()');
      await standby.query('SELECT count(*) FROM purchase WHERE amount BETWEEN 10 AND 30', 'shop');
    },
    restart: async () => {
      await primary.kill();
      await primary.restart();
    },
    denyOne: async () => {
      await primary.query(`REVOKE pg_monitor FROM ${role}`);
      return { unknown: ['reeve_postgres_archive_backlog_files'] };
    },
    agentConnections: async () => {
      const [row] = await primary.query(
        `SELECT count(*)::int AS connections FROM pg_stat_activity WHERE application_name LIKE 'reeve/%'`,
      );
      return Number(row?.['connections']);
    },
    [Symbol.asyncDispose]: async () => {
      await standby[Symbol.asyncDispose]();
      await primary[Symbol.asyncDispose]();
      await backups.remove();
    },
  };
}
