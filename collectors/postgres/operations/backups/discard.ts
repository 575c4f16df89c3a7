import { existsSync } from 'node:fs';
import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Clock } from '../../../../src/sdk.ts';
import { drillMark, runTool } from './run-tool.ts';
import { placeMark } from './scratch-place.ts';

const stepMs = 25;
const patienceMs = 10_000;

/**
 * Ends whatever still runs in a drill's folder: servers by what they run on, tools by the mark in their environment. Needs no memory of
 * having started them. Nothing else is touched, whatever its name.
 *
 * @throws {Error} when something does not end.
 */
export async function discardDrill(folder: string, clock: Clock): Promise<void> {
  const real = await realpath(folder).catch(() => undefined);
  // Without the mark nothing was started in it: it may be anybody's.
  if (real === undefined || !existsSync(join(real, placeMark))) return;
  const memory = await sharedMemoryOf(join(real, 'data'));
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    const end = clock.monotonicMs() + patienceMs;
    for (const pid of await processesIn(real)) send(pid, signal);
    while ((await processesIn(real)).length > 0 && clock.monotonicMs() < end) {
      await clock.sleep(stepMs, new AbortController().signal);
    }
    if ((await processesIn(real)).length === 0) break;
  }
  const left = await processesIn(real);
  if (left.length > 0) throw new Error(`processes ${left.join(', ')} of the drill in ${real} do not end`);
  if (memory !== undefined) await removeSharedMemory(memory);
}

function send(pid: number, signal: 'SIGQUIT' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between, which is what was wanted.
  }
}

/** Processes that work in the folder and belong to a drill. Only Linux can say; elsewhere the server that postmaster.pid names. */
async function processesIn(folder: string): Promise<readonly number[]> {
  const names = await readdir('/proc').catch(() => undefined);
  if (names === undefined) return postmasterIn(folder);
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of pids) if (pid !== process.pid && (await belongsTo(pid, folder))) found.push(pid);
  return found;
}

/** A server of the drill works in its data directory; its tools, and a server that just begins, in the folder itself. */
async function belongsTo(pid: number, folder: string): Promise<boolean> {
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  if (cwd === join(folder, 'data'))
    return basename(await readlink(`/proc/${pid}/exe`).catch(() => '')) === 'postgres';
  if (cwd !== folder) return false;
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  return environment.split('\0').includes(`${drillMark}=${folder}`);
}

async function postmasterIn(folder: string): Promise<readonly number[]> {
  const data = join(folder, 'data');
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return [];
  const ps = {
    program: 'ps',
    args: ['-o', 'command=', '-p', String(pid)],
    cwd: '/',
    signal: AbortSignal.timeout(5_000),
  };
  return (await runTool(ps)).stdout.includes(data) ? [pid] : [];
}

/** A killed server leaves a few bytes of System V shared memory; line seven of its postmaster.pid says which. */
async function sharedMemoryOf(data: string): Promise<string | undefined> {
  const lines = (await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return lines[1] === data ? lines[6]?.trim().split(/\s+/)[1] : undefined;
}

async function removeSharedMemory(id: string): Promise<void> {
  const run = { program: 'ipcrm', args: ['-m', id], cwd: '/', signal: AbortSignal.timeout(5_000) };
  // A server that ended properly has removed it; without the program a few bytes stay until the machine restarts.
  await runTool(run).catch(() => undefined);
}
