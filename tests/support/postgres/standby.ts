import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, escapeLiteral } from 'pg';
import type { TcpProxy } from '../net/tcp-proxy.ts';
import { runCommand, runOrThrow } from '../run-command.ts';
import { createTempDir } from '../temp-dir.ts';
import { waitUntil } from '../wait-until.ts';
import { makeServerFolder, preparePostgres } from './installation.ts';
import { launch, type PostgresServer, rowsOf } from './server.ts';

export interface StandbyOptions {
  /** Name of the physical slot made on the primary. Default: the application name with `_` for `-`. */
  readonly slot?: string;
  /** As the primary shows it in pg_stat_replication. Default `standby`. */
  readonly applicationName?: string;
  /** Added to the primary's settings. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A proxy in front of the primary: cut the link with `via.set({ kind: 'refuse' })` or `'hang'`, heal it with `'pass'`. */
  readonly via?: TcpProxy;
  readonly signal?: AbortSignal;
}

export interface PostgresStandby extends PostgresServer {
  readonly slot: string;
  readonly applicationName: string;
  /** WAL still arrives and is written, but is not replayed. */
  pauseReplay(): Promise<void>;
  resumeReplay(): Promise<void>;
  /** Resolves when everything the primary has written by now is replayed here. */
  waitForReplay(timeoutMs?: number): Promise<void>;
  /** Ends recovery: the standby becomes a primary of its own (its slot on the old one stays). */
  promote(): Promise<void>;
}

/**
 * Starts a streaming standby from an online backup of a running primary, in about a second, and waits until it streams.
 *
 * After a cut it tries again every 200 ms. Disposing it leaves its slot on the primary, as a lost standby would.
 */
