import { chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { unprivilegedAccount } from '../account.ts';
import { programPath } from '../debian.ts';
import { findFreePort } from '../net/free-port.ts';
import { type ServerProcess, spawnServer } from '../server-process.ts';
import { createTempDir } from '../temp-dir.ts';
import { waitUntil } from '../wait-until.ts';

export interface RedisOptions {
  /** Lines of redis.conf: `{ maxmemory: '64mb' }`. They win over the defaults (no persistence, loopback only). */
  readonly config?: Readonly<Record<string, string>>;
  /** Makes this a replica, and waits until it has synchronised. */
  readonly replicaOf?: RedisServer;
  /** A proxy's port in front of `replicaOf`, so that the link can be cut. */
  readonly replicaOfPort?: number;
  /** ACL users as in redis.conf, without the word `user`: `agent on >secret ~* +info`. */
  readonly users?: readonly string[];
  /** Part of the temporary folder's name. */
  readonly name?: string;
  readonly signal?: AbortSignal;
}

export interface RedisServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** As user `default`, with the password that `config.requirepass` sets. */
  readonly url: string;
  readonly password: string | undefined;
  readonly folder: string;
  /** Changes with a restart. */
  readonly pid: number;
  urlFor(user: string, password: string): string;
  /** One command as user `default` on a connection of its own. Replies come as ioredis parses them. */
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** The fields of an INFO section, `everything` by default. */
  info(section?: string): Promise<ReadonlyMap<string, string>>;
  /** SIGSTOP and SIGCONT: a server that accepts connections and never answers. */
  freeze(): void;
  thaw(): void;
  /** Ends it (default SIGTERM; SIGKILL is a crash) and keeps its folder. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts a stopped server again on its port; a running one is stopped first. */
  restart(): Promise<void>;
  logTail(): Promise<string>;
}

/**
 * Starts the system's redis-server on a free port of 127.0.0.1 in a temporary folder (about 50 ms); for root, as another account.
 *
 * @throws {Error} with the apt command when it is not installed, or with the log when it does not come up.
 */
export function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  return startRedisProcess(options, []);
}

