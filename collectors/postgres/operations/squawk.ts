import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { z } from 'zod';
import { messageOf } from '../../../src/sdk.ts';

export interface SquawkFinding {
  readonly rule: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** `missing`: the linter is not installed for this platform, or did not answer; the parser's rules hold all the same. */
export type SquawkAnswer = { readonly findings: readonly SquawkFinding[] } | { readonly missing: string };

const answer = z.array(
  z.object({
    line: z.number(),
    rule_name: z.string(),
    message: z.string(),
    help: z.string().nullable().optional(),
  }),
);

/** Of the session, which Reeve sets itself, or about running a file twice. */
const excluded = ['require-lock-timeout', 'require-statement-timeout', 'prefer-robust-stmts'];
const longestMs = 10_000;
const longestAnswer = 4_194_304;

/** Asks squawk about statements that people bring; never throws but for the signal. */
export async function askSquawk(
  text: string,
  signal: AbortSignal,
  find = squawkBinary,
): Promise<SquawkAnswer> {
  try {
    return {
      findings: parseAnswer(
        await run(find(), text, AbortSignal.any([signal, AbortSignal.timeout(longestMs)])),
      ),
    };
  } catch (thrown) {
    signal.throwIfAborted();
    return { missing: `squawk did not answer: ${messageOf(thrown).split('\n')[0] ?? ''}` };
  }
}

/** The program of this platform, without the script around it. */
function squawkBinary(): string {
  const require = createRequire(import.meta.url);
  const own = createRequire(require.resolve('squawk-cli/package.json'));
  const file = process.platform === 'win32' ? 'squawk.exe' : 'squawk';
  return own.resolve(`@squawk-cli/${process.platform}-${process.arch}/bin/${file}`);
}

function parseAnswer(output: string): readonly SquawkFinding[] {
  const findings = answer.parse(JSON.parse(output));
  // What can be read is for PostgreSQL's own parser to say.
  const judged = findings.filter(({ rule_name }) => rule_name !== 'syntax-error');
  return judged.map(({ line, rule_name, message, help }) => ({
    rule: rule_name,
    line: line + 1,
    text: help === null || help === undefined ? message : `${message} ${help}`,
  }));
}

function run(program: string, text: string, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // No configuration of the folder it happens to run in, and nothing of our environment, which may hold secrets.
  const child = spawn(
    program,
    ['--reporter', 'json', '--stdin-filepath', 'statements.sql', '--exclude', excluded.join(',')],
    {
      cwd: '/',
      env: {},
      signal,
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  let output = '';
  child.on('error', reject);
  // A program that does not read to the end says at its end what it makes of that.
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part;
    if (output.length > longestAnswer) child.kill('SIGKILL');
  });
  // 1 says that there are findings.
  child.on('close', (code, by) => {
    if (code === 0 || code === 1) resolve(output === '' ? '[]' : output);
    else reject(new Error(`it ended with ${code ?? by ?? 'nothing'}`));
  });
  child.stdin.end(text);
  return promise;
}
