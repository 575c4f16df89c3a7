import { spawn } from 'node:child_process';

/** What a program came to. */
export interface CommandResult {
  /** 128 and the signal's number where a signal ended it. */
  readonly code: number;
  /** Both streams, the last 16 KiB. */
  readonly output: string;
}

const mostOutputBytes = 16 * 1024;
const endedBySignal = 128;

/**
 * Runs a program without a shell, with nothing on its input and only what finds programs from the environment: secrets of the agent are not
 * for it.
 *
 * @throws {Error} when it cannot be started, or the signal ended it.
 */
export function runCommand(
  [program = '', ...args]: readonly string[],
  signal: AbortSignal,
  env: Readonly<Record<string, string>>,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      shell: false,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
      env: { ...env },
    });
    let tail = Buffer.alloc(0);
    const keep = (chunk: Buffer): void => {
      tail = Buffer.concat([tail, chunk]).subarray(-mostOutputBytes);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) =>
      reject(new Error(`the test command ${program} did not run: ${error.message}`, { cause: error })),
    );
    child.once('close', (code) => resolve({ code: code ?? endedBySignal, output: tail.toString('utf8') }));
  });
}
