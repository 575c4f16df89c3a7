import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { messageOf } from '../../../../src/sdk.ts';
import { BackupError } from './chain.ts';

/** A system account, for servers, which refuse to run as root. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface ToolRun {
  readonly program: string;
  readonly args: readonly string[];
  /** The drill's folder for what belongs to a drill: what runs there is ended by `discard`, see `drillMark`. */
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly account?: Account | undefined;
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of the drill that it belongs to. */
  readonly drill?: string;
  /** Written to its standard input, which is empty otherwise. */
  readonly input?: string;
}

export interface ToolResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** In the environment of all that a drill starts: after a crash of the agent it is found by that. */
export const drillMark = 'REEVE_DRILL';

const mostOutput = 67_108_864;

/** Nothing of the agent's own environment, which may hold secrets, reaches a tool. */
export function toolEnvironment(
  drill: string | undefined,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LC_ALL: 'C',
    TZ: 'UTC',
    ...(drill === undefined ? {} : { [drillMark]: drill }),
    ...more,
  };
}

/**
 * Runs a program to its end; when the signal fires, it and all that it started are killed.
 *
 * @throws {BackupError} when it cannot be started; the signal's reason when that fired.
 */
export async function runTool(run: ToolRun): Promise<ToolResult> {
  const { program, args, cwd, signal, account, drill } = run;
  signal.throwIfAborted();
  const child = spawn(program, args, {
    cwd,
    detached: true,
    env: toolEnvironment(drill, run.env),
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
  });
  const kill = (): void => killGroup(child.pid);
  signal.addEventListener('abort', kill, { once: true });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      if (output[name].length > mostOutput) kill();
    });
  }
  // A program that does not read its input says at its end what it makes of that.
  child.stdin.on('error', () => undefined);
  child.stdin.end(run.input ?? '');
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', (error) => reject(new BackupError(`${program} did not start: ${messageOf(error)}`)));
  child.once('close', resolve);
  try {
    const code = await promise;
    signal.throwIfAborted();
    return { code, ...output };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/**
 * As `runTool`, for what must succeed.
 *
 * @throws {BackupError} with the last lines of what it said.
 */
export async function runOrFail(run: ToolRun): Promise<string> {
  const { code, stdout, stderr } = await runTool(run);
  if (code === 0) return stdout;
  const name = run.program.split('/').at(-1) ?? run.program;
  throw new BackupError(
    `${name} ${code === null ? 'was killed' : `ended with ${code}`}: ${lastLines(stderr || stdout, 6)}`,
  );
}

/** The end of an output, as one line. */
export function lastLines(text: string, count: number): string {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.slice(-count).join(' / ').slice(-1_500);
}

/** The account that a scratch server runs as: our own, unless that is root's. */
export async function serverAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const [name, , uid, gid] = lines.find(([each]) => each === wanted) ?? [];
    if (name !== undefined && uid !== undefined && gid !== undefined) {
      return { name, uid: Number(uid), gid: Number(gid) };
    }
  }
  throw new BackupError(
    'PostgreSQL does not run as root, and this system has neither an account "postgres" nor "nobody": run the agent as another user.',
  );
}

export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in between, which is what was wanted.
  }
}
