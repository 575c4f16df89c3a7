import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bareEnvironment } from './program.ts';

/** What `redis-check-rdb` counted in a file. */
export interface RdbCount {
  readonly keys: number;
  /** Those among them whose time to live is over now: they are left out at loading. */
  readonly expired: number;
}

const largestOutput = 16_777_216;

/** What the server's own checker says of a file: counts, or what is wrong. */
export async function countRdb(
  program: string,
  path: string,
  signal: AbortSignal,
): Promise<RdbCount | string> {
  try {
    const { stdout } = await promisify(execFile)(program, [path], {
      env: bareEnvironment,
      maxBuffer: largestOutput,
      signal,
    });
    const keys = numberBefore(stdout, 'keys read');
    const expired = numberBefore(stdout, 'already expired');
    return keys === undefined ? 'it did not say how many keys there are' : { keys, expired: expired ?? 0 };
  } catch (thrown) {
    signal.throwIfAborted();
    return faultOf(thrown);
  }
}

function faultOf(thrown: unknown): string {
  const output = thrown instanceof Error && 'stdout' in thrown ? String(thrown.stdout) : '';
  const lines = output
    .split('\n')
    .filter((line) => line.includes('RDB ERROR') || /error|Unexpected|checksum/i.test(line));
  return (
    lines
      .at(-1)
      ?.replace(/^-+|-+$/g, '')
      .trim() ?? 'it could not be run'
  );
}

function numberBefore(text: string, words: string): number | undefined {
  const digits = new RegExp(String.raw`\[info\] (\d+) ${words}`).exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
