import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, CollectError, messageOf, Secret } from '../../../src/sdk.ts';
import { parseInfo } from '../info.ts';
import { bareEnvironment } from './program.ts';
import { connectScratch, type ScratchClient } from './scratch-client.ts';

/** A server that was started for a drill: alone, on a socket in the drill's folder, with nothing of the target but a copied file. */
export interface ScratchServer {
  readonly client: ScratchClient;
  readonly pid: number;
  readonly info: () => Promise<ReturnType<typeof parseInfo>>;
  /** The log's lines that matter, at most so many, newest last. */
  readonly log: () => Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
}

/** Names in the drill's folder. */
export const scratchFiles = {
  config: 'redis.conf',
  socket: 'redis.sock',
  log: 'redis.log',
  pid: 'redis.pid',
  data: 'dump.rdb',
  append: 'appendonlydir',
} as const;

/** First line of its configuration: without it nothing in a folder is ever ended. */
export const scratchMark = '# scratch server of a restore drill of Reeve: ended and wiped with its folder';

/** The kernel's limit for names of sockets, the final zero included. */
const longestSocket = 107;
const lookEveryMs = 25;
const stopLimitMs = 5_000;

export interface ScratchRequest {
  readonly program: string;
  readonly folder: string;
  /** Lines beside the usual ones: which file is loaded. */
  readonly loads: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly conceal: (secret: string) => void;
}

/** Why a server cannot be started in this folder; undefined when it can. */
export function socketFault(folder: string): string | undefined {
  const bytes = Buffer.byteLength(join(folder, scratchFiles.socket));
  if (bytes <= longestSocket) return undefined;
  return `the path of the scratch server's socket has ${bytes} bytes, and the system allows ${longestSocket}: set a shorter remediation.scratch`;
}

/**
 * Starts it and waits until it has loaded its file.
 *
 * @throws {CollectError} with what its log says when it does not come up.
 */
export async function startScratch(request: ScratchRequest): Promise<ScratchServer> {
  const { program, folder, loads, signal, conceal } = request;
  const password = new Secret(randomBytes(24).toString('hex'));
  conceal(password.reveal());
  const file = (name: keyof typeof scratchFiles): string => join(folder, scratchFiles[name]);
  await writeFile(file('config'), configOf(folder, password, loads), { mode: 0o600 });
  const output = await open(file('log'), 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(program, [file('config')], {
      cwd: folder,
      env: bareEnvironment,
      stdio: ['ignore', output.fd, output.fd],
    });
    await once(child, 'spawn');
  } catch (thrown) {
    throw new CollectError('unreachable', `${program} cannot be started: ${messageOf(thrown)}`);
  } finally {
    await output.close();
  }
  const { pid } = child;
  if (pid === undefined) throw new CollectError('unreachable', `${program} has no process id`);
  // The program writes the same once it is up; until then nobody else could end it.
  await writeFile(file('pid'), `${pid}\n`, { mode: 0o600 });
  const log = (): Promise<readonly string[]> => readLog(file('log'));
  const stop = (): Promise<void> => stopChild(child);
  try {
    const client = await waitUntilLoaded({ ...request, child, password, log, socket: file('socket') });
    const info = async (): Promise<ReturnType<typeof parseInfo>> =>
      parseInfo(String(await client.call('INFO', 'everything')));
    return {
      client,
      pid,
      info,
      log,
      stop: async () => {
        client.close();
        await stop();
      },
    };
  } catch (thrown) {
    await stop();
    signal.throwIfAborted();
    throw thrown;
  }
}

/** Everything that reaches out or writes is off; it listens on a socket only its owner can open. */
function configOf(folder: string, password: Secret, loads: readonly string[]): string {
  const lines = [
    scratchMark,
    'port 0',
    'bind 127.0.0.1',
    'protected-mode yes',
    `unixsocket ${quoted(join(folder, scratchFiles.socket))}`,
    'unixsocketperm 700',
    `requirepass ${password.reveal()}`,
    'daemonize no',
    'supervised no',
    `pidfile ${quoted(join(folder, scratchFiles.pid))}`,
    `dir ${quoted(folder)}`,
    'logfile ""',
    'loglevel notice',
    // As many as any backup may name.
    'databases 1024',
    'save ""',
    'maxmemory 0',
    'maxmemory-policy noeviction',
    'auto-aof-rewrite-percentage 0',
    'notify-keyspace-events ""',
    ...loads,
  ];
  return `${lines.join('\n')}\n`;
}

export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, (char) => `\\${char}`)}"`;
}

interface Waiting extends ScratchRequest {
  readonly child: ChildProcess;
  readonly password: Secret;
  readonly socket: string;
  readonly log: () => Promise<readonly string[]>;
}

async function waitUntilLoaded({
  child,
  password,
  socket,
  log,
  clock,
  signal,
}: Waiting): Promise<ScratchClient> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      const said = (await log()).slice(-4).join(' / ');
      throw new CollectError(
        'unreachable',
        `the scratch server did not load it: ${said || `it ended with ${child.exitCode}`}`,
      );
    }
    const client = await tryConnect(socket, password, signal);
    if (client !== undefined) {
      if (await isLoaded(client)) return client;
      client.close();
    }
    await clock.sleep(lookEveryMs, signal);
  }
}

/** Undefined while nobody listens yet. @throws {CollectError} for a wrong password. */
async function tryConnect(
  socket: string,
  password: Secret,
  signal: AbortSignal,
): Promise<ScratchClient | undefined> {
  try {
    return await connectScratch(socket, password, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (!(thrown instanceof CollectError) || thrown.code !== 'denied') return undefined;
    throw new CollectError(
      'denied',
      `what listens on ${socket} does not take the password that the drill gave it: does redisServer name redis-server itself?`,
    );
  }
}

async function isLoaded(client: ScratchClient): Promise<boolean> {
  try {
    await client.call('PING');
    return true;
  } catch (thrown) {
    // As the client words LOADING.
    if (/still loading/.test(messageOf(thrown))) return false;
    throw thrown;
  }
}

/** What it has to say at `notice` and above, without its own decoration. */
async function readLog(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8');
  return text
    .slice(-64_000)
    .split('\n')
    .map(
      (line) =>
        /^\d+:\w+ .*? [*#] (.+)$/.exec(line)?.[1] ??
        (/FATAL|error|^>>>|Bad directive/i.test(line) ? line.trim() : ''),
    )
    .filter((line) => line !== '');
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  try {
    await exited;
  } finally {
    clearTimeout(timer);
  }
}
