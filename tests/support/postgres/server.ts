import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, escapeLiteral, type QueryResult } from 'pg';
import { findFreePort } from '../net/free-port.ts';
import { runCommand } from '../run-command.ts';
import { readTail, type ServerProcess, spawnServer } from '../server-process.ts';
import { createTempDir, type TempDir } from '../temp-dir.ts';
import { waitUntil } from '../wait-until.ts';
import { cloneTemplate, initialise } from './data-directory.ts';
import { type Installation, type PostgresMajor, preparePostgres } from './installation.ts';

export type PostgresRow = Readonly<Record<string, unknown>>;
export type StopMode = 'smart' | 'fast' | 'immediate';

export interface PostgresOptions {
  readonly major: PostgresMajor;
  /** Lines of postgresql.conf, values without quotes: `{ work_mem: '8MB' }`. They win over the defaults. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Part of the temporary folder's name. */
  readonly name?: string;
  /** Given: TCP connections need this password of `postgres` (SCRAM). Absent: they are trusted. */
  readonly password?: string;
  /** Default false: no fsync and no full pages, fast but not fit for a test that pulls the plug of the machine. */
  readonly durable?: boolean;
  /** Extra arguments of initdb, such as `--data-checksums`; with them, initdb really runs instead of a template being copied. */
  readonly initdb?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A running server. `query` goes through its Unix socket, which is always trusted, so no password, pg_hba line or proxy is in its way. */
export interface PostgresServer extends AsyncDisposable {
  readonly major: PostgresMajor;
  readonly host: string;
  readonly port: number;
  /** Of the database `postgres`, with the password if there is one. */
  readonly superuserUrl: string;
  readonly dataDirectory: string;
  readonly socketDirectory: string;
  readonly binDirectory: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Of the postmaster; changes with a restart. */
  readonly pid: number;
  url(database: string, user?: string, password?: string): string;
  /** The rows of the (last) statement, on a connection that lives as long as the call. */
  query(sql: string, database?: string): Promise<readonly PostgresRow[]>;
  /** A connected client as superuser through the socket; the caller ends it. */
  connect(database?: string): Promise<Client>;
  /** Stops the server, keeps its data. Default fast. */
  stop(mode?: StopMode): Promise<void>;
  /** SIGKILL to the postmaster: a crash. Resolves when its children are gone too. */
  kill(): Promise<void>;
  /** Starts a stopped or killed server again on the same port; a running one is stopped first. New settings are added to the old. */
  restart(options?: { mode?: StopMode; settings?: Readonly<Record<string, string>> }): Promise<void>;
  logTail(): Promise<string>;
}

/** Everything but the data directory: what a primary and a standby have in common. */
export interface Ground {
  readonly installation: Installation;
  readonly folder: TempDir;
  readonly dataDirectory: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly password: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Starts a real PostgreSQL on 127.0.0.1, in a temporary folder, in about 0.5 s (the first start of a version takes initdb's 1 to 2.5 s
 * more). Preloads pg_stat_statements; `CREATE EXTENSION` is the caller's. Disposing stops it and removes the folder.
 *
 * @throws {Error} with the tail of the server's log when it does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const installation = await preparePostgres(options.major);
  const folder = await createTempDir(options.name ?? `postgres-${options.major}`, installation.account);
  try {
    const dataDirectory = join(folder.path, 'data');
    if (options.initdb) await initialise(installation, dataDirectory, options.initdb);
    else await cloneTemplate(installation, dataDirectory);
    await writeHostRules(dataDirectory, options.password);
    const settings = { ...defaultSettings(installation, options.durable ?? false), ...options.settings };
    const { password, signal } = options;
    const server = await launch({ installation, folder, dataDirectory, settings, password, signal });
    if (password !== undefined) await server.query(`ALTER ROLE postgres PASSWORD ${escapeLiteral(password)}`);
    return server;
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

/** Starts the server whose data directory stands ready. */
export async function launch(ground: Ground): Promise<PostgresServer> {
  const { installation, folder, dataDirectory, password } = ground;
  let settings = ground.settings;
  let port = await findFreePort();
  let postmaster: ServerProcess | undefined;
  for (let attempt = 1; postmaster === undefined; attempt += 1) {
    const outcome = await startPostmaster(ground, settings, port);
    if (outcome !== 'port taken') postmaster = outcome;
    else if (attempt === 5) throw new Error(`PostgreSQL found five ports taken, the last was ${port}`);
    else port = await findFreePort();
  }
  let running = postmaster;

  const url = (
    database: string,
    user = 'postgres',
    secret = user === 'postgres' ? password : undefined,
  ): string => {
    const login = secret === undefined ? user : `${user}:${encodeURIComponent(secret)}`;
    return `postgresql://${login}@127.0.0.1:${port}/${database}`;
  };
  const connect = async (database = 'postgres'): Promise<Client> => {
    const client = new Client({ host: folder.path, port, user: 'postgres', database });
    client.on('error', () => undefined); // the server went away between two queries: the next query says so
    await client.connect();
    return client;
  };
  const stop = async (mode: StopMode = 'fast'): Promise<void> => {
    await running.stop(STOP_SIGNALS[mode], 20_000);
  };
  return {
    major: installation.major,
    host: '127.0.0.1',
    port,
    superuserUrl: url('postgres'),
    dataDirectory,
    socketDirectory: folder.path,
    binDirectory: installation.binDirectory,
    get settings() {
      return settings;
    },
    get pid() {
      return running.pid;
    },
    url,
    connect,
    async query(sql, database) {
      const client = await connect(database);
      try {
        return await rowsOf(client, sql);
      } finally {
        await client.end();
      }
    },
    stop,
    kill: () => crash(running),
    async restart(change = {}) {
      await stop(change.mode);
      settings = { ...settings, ...change.settings };
      const outcome = await startPostmaster(ground, settings, port);
      if (outcome === 'port taken')
        throw new Error(`another process took port ${port} of a stopped PostgreSQL`);
      running = outcome;
    },
    logTail: () => readTail(logFile(folder)),
    async [Symbol.asyncDispose]() {
      await stop('immediate');
      await removeSharedMemory(dataDirectory);
      await folder.remove();
    },
  };
}

/** Runs one or more statements and returns the rows of the last. */
export async function rowsOf(client: Client, sql: string): Promise<readonly PostgresRow[]> {
  // pg's types know one result only; several statements in one string give an array of them.
  const result = (await client.query<PostgresRow>(sql)) as
    | QueryResult<PostgresRow>
    | QueryResult<PostgresRow>[];
  return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
}

const STOP_SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

function defaultSettings(installation: Installation, durable: boolean): Record<string, string> {
  const control = join(installation.root, 'share', 'postgresql', 'extension', 'pg_stat_statements.control');
  return {
    shared_buffers: '32MB',
    dynamic_shared_memory_type: 'mmap', // in the data directory: a crashed server leaves nothing in /dev/shm
    password_encryption: 'scram-sha-256',
    log_line_prefix: '%m [%p] ',
    ...(existsSync(control) ? { shared_preload_libraries: 'pg_stat_statements' } : {}),
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
  };
}

async function writeHostRules(dataDirectory: string, password: string | undefined): Promise<void> {
  const method = password === undefined ? 'trust' : 'scram-sha-256';
  const rules = [
    'local all all trust',
    'local replication all trust',
    `host all all 127.0.0.1/32 ${method}`,
    `host replication all 127.0.0.1/32 ${method}`,
  ];
  await writeFile(join(dataDirectory, 'pg_hba.conf'), `${rules.join('\n')}\n`);
}

function logFile(folder: TempDir): string {
  return join(folder.path, 'postgres.log');
}

async function startPostmaster(
  ground: Ground,
  settings: Readonly<Record<string, string>>,
  port: number,
): Promise<ServerProcess | 'port taken'> {
  const { installation, folder, dataDirectory, signal } = ground;
  const log = logFile(folder);
  const all = {
    ...settings,
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder.path,
  };
  const lines = Object.entries(all).map(([key, value]) => `${key} = ${quoteSetting(value)}\n`);
  await writeFile(join(dataDirectory, 'postgresql.conf'), lines.join(''));
  await writeFile(log, ''); // a fresh log, so that its tail is about this start
  const postmaster = await spawnServer({
    command: join(installation.binDirectory, 'postgres'),
    args: ['-D', dataDirectory],
    cwd: folder.path,
    logFile: log,
    account: installation.account,
    orphanSignal: 'QUIT',
  });
  try {
    const state = await waitUntil(
      `PostgreSQL ${installation.major} to start`,
      async () => (postmaster.exit() ? 'exited' : await isReady(dataDirectory, postmaster.pid)),
      { timeoutMs: 30_000, everyMs: 15, signal },
    );
    if (state === true) return postmaster;
    const tail = await postmaster.logTail();
    if (/could not bind|could not create any TCP\/IP sockets/.test(tail)) return 'port taken';
    throw new Error(`PostgreSQL ${installation.major} exited at start:\n${tail}`);
  } catch (error) {
    await postmaster.stop('SIGQUIT');
    throw error;
  }
}

function quoteSetting(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** The eighth line of postmaster.pid is the server's state. */
async function isReady(dataDirectory: string, pid: number): Promise<boolean> {
  const lines = (await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8')).split('\n');
  return Number(lines[0]) === pid && ['ready', 'standby'].includes(lines[7]?.trim() ?? '');
}

async function crash(postmaster: ServerProcess): Promise<void> {
  const children = postmaster.exit() ? [] : await childrenOf(postmaster.pid);
  await postmaster.stop('SIGKILL');
  await waitUntil('the children of a killed PostgreSQL to end', () =>
    children.every((pid) => !existsSync(`/proc/${pid}`)),
  );
}

async function childrenOf(parent: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${parent}/task`);
  const lists = await Promise.all(
    threads.map((id) => readFile(`/proc/${parent}/task/${id}/children`, 'utf8')),
  );
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
}

/** A killed server leaves a few bytes of System V shared memory; line seven of its postmaster.pid says which. */
async function removeSharedMemory(dataDirectory: string): Promise<void> {
  const file = join(dataDirectory, 'postmaster.pid');
  if (!existsSync(file)) return;
  const id = (await readFile(file, 'utf8')).split('\n')[6]?.trim().split(/\s+/)[1];
  if (id !== undefined) await runCommand('ipcrm', ['-m', id]);
}
