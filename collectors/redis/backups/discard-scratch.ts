import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, messageOf, Secret } from '../../../src/sdk.ts';
import { parseInfo } from '../info.ts';
import { connectScratch, type ScratchClient } from './scratch-client.ts';
import { scratchFiles, scratchMark } from './scratch-server.ts';

const goneWithinMs = 10_000;
const lookEveryMs = 25;
const askMs = 2_000;

/**
 * Ends the server that a drill left in its folder, whoever started it. A process is only ever ended when it proves to be that server: by
 * working in the folder, or by answering on its socket with its password.
 *
 * @throws {Error} when it runs on, so that nobody wipes the folder under it.
 */
export async function discardScratch(folder: string, clock: Clock): Promise<void> {
  const place = await realpath(folder).catch(() => undefined);
  if (place === undefined) return;
  // A drill writes it before it starts anything, and only into an empty folder: without it nothing here is a drill's.
  const config = await readFile(join(place, scratchFiles.config), 'utf8').catch(() => '');
  if (!config.startsWith(`${scratchMark}\n`)) return;
  const { signal } = new AbortController();
  const pids = new Set([...(await pidsIn(place)), ...(await pidOnSocket(folder, config))]);
  for (const pid of pids) if (pid !== process.pid) kill(pid);
  const endMs = clock.monotonicMs() + goneWithinMs;
  while ((await pidsIn(place)).length > 0 || (await anyThere(pids))) {
    if (clock.monotonicMs() > endMs)
      throw new Error(
        `the scratch server of the drill in ${folder} (pid ${[...pids].join(', ')}) does not end`,
      );
    await clock.sleep(lookEveryMs, signal);
  }
}

/** Servers whose working folder this is: of the pid file first, and any other that a crash left before the file was written. */
async function pidsIn(place: string): Promise<readonly number[]> {
  const written = Number(await readFile(join(place, scratchFiles.pid), 'utf8').catch(() => ''));
  const all = await readdir('/proc').catch((): readonly string[] => []);
  const numbers = all.filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of new Set([...(written > 1 ? [written] : []), ...numbers])) {
    const works = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    if (works !== place) continue;
    const [name = ''] = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).split('\n');
    if (pid === written || /^(?:redis|valkey)-/.test(name)) found.push(pid);
  }
  return found.filter((pid) => pid !== process.pid);
}

/** Where there is no /proc: the server says its own pid to whoever knows the password of the folder. */
async function pidOnSocket(folder: string, config: string): Promise<readonly number[]> {
  const password = /^requirepass (\S+)$/m.exec(config)?.[1];
  if (password === undefined) return [];
  let client: ScratchClient | undefined;
  try {
    client = await connectScratch(
      join(folder, scratchFiles.socket),
      new Secret(password),
      AbortSignal.timeout(askMs),
    );
    const pid = parseInfo(String(await client.call('INFO', 'server'))).number('process_id');
    return pid === undefined ? [] : [pid];
  } catch {
    return []; // nobody listens, or it still loads: then /proc tells
  } finally {
    client?.close();
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (thrown) {
    if (!/ESRCH/.test(messageOf(thrown))) throw thrown;
  }
}

async function anyThere(pids: ReadonlySet<number>): Promise<boolean> {
  for (const pid of pids) if (pid !== process.pid && (await isThere(pid))) return true;
  return false;
}

async function isThere(pid: number): Promise<boolean> {
  // What ended and was not waited for by its parent is still listed.
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  if (/\) [ZX] /.test(status)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return /EPERM/.test(messageOf(thrown));
  }
}
