import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, open, readFile, realpath, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, Secret } from '../../../../src/sdk.ts';
import {
  type Connection,
  connect,
  connectToWrite,
  PreparedStatements,
  type WritingConnection,
} from '../../client.ts';
import { BackupError } from './chain.ts';
import { quoteSetting } from './quote-shell.ts';
import { killGroup, lastLines, toolEnvironment } from './run-tool.ts';
import type { ScratchPlace } from './scratch-place.ts';
import { tellError } from './tell-error.ts';
import type { Tool } from './tools.ts';
import { withoutNetwork } from './without-network.ts';

export interface ScratchLogin {
  readonly user: string;
  /** Undefined: only our own account may log in, as the folder's rules say (peer). */
  readonly password: string | undefined;
}

export interface ScratchRequest {
  readonly place: ScratchPlace;
  readonly postgres: Tool;
  readonly login: ScratchLogin;
  /** Of a recovery: they win over ours. */
  readonly settings: Readonly<Record<string, string>>;
  /** Its WAL comes from a repository that may be elsewhere; otherwise it is cut off where that is possible. */
  readonly needsNetwork: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A server that runs on restored data, in the drill's folder and reachable by nothing but its Unix socket. */
export interface ScratchServer {
  readonly login: ScratchLogin;
  readonly socket: string;
  /** Whether it was started in a network of its own, which leads nowhere. */
  readonly isCutOff: boolean;
  reading<T>(database: string, signal: AbortSignal, body: (connection: Connection) => Promise<T>): Promise<T>;
  writing<T>(
    database: string,
    signal: AbortSignal,
    body: (connection: WritingConnection) => Promise<T>,
  ): Promise<T>;
  log(): Promise<string>;
  /** At once: what it wrote is of no use to anybody. */
  stop(): Promise<void>;
}

/** Nothing that leaves the machine, runs by itself, or speaks for production; nothing is made durable. */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: '5432',
  unix_socket_permissions: '0700',
  archive_mode: 'off',
  restore_command: '',
  primary_conninfo: '',
  primary_slot_name: '',
  hot_standby: 'off',
  max_wal_senders: '0',
  max_replication_slots: '0',
  max_logical_replication_workers: '0',
  max_worker_processes: '0',
  max_parallel_workers: '0',
  shared_preload_libraries: '',
  session_preload_libraries: '',
  local_preload_libraries: '',
  autovacuum: 'off',
  jit: 'off',
  ssl: 'off',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  restart_after_crash: 'off',
  max_connections: '20',
  max_prepared_transactions: '64',
  max_locks_per_transaction: '256',
  shared_buffers: '128MB',
  huge_pages: 'off',
  dynamic_shared_memory_type: 'mmap',
  logging_collector: 'off',
  log_destination: 'stderr',
  lc_messages: 'C',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

const lookEveryMs = 50;

/**
 * Starts the server on what was restored; resolves when it takes connections, after recovery.
 *
 * @throws {BackupError} with what its log says when it ends before, or is not the server that it should be.
 */
export async function startScratch(request: ScratchRequest): Promise<ScratchServer> {
  const { place, postgres, signal } = request;
  await writeRules(request, postgres.major);
  const path = join(place.folder, 'server.log');
  const log = await open(path, 'a');
  const wrapping = request.needsNetwork ? undefined : await withoutNetwork(place.account, signal);
  const command = [...(wrapping ?? []), postgres.path, '-D', place.data];
  const child = spawn(command[0] ?? postgres.path, command.slice(1), {
    cwd: place.folder,
    detached: true,
    env: toolEnvironment(place.folder),
    stdio: ['ignore', log.fd, log.fd],
    ...(place.account === undefined || wrapping !== undefined
      ? {}
      : { uid: place.account.uid, gid: place.account.gid }),
  });
  const exited = once(child, 'exit').then(
    () => true,
    () => true,
  );
  const hasExited = (): boolean =>
    child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  await log.close();
  const readLog = (): Promise<string> => readFile(path, 'utf8');
  const stop = async (): Promise<void> => {
    if (!hasExited()) child.kill('SIGQUIT');
    await Promise.race([exited, request.clock.sleep(10_000, AbortSignal.timeout(11_000))]);
    if (!hasExited()) killGroup(child.pid);
    await exited;
  };
  const server: ScratchServer = {
    ...sessions(request),
    isCutOff: wrapping !== undefined,
    log: readLog,
    stop,
  };
  try {
    for (;;) {
      signal.throwIfAborted();
      if (hasExited()) throw new BackupError(`the scratch server ended: ${explainLog(await readLog())}`);
      if (await isReady(place.data, child.pid)) break;
      await request.clock.sleep(lookEveryMs, signal);
    }
    await assertOwn(server, place, signal);
    return server;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The lines of a server's log that say what went wrong. */
export function explainLog(text: string): string {
  const telling = tellError(text);
  return lastLines(telling === '' ? text : telling, 5).replaceAll(/\S+ \S+ UTC \[\d+\] /g, '');
}

async function writeRules({ place, login, settings: own }: ScratchRequest, major: number): Promise<void> {
  const method = login.password === undefined ? 'peer map=drill' : 'scram-sha-256';
  const all = {
    ...settings,
    ...(major >= 17 ? { event_triggers: 'off' } : {}),
    unix_socket_directories: place.socket,
    hba_file: join(place.folder, 'pg_hba.conf'),
    ident_file: join(place.folder, 'pg_ident.conf'),
    ...own,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${quoteSetting(value)}\n`);
  const files = {
    'data/postgresql.conf': lines.join(''),
    'data/postgresql.auto.conf': '',
    'pg_hba.conf': `local all all ${method}\n`,
    'pg_ident.conf': `drill ${userInfo().username} "${login.user}"\n`,
    'server.log': '',
  };
  for (const [name, text] of Object.entries(files)) {
    const path = join(place.folder, name);
    await writeFile(path, text, { mode: 0o600 });
    if (place.account !== undefined) await chown(path, place.account.uid, place.account.gid);
  }
}

/** Every session is bounded, and triggers that fire by themselves do not. */
function sessions({
  place,
  login,
}: ScratchRequest): Pick<ScratchServer, 'login' | 'socket' | 'reading' | 'writing'> {
  const user = `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password ?? '')}`;
  const host = new URLSearchParams({ host: place.socket, port: '5432' }).toString();
  const request = (database: string, signal: AbortSignal) => ({
    url: new Secret(`postgresql://${user}@/${encodeURIComponent(database)}?${host}`),
    database,
    applicationName: 'reeve drill',
    lockTimeoutMs: 10_000,
    signal,
    statements: new PreparedStatements(),
    settings: ['session_replication_role=replica', 'search_path=pg_catalog'],
  });
  return {
    login,
    socket: place.socket,
    reading: async (database, signal, body) => {
      const connection = await connect(request(database, signal));
      try {
        return await body(connection);
      } finally {
        await connection.close();
      }
    },
    writing: async (database, signal, body) => {
      const connection = await connectToWrite(request(database, signal));
      try {
        return await body(connection);
      } finally {
        await connection.close();
      }
    },
  };
}

/** The eighth line of postmaster.pid is the server's state. */
async function isReady(data: string, pid: number | undefined): Promise<boolean> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

const ownRow = z.object({ data: z.string(), address: z.string().nullable(), replica: z.boolean() });
const ownSql = `SELECT current_setting('data_directory') AS data, inet_server_addr()::text AS address, pg_is_in_recovery() AS replica`;

/** What answers on the socket is the server in our folder and no other: by the data it says that it runs on. */
async function assertOwn(server: ScratchServer, { data }: ScratchPlace, signal: AbortSignal): Promise<void> {
  const [found] = await server.reading('template1', signal, (connection) =>
    connection.query(ownSql, ownRow, signal),
  );
  const isOwn =
    found !== undefined && (await realpath(found.data)) === data && found.address === null && !found.replica;
  if (!isOwn) throw new BackupError('refused: what answers on the scratch socket is not the scratch server');
}
