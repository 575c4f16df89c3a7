import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Account } from './temp-dir.ts';
import { guardProcessGroup, type OrphanSignal, releaseProcessGroup } from './watchdog.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server started by a test: its output goes to a log file, and it cannot outlive the test process. */
export interface ServerProcess {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** `undefined` while it runs. */
  exit(): Exit | undefined;
  /** To the process itself, not to its children. Nothing happens when it has exited. */
  signal(name: NodeJS.Signals): void;
  /** Sends the signal, waits, and after `graceMs` (default 5,000) kills the whole process group. */
  stop(name?: NodeJS.Signals, graceMs?: number): Promise<Exit>;
  /** The last lines of its log. */
  logTail(): Promise<string>;
}

export interface SpawnServerOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly account?: Account | undefined;
  /** How the watchdog asks it to end if this process dies. Default TERM. */
  readonly orphanSignal?: OrphanSignal;
}

/** Nothing of the test's own environment reaches a server, so a proxy or locale setting cannot change a result. */
export const MINIMAL_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C.UTF-8' } as const;

/** Resolves when the program has been executed, which says nothing about it being ready. */
export async function spawnServer(options: SpawnServerOptions): Promise<ServerProcess> {
  const log = openSync(options.logFile, 'a');
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    detached: true, // a group of its own: Ctrl-C reaches it through us or the watchdog only
    env: { ...MINIMAL_ENVIRONMENT, HOME: options.cwd, ...options.env },
    stdio: ['ignore', log, log],
    ...options.account,
  });
  closeSync(log);
  await once(child, 'spawn');
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${options.command} started without a process id`);
  guardProcessGroup(pid, options.orphanSignal ?? 'TERM');

  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      releaseProcessGroup(pid);
      exit = { code, signal };
      resolve(exit);
    });
  });
  const signal = (name: NodeJS.Signals): void => {
    if (exit === undefined) child.kill(name);
  };
  return {
    pid,
    exited,
    exit: () => exit,
    signal,
    async stop(name = 'SIGTERM', graceMs = 5_000) {
      if (exit !== undefined) return exit;
      signal(name);
      const timer = setTimeout(() => killGroup(pid), graceMs);
      const result = await exited;
      clearTimeout(timer);
      return result;
    },
    logTail: () => readTail(options.logFile),
  };
}

/** The last 40 lines of a text file. */
export async function readTail(file: string): Promise<string> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines.slice(-40).join('\n');
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: it exited between the time-out and this line, which is what we wanted.
  }
}
