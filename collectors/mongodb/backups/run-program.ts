import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { usualFolders } from './find-program.ts';

export interface ProgramResult {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly endedBy: NodeJS.Signals | 'limit' | undefined;
  readonly stdout: string;
  /** Its last lines. */
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly signal: AbortSignal;
  readonly limitMs: number;
  /** Beside a PATH and a locale of our own; nothing of the agent's own environment goes along. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Where its process id is kept while it runs. */
  readonly pidFile?: string;
}

/** Nothing of the agent's own environment reaches a program, and no secret with it. */
export const bareEnvironment = { PATH: [...usualFolders, '/bin'].join(delimiter), LC_ALL: 'C' } as const;

const mostOutput = 4 * 1_024 ** 2;
const mostError = 16 * 1_024;

/**
 * Runs a program to its end, without a shell. A program that outlives its limit, or the signal, is killed and waited for.
 *
 * @throws {Error} when it cannot be started; the signal's reason when that ended it.
 */
export async function runProgram(
  path: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  options.signal.throwIfAborted();
  const child = spawn(path, [...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...bareEnvironment, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const ended = endOf(child);
  let isLate = false;
  const stop = (): void => void child.kill('SIGKILL');
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, options.limitMs);
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    if (options.pidFile !== undefined && child.pid !== undefined)
      await writeFile(options.pidFile, `${child.pid}\n`, { mode: 0o600 });
    const result = await ended;
    options.signal.throwIfAborted();
    return isLate ? { ...result, endedBy: 'limit' } : result;
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', stop);
    stop();
    await ended.catch(() => undefined);
  }
}

function endOf(child: ChildProcess): Promise<ProgramResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (stdout.length < mostOutput) stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-mostError);
  });
  const { promise, resolve, reject } = Promise.withResolvers<ProgramResult>();
  child.once('error', reject);
  child.once('close', (code, signal) =>
    resolve({ code: code ?? undefined, endedBy: signal ?? undefined, stdout, stderr }),
  );
  return promise;
}
