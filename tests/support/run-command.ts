import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { MINIMAL_ENVIRONMENT } from './server-process.ts';
import type { Account } from './temp-dir.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly account?: Account | undefined;
  /** Written to stdin, which is closed otherwise. */
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Runs a short-lived program to its end. A non-zero exit code is a result, not an error. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...MINIMAL_ENVIRONMENT, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    signal: options.signal,
    ...options.account,
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // EPIPE when the program does not read its input: its exit code tells what happened.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { code, stdout, stderr };
}

/**
 * Like {@link runCommand}, for commands that must succeed.
 *
 * @throws {Error} with the program's output when it exits with anything but 0.
 */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, args, options);
  if (code !== 0) throw new Error(`${command} exited with ${code}: ${stderr || stdout}`);
  return stdout;
}
