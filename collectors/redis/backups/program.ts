import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../../../src/sdk.ts';

/** Programs that drills run. */
export interface Programs {
  readonly server: string;
  /** `7.0.15`, as the program prints it. */
  readonly version: string;
  /** Absent where it is not beside the server or in the usual places. */
  readonly checkRdb: string | undefined;
}

/** Not by PATH: what runs as a server must not depend on who started the agent. */
const usualFolders = [
  '/usr/bin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
] as const;
const names = {
  server: ['redis-server', 'valkey-server'],
  checkRdb: ['redis-check-rdb', 'valkey-check-rdb'],
} as const;

/** Nothing of the agent's own environment reaches a program, and no secret with it. */
export const bareEnvironment = { PATH: usualFolders.join(delimiter), LC_ALL: 'C' } as const;

const versionLimitMs = 10_000;

/** What is missing, and how to get it, as a text; never throws but for the signal. */
export async function findPrograms(
  configured: string | undefined,
  signal: AbortSignal,
): Promise<Programs | string> {
  const server = configured ?? (await firstOf(usualFolders, names.server));
  if (server === undefined)
    return 'redis-server is not installed where the agent runs: install the package redis-server (it need not run), or name the program in redisServer of the target';
  try {
    const { stdout } = await promisify(execFile)(server, ['--version'], {
      env: bareEnvironment,
      timeout: versionLimitMs,
      signal,
    });
    const version = /\bv=(\S+)/.exec(stdout)?.[1];
    if (version === undefined) return `${server} does not say its version: is it redis-server?`;
    return { server, version, checkRdb: await firstOf([dirname(server), ...usualFolders], names.checkRdb) };
  } catch (thrown) {
    signal.throwIfAborted();
    return `${server} cannot be run: ${messageOf(thrown).split('\n')[0] ?? ''}`;
  }
}

async function firstOf(folders: readonly string[], programs: readonly string[]): Promise<string | undefined> {
  for (const program of programs)
    for (const folder of folders) {
      const path = join(folder, program);
      try {
        await access(path, constants.X_OK);
        return path;
      } catch {
        // Not there; the next folder may have it.
      }
    }
  return undefined;
}
