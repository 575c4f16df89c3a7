import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Exit, MINIMAL_ENVIRONMENT } from './server-process.ts';
import { waitUntil } from './wait-until.ts';
import { guardProcessGroup, releaseProcessGroup } from './watchdog.ts';

export interface SpawnReeveOptions {
  /** The whole environment but PATH, HOME, TMPDIR and NODE_COMPILE_CACHE: the test's own does not leak in. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Arguments of Node itself. */
  readonly nodeArgs?: readonly string[];
  /** The program. Default: `src/main.ts` of this checkout. */
  readonly entry?: string;
}

export interface ReeveProcess extends AsyncDisposable {
  readonly pid: number;
  /** All it has printed so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Resolves when it has exited and all its output has been read. */
  readonly exit: Promise<Exit>;
  /** The first match in stdout or stderr, also in what was printed before the call. Rejects when it exits without, or after 10 s. */
  waitForLine(pattern: RegExp, timeoutMs?: number): Promise<RegExpMatchArray>;
  signal(name: NodeJS.Signals): void;
}

/** Runs `node src/main.ts ...args`. Disposing kills it. */
export async function spawnReeve(
  args: readonly string[],
  options: SpawnReeveOptions = {},
): Promise<ReeveProcess> {
  const entry = options.entry ?? fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), entry, ...args], {
    cwd: options.cwd,
    detached: true,
    env: { ...MINIMAL_ENVIRONMENT, ...keep('PATH', 'HOME', 'TMPDIR', 'NODE_COMPILE_CACHE'), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child, 'spawn');
  const pid = child.pid;
  if (pid === undefined) throw new Error('reeve started without a process id');
  guardProcessGroup(pid, 'TERM');

  const output = { stdout: '', stderr: '' };
  let exited: Exit | undefined;
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  child.once('exit', () => releaseProcessGroup(pid));
  const exit = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      exited = { code, signal };
      resolve(exited);
    });
  });
  const find = (pattern: RegExp): RegExpMatchArray | undefined =>
    [output.stdout, output.stderr]
      .flatMap((text) => text.split('\n'))
      .map((line) => line.match(pattern))
      .find((match) => match !== null);
  return {
    pid,
    get stdout() {
      return output.stdout;
    },
    get stderr() {
      return output.stderr;
    },
    exit,
    async waitForLine(pattern, timeoutMs = 10_000) {
      const found = await waitUntil(`a line like ${pattern}`, () => find(pattern) ?? (exited && 'exited'), {
        timeoutMs,
      }).catch((error: unknown) => {
        throw new Error(`no line like ${pattern} within ${timeoutMs} ms:\n${output.stdout}${output.stderr}`, {
          cause: error,
        });
      });
      if (found !== 'exited') return found;
      throw new Error(
        `exited with ${exited?.code ?? exited?.signal} before a line like ${pattern}:\n${output.stdout}${output.stderr}`,
      );
    },
    signal(name) {
      if (exited === undefined) child.kill(name);
    },
    async [Symbol.asyncDispose]() {
      if (exited === undefined) child.kill('SIGKILL');
      await exit;
    },
  };
}

export interface ReeveResult extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of Reeve to its end; killed after `timeoutMs` (default 30,000; then `signal` is SIGKILL). */
export async function runReeve(
  args: readonly string[],
  options: SpawnReeveOptions & { readonly timeoutMs?: number } = {},
): Promise<ReeveResult> {
  await using reeve = await spawnReeve(args, options);
  const timer = setTimeout(() => reeve.signal('SIGKILL'), options.timeoutMs ?? 30_000);
  const exit = await reeve.exit;
  clearTimeout(timer);
  return { ...exit, stdout: reeve.stdout, stderr: reeve.stderr };
}

function keep(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}
