import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type Clock, messageOf } from '../../../../src/sdk.ts';
import { bareEnvironment } from '../../backups/run-program.ts';
import { at, numberAt, textAt } from '../../document.ts';
import { createScratchClient, type ScratchClient } from './scratch-client.ts';
import { dataFolder, endScratchProcesses } from './scratch-processes.ts';

/** A server of a drill's own: nothing but the drill knows its password. */
export interface ScratchServer {
  readonly client: ScratchClient;
  readonly port: number;
  /** With the password. */
  readonly uri: string;
  readonly version: string;
  /** As a person would type it in a recovery, folder and port in angle brackets. */
  readonly command: string;
}

/** Why there is no scratch server: a drill that fails by it says so. */
export class ScratchError extends Error {
  override readonly name = 'ScratchError';
}

const startLimitMs = 30_000;
const lookEveryMs = 50;
const mostPorts = 3;

/**
 * Starts a mongod in the drill's folder: on loopback only, with access control and a random password, in no replica set (so it follows and
 * serves nobody), nothing expires in it, and its cache is small.
 *
 * @throws {ScratchError} when it does not start, or is not the one that was started.
 */
export async function startScratch(
  program: string,
  folder: string,
  {
    signal,
    clock,
    conceal,
  }: { readonly signal: AbortSignal; readonly clock: Clock; readonly conceal: (secret: string) => void },
): Promise<ScratchServer> {
  await mkdir(dataFolder(folder), { mode: 0o700 });
  const password = randomBytes(24).toString('base64url');
  conceal(password);
  let problem = '';
  for (let attempt = 0; attempt < mostPorts; attempt += 1) {
    const port = await freePort();
    const child = spawn(program, scratchArguments(folder, port), {
      stdio: 'ignore',
      env: bareEnvironment,
      cwd: folder,
    });
    const ended = watchEnd(child);
    const started = await greet(port, { ended, signal, clock });
    if (typeof started !== 'string') return secure(started, { child, folder, port, password });
    problem = `${started}${await lastOfLog(folder)}`;
    await endScratchProcesses(folder);
    // Somebody was faster to take the port: another one is free.
    if (!/address already in use|EADDRINUSE/i.test(problem)) break;
  }
  throw new ScratchError(`the scratch mongod did not start: ${problem}`);
}

function scratchArguments(folder: string, port: number): string[] {
  const options = {
    '--dbpath': dataFolder(folder),
    '--port': String(port),
    '--bind_ip': '127.0.0.1',
    '--logpath': join(folder, 'mongod.log'),
    '--pidfilepath': join(folder, 'mongod.pid'),
    '--wiredTigerCacheSizeGB': '0.25',
  };
  // Otherwise what has expired since the backup would vanish while it is counted.
  const parameters = ['ttlMonitorEnabled=false', 'diagnosticDataCollectionEnabled=false'];
  return [
    ...Object.entries(options).flat(),
    '--auth',
    '--nounixsocket',
    ...parameters.flatMap((parameter) => ['--setParameter', parameter]),
  ];
}

/** What ended it; never resolves while it runs. */
interface Ended {
  readonly why: () => string | undefined;
}

function watchEnd(child: ChildProcess): Ended {
  let why: string | undefined;
  child.once('error', (error) => (why = messageOf(error)));
  child.once('exit', (code, signal) => (why ??= `it ended with ${code ?? signal ?? 'nothing'}`));
  return { why: () => why };
}

/** A connection without a login, or why there is none. */
async function greet(
  port: number,
  { ended, signal, clock }: { readonly ended: Ended; readonly signal: AbortSignal; readonly clock: Clock },
): Promise<ScratchClient | string> {
  const endMs = clock.monotonicMs() + startLimitMs;
  let last = 'it did not answer';
  while (clock.monotonicMs() < endMs) {
    signal.throwIfAborted();
    const why = ended.why();
    if (why !== undefined) return why;
    const client = createScratchClient(`mongodb://127.0.0.1:${port}/`);
    try {
      await client.connect();
      return client;
    } catch (thrown) {
      await client.close(true).catch(() => undefined);
      last = messageOf(thrown);
    }
    await clock.sleep(lookEveryMs, signal);
  }
  return ended.why() ?? last;
}

/** Makes the only login, by the exception that the server makes for loopback while it has none, and proves whose server this is. */
async function secure(
  open: ScratchClient,
  about: {
    readonly child: ChildProcess;
    readonly folder: string;
    readonly port: number;
    readonly password: string;
  },
): Promise<ScratchServer> {
  const { port, folder, password, child } = about;
  try {
    await open.db('admin').command({
      createUser: 'reeve_drill',
      pwd: password,
      // What --oplogReplay takes: any action on anything, here.
      roles: [{ role: '__system', db: 'admin' }],
    });
  } catch (thrown) {
    throw new ScratchError(`the scratch mongod takes no login: ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    await open.close(true).catch(() => undefined);
  }
  const uri = `mongodb://reeve_drill:${password}@127.0.0.1:${port}/?authSource=admin&directConnection=true`;
  const client = createScratchClient(uri);
  try {
    await client.connect();
    const version = await prove(client, folder, child.pid);
    return { client, port, uri, version, command: commandText };
  } catch (thrown) {
    await client.close(true).catch(() => undefined);
    throw thrown instanceof ScratchError
      ? thrown
      : new ScratchError(`the scratch mongod refused the drill's login: ${messageOf(thrown)}`, {
          cause: thrown,
        });
  }
}

/**
 * By identity, not by name: the server's own process and data folder are the drill's, and it is in no replica set.
 *
 * @throws {ScratchError} when it could be any other server.
 */
async function prove(client: ScratchClient, folder: string, pid: number | undefined): Promise<string> {
  const admin = client.db('admin');
  const hello: unknown = await admin.command({ hello: 1 });
  const options: unknown = await admin.command({ getCmdLineOpts: 1 });
  const status: unknown = await admin.command({ serverStatus: 1 });
  const own = textAt(options, 'parsed.storage.dbPath');
  const refuse = (what: string): never => {
    throw new ScratchError(`refused to restore: ${what}, so this could be production`);
  };
  if (own !== dataFolder(folder))
    refuse(`the data of the server at the scratch port are in ${own ?? 'a place it does not tell'}`);
  if (pid === undefined || numberAt(status, 'pid') !== pid)
    refuse(
      `the server at the scratch port is process ${numberAt(status, 'pid') ?? '(not told)'}, and ${pid ?? 'none'} was started`,
    );
  if (at(hello, 'setName') !== undefined || textAt(hello, 'msg') === 'isdbgrid')
    refuse('it is a member of a set or cluster');
  return textAt(status, 'version') ?? 'unknown';
}

/** For whoever recovers: what only a drill needs (a small cache) is left out. */
const commandText =
  'mongod --dbpath <folder>/db --port <port> --bind_ip 127.0.0.1 --auth --setParameter ttlMonitorEnabled=false';

async function freePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => resolve());
  await promise;
  const address = server.address();
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  await closed.promise;
  if (address === null || typeof address === 'string') throw new ScratchError('no port of loopback is free');
  return address.port;
}

const lastBytes = 600;

async function lastOfLog(folder: string): Promise<string> {
  const log = await readFile(join(folder, 'mongod.log'), 'utf8').catch(() => '');
  return log === '' ? '' : `; its log ends: ${log.trim().slice(-lastBytes)}`;
}
