import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runProgram } from '../../backups/run-program.ts';

/** Where the data of a scratch server are: what it is recognised by, for a folder belongs to one drill only. */
export function dataFolder(folder: string): string {
  return join(folder, 'db');
}

/** The configuration of mongorestore: its connection string is nobody's to read on a command line. */
export function restoreConfig(folder: string): string {
  return join(folder, 'mongorestore.yaml');
}

const graceMs = 10_000;
const lookEveryMs = 20;

/**
 * Ends every process that a drill in this folder started, also when nobody remembers them: a process is the drill's when its own command
 * line names the drill's data folder or configuration. Nothing else is ever signalled.
 */
export async function endScratchProcesses(folder: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const found = await scratchProcesses(folder);
    for (const pid of found) kill(pid, signal);
    if (await haveEnded(folder, found)) return;
  }
}

async function haveEnded(folder: string, pids: readonly number[]): Promise<boolean> {
  for (let waitedMs = 0; pids.length > 0 && waitedMs < graceMs; waitedMs += lookEveryMs) {
    if ((await scratchProcesses(folder)).length === 0) return true;
    await delay(lookEveryMs);
  }
  return (await scratchProcesses(folder)).length === 0;
}

/** Process ids, by what each was started with. */
export async function scratchProcesses(folder: string): Promise<readonly number[]> {
  const all = await commandLines();
  return all.filter(({ pid, args }) => pid !== process.pid && isOfDrill(args, folder)).map(({ pid }) => pid);
}

function isOfDrill(args: readonly string[], folder: string): boolean {
  const has = (option: string, value: string): boolean =>
    args.some((arg, at) => arg === `${option}=${value}` || (arg === option && args[at + 1] === value));
  const is = (program: string): boolean => args.slice(0, 3).some((arg) => basename(arg) === program);
  return (
    (is('mongod') && has('--dbpath', dataFolder(folder))) ||
    (is('mongorestore') && has('--config', restoreConfig(folder)))
  );
}

interface CommandLine {
  readonly pid: number;
  readonly args: readonly string[];
}

/** By /proc where there is one, by `ps` otherwise. */
async function commandLines(): Promise<readonly CommandLine[]> {
  const entries = await readdir('/proc').catch(() => undefined);
  if (entries === undefined) return fromPs();
  const lines: CommandLine[] = [];
  for (const entry of entries.filter((name) => /^\d+$/.test(name))) {
    // A process that ended meanwhile has none.
    const text = await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '');
    if (text !== '') lines.push({ pid: Number(entry), args: text.split('\0') });
  }
  return lines;
}

async function fromPs(): Promise<readonly CommandLine[]> {
  const options = { signal: new AbortController().signal, limitMs: 5_000 };
  const { stdout } = await runProgram('ps', ['-axww', '-o', 'pid=,args='], options);
  return stdout.split('\n').flatMap((line) => {
    const [pid = '', ...args] = line.trim().split(/\s+/);
    return /^\d+$/.test(pid) ? [{ pid: Number(pid), args }] : [];
  });
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    // It has ended by itself.
    if (!(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH')) throw thrown;
  }
}