export async function startStandby(
  primary: PostgresServer,
  options: StandbyOptions = {},
): Promise<PostgresStandby> {
  const { applicationName = 'standby', signal } = options;
  const slot = options.slot ?? applicationName.replaceAll('-', '_');
  const installation = await preparePostgres(primary.major);
  const folder = await createTempDir(`postgres-${primary.major}-${applicationName}`, installation.account);
  try {
    const dataDirectory = join(folder.path, 'data');
    await makeServerFolder(dataDirectory, installation.account);
    await backUp(primary, slot, dataDirectory);
    await writeFile(join(dataDirectory, 'standby.signal'), '');
    if (installation.account) {
      const { uid, gid } = installation.account;
      await runOrThrow('chown', ['-R', `${uid}:${gid}`, dataDirectory]);
    }
    const login = new URL(primary.superuserUrl);
    const password = login.password === '' ? undefined : decodeURIComponent(login.password);
    const port = (options.via ?? primary).port;
    const settings = {
      ...primary.settings,
      primary_conninfo: connectionString({
        host: '127.0.0.1',
        port: String(port),
        user: 'postgres',
        application_name: applicationName,
        ...(password === undefined ? {} : { password }),
      }),
      primary_slot_name: slot,
      wal_retrieve_retry_interval: '200ms',
      ...options.settings,
    };
    const server = await launch({ installation, folder, dataDirectory, settings, password, signal });
    await waitUntilStreaming(primary, server, applicationName, signal);
    return withReplay(server, primary, { slot, applicationName });
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function withReplay(
  server: PostgresServer,
  primary: PostgresServer,
  identity: { readonly slot: string; readonly applicationName: string },
): PostgresStandby {
  const pause = async (): Promise<void> => {
    await server.query('SELECT pg_wal_replay_pause()');
    const state =
      server.major >= 14 ? "pg_get_wal_replay_pause_state() = 'paused'" : 'pg_is_wal_replay_paused()';
    await waitUntil('replay to pause', async () => isTrue(server, `SELECT ${state} AS is`));
  };
  const own: Omit<PostgresStandby, keyof PostgresServer> = {
    ...identity,
    pauseReplay: pause,
    async resumeReplay() {
      await server.query('SELECT pg_wal_replay_resume()');
    },
    async waitForReplay(timeoutMs = 10_000) {
      const rows = await primary.query("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes");
      const end = endOfRecords(BigInt(String(rows[0]?.['bytes'])));
      const sql = `SELECT pg_last_wal_replay_lsn() - '0/0'::pg_lsn >= ${end} AS is`;
      await waitUntil('the standby to catch up', () => isTrue(server, sql), { timeoutMs });
    },
    async promote() {
      await server.query('SELECT pg_promote()');
      await waitUntil('the promotion', () => isTrue(server, 'SELECT NOT pg_is_in_recovery() AS is'));
    },
  };
  return Object.assign(server, own); // not a spread: the server's pid and settings are getters
}

/** Where the next record will be inserted is past the header of a page that holds nothing yet, and replay never gets there. */
function endOfRecords(insertPosition: bigint): bigint {
  if (insertPosition % 0x100000n === 40n) return insertPosition - 40n; // the long header, of a new segment
  return insertPosition % 8192n === 24n ? insertPosition - 24n : insertPosition;
}

/** A copy of the primary's files between the start and the stop of a backup; its WAL comes by streaming, kept by the slot. */
async function backUp(primary: PostgresServer, slot: string, target: string): Promise<void> {
  const label = escapeLiteral(`standby ${slot}`);
  const [start, stop] =
    primary.major >= 15
      ? [`pg_backup_start(${label}, true)`, 'pg_backup_stop(false)']
      : [`pg_start_backup(${label}, true, false)`, 'pg_stop_backup(false, false)'];
  const client: Client = await primary.connect();
  try {
    await client.query('SELECT pg_create_physical_replication_slot($1, true)', [slot]);
    await client.query(`SELECT ${start}`);
    await copyFiles(primary.dataDirectory, target);
    const rows = await rowsOf(client, `SELECT labelfile FROM ${stop}`);
    await writeFile(join(target, 'backup_label'), String(rows[0]?.['labelfile']));
  } finally {
    await client.end();
  }
}

/** Only these folders' contents are the primary's own business; the folders themselves must exist. */
const EMPTIED = [
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_subtrans',
  'pg_stat_tmp',
];

async function copyFiles(source: string, target: string): Promise<void> {
  const entries = (await readdir(source)).filter(
    (name) => !name.startsWith('postmaster.') && !EMPTIED.includes(name),
  );
  const paths = entries.map((name) => join(source, name));
  const { code, stderr } = await runCommand('cp', ['-a', '--reflink=auto', '-t', target, ...paths]);
  const problems = stderr
    .split('\n')
    .filter((line) => line !== '' && !line.includes('No such file or directory'));
  // A file that vanishes meanwhile was dropped: replay knows that.
  if (code !== 0 && problems.length > 0) throw new Error(`copying ${source} failed: ${problems.join('\n')}`);
  for (const name of EMPTIED) await mkdir(join(target, name), { mode: 0o700 });
  await rm(join(target, 'postgresql.auto.conf'), { force: true });
  await writeFile(join(target, 'postgresql.auto.conf'), '');
}

async function waitUntilStreaming(
  primary: PostgresServer,
  standby: PostgresServer,
  applicationName: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const name = escapeLiteral(applicationName);
  const sql = `SELECT EXISTS (SELECT FROM pg_stat_replication WHERE application_name = ${name} AND state = 'streaming') AS is`;
  try {
    await waitUntil('the standby to stream', () => isTrue(primary, sql), {
      timeoutMs: 20_000,
      everyMs: 50,
      signal,
    });
  } catch (error) {
    const tail = await standby.logTail();
    await standby[Symbol.asyncDispose]();
    throw new Error(`the standby does not stream:\n${tail}`, { cause: error });
  }
}

async function isTrue(server: PostgresServer, sql: string): Promise<boolean> {
  const rows = await server.query(sql);
  return rows[0]?.['is'] === true;
}

function connectionString(values: Readonly<Record<string, string>>): string {
  const quote = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  return Object.entries(values)
    .map(([key, value]) => `${key}=${quote(value)}`)
    .join(' ');
}