/** {@link startRedis} with extra arguments of the program; Sentinel is one (`--sentinel`). */
export async function startRedisProcess(
  options: RedisOptions,
  extraArgs: readonly string[],
): Promise<RedisServer> {
  const command = programPath('redis-server');
  const account = unprivilegedAccount('redis');
  const folder = await createTempDir(options.name ?? 'redis', account);
  const configFile = join(folder.path, 'redis.conf');
  const password = options.config?.['requirepass'];
  const launch = async (port: number): Promise<ServerProcess | 'port taken'> => {
    const child = await spawnServer({
      command,
      args: [configFile, ...extraArgs],
      cwd: folder.path,
      logFile: join(folder.path, 'redis.log'),
      account,
    });
    try {
      return await waitUntilReady(child, port, password, options.signal);
    } catch (error) {
      await child.stop('SIGKILL');
      throw error;
    }
  };
  try {
    let started: ServerProcess | 'port taken' = 'port taken';
    let port = 0;
    for (let attempt = 1; attempt <= 5 && started === 'port taken'; attempt += 1) {
      port = await findFreePort();
      await writeFile(configFile, renderConfig(options, folder.path, port, extraArgs.includes('--sentinel')));
      if (account) await chown(configFile, account.uid, account.gid); // Sentinel writes to it
      started = await launch(port);
    }
    if (started === 'port taken') throw new Error('redis-server found five ports taken');
    const server = describeServer(started, { port, password, folder, launch });
    if (options.replicaOf) await waitUntilInSync(server, options.signal);
    return server;
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

interface Running {
  readonly port: number;
  readonly password: string | undefined;
  readonly folder: { readonly path: string; remove(): Promise<void> };
  readonly launch: (port: number) => Promise<ServerProcess | 'port taken'>;
}

function describeServer(first: ServerProcess, running: Running): RedisServer {
  const { port, password, folder, launch } = running;
  let child = first;
  const urlFor = (user: string, secret: string): string =>
    `redis://${encodeURIComponent(user)}:${encodeURIComponent(secret)}@127.0.0.1:${port}`;
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> => {
    child.signal('SIGCONT'); // a frozen server would not see SIGTERM
    await child.stop(signal);
  };
  const command = (name: string, ...args: readonly (string | number)[]): Promise<unknown> =>
    callOnce(port, password, name, args);
  return {
    host: '127.0.0.1',
    port,
    url: password === undefined ? `redis://127.0.0.1:${port}` : urlFor('default', password),
    password,
    folder: folder.path,
    get pid() {
      return child.pid;
    },
    urlFor,
    command,
    info: async (section = 'everything') => parseInfo(String(await command('INFO', section))),
    freeze: () => child.signal('SIGSTOP'),
    thaw: () => child.signal('SIGCONT'),
    stop,
    async restart() {
      await stop();
      const next = await launch(port);
      if (next === 'port taken')
        throw new Error(`another process took port ${port} of a stopped redis-server`);
      child = next;
    },
    logTail: () => child.logTail(),
    async [Symbol.asyncDispose]() {
      await stop('SIGKILL');
      await folder.remove();
    },
  };
}

/** INFO's `key:value` lines; section headings are dropped. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':') && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

function renderConfig(options: RedisOptions, folder: string, port: number, isSentinel: boolean): string {
  const primary = options.replicaOf;
  const config: Record<string, string> = {
    bind: '127.0.0.1',
    dir: folder,
    // Directives that Sentinel does not know stop it.
    ...(isSentinel ? {} : { save: '""', appendonly: 'no', 'repl-diskless-sync-delay': '0' }),
    ...(primary ? { replicaof: `127.0.0.1 ${options.replicaOfPort ?? primary.port}` } : {}),
    ...(primary?.password === undefined ? {} : { masterauth: primary.password }),
    ...options.config,
    port: options.config?.['port'] ?? String(port),
  };
  const lines = Object.entries(config).map(([key, value]) => `${key} ${value}`);
  return [...lines, ...(options.users ?? []).map((user) => `user ${user}`), ''].join('\n');
}

async function waitUntilReady(
  child: ServerProcess,
  port: number,
  password: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ServerProcess | 'port taken'> {
  const answered = await waitUntil(
    'redis-server to answer',
    async () => (child.exit() ? 'exited' : (await probe(port, password)) && 'ready'),
    { signal, everyMs: 15 },
  );
  // Somebody else on the port may have answered while ours failed to bind it.
  if (answered === 'ready' && child.exit() === undefined) return child;
  const { code } = await child.exited;
  const tail = await child.logTail();
  if (tail.includes('Address already in use')) return 'port taken';
  throw new Error(`redis-server exited with ${code} at start:\n${tail}`);
}

/** An error reply (NOAUTH, LOADING, a user switched off) is an answer too. */
async function probe(port: number, password: string | undefined): Promise<boolean> {
  try {
    await callOnce(port, password, 'PING', []);
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return !error.message.startsWith('LOADING');
    throw error;
  }
}

async function callOnce(
  port: number,
  password: string | undefined,
  name: string,
  args: readonly (string | number)[],
): Promise<unknown> {
  const client = new Redis({
    host: '127.0.0.1',
    port,
    ...(password === undefined ? {} : { password }),
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined); // the rejected promise below says the same
  try {
    await client.connect();
    return await client.call(name, ...args);
  } finally {
    client.disconnect();
  }
}

async function waitUntilInSync(server: RedisServer, signal: AbortSignal | undefined): Promise<void> {
  try {
    await waitUntil(
      'the replica to synchronise',
      async () => (await server.info('replication')).get('master_link_status') === 'up',
      { signal },
    );
  } catch (error) {
    const tail = await server.logTail();
    await server[Symbol.asyncDispose]();
    throw new Error(`the replica does not synchronise:\n${tail}`, { cause: error });
  }
}
