import { accessSync, constants, existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type CommandResult, runCommand } from './run-command.ts';

/** The programs that tests, demo and benchmarks start, and the Debian package that holds each. */
export const debianPrograms = {
  'redis-server': 'redis-server',
  'redis-cli': 'redis-tools',
  'redis-benchmark': 'redis-tools',
  prometheus: 'prometheus',
  promtool: 'prometheus',
  'prometheus-alertmanager': 'prometheus-alertmanager',
  amtool: 'prometheus-alertmanager',
  'prometheus-postgres-exporter': 'prometheus-postgres-exporter',
  'prometheus-redis-exporter': 'prometheus-redis-exporter',
  chromium: 'chromium',
  openssl: 'openssl',
  pg_restore: 'postgresql-15',
  pgbackrest: 'pgbackrest',
} as const;

export type DebianProgram = keyof typeof debianPrograms;

export interface RequiredProgram {
  /** Absolute; `undefined` when it is not installed. */
  readonly path: string | undefined;
  /** The command with which an operator installs it. */
  readonly install: string;
}

/** Where a program is, and how to get it. */
export function requireProgram(name: DebianProgram): RequiredProgram {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin'].filter(
    (folder) => folder !== '',
  );
  const path = folders.map((folder) => join(folder, name)).find(isExecutable);
  return { path, install: `sudo apt-get install --no-install-recommends ${debianPrograms[name]}` };
}

/** @throws {Error} with the apt command when the program is missing. */
export function programPath(name: DebianProgram): string {
  const { path, install } = requireProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed: ${install}`);
  return path;
}

export type InstallOutcome =
  | { readonly kind: 'installed' }
  /** Not root, or no apt-get: a human has to run the command. */
  | { readonly kind: 'impossible'; readonly command: string };

export interface InstallOptions {
  readonly signal?: AbortSignal;
  /** Default `/usr/sbin/policy-rc.d`. */
  readonly policyFile?: string;
  /** Runs one apt-get command; exchanged in tests. */
  readonly run?: (command: string, args: readonly string[]) => Promise<CommandResult>;
}

/**
 * Installs Debian packages without asking and without starting their services.
 *
 * Packages of servers start a daemon when they are installed, unless `policy-rc.d` forbids it (exit code 101, Debian policy 9.3.3): it is
 * made for the time of the installation, and left alone where it exists.
 *
 * @throws {Error} with apt's output when it fails.
 */
export async function installDebianPackages(
  packages: readonly string[],
  options: InstallOptions = {},
): Promise<InstallOutcome> {
  const command = `sudo apt-get install --no-install-recommends ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return { kind: 'impossible', command };
  const { policyFile = '/usr/sbin/policy-rc.d', signal } = options;
  const run = options.run ?? ((program, args) => runCommand(program, args, { env: APT_ENVIRONMENT, signal }));

  const ours = !existsSync(policyFile);
  if (ours) await writeFile(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  try {
    for (const args of [['update'], ['install', '--yes', '--no-install-recommends', ...packages]]) {
      const { code, stdout, stderr } = await run('/usr/bin/apt-get', [
        '-q',
        '-o',
        'DPkg::Lock::Timeout=120',
        ...args,
      ]);
      if (code !== 0) throw new Error(`apt-get ${args[0]} exited with ${code}: ${stderr || stdout}`);
    }
  } finally {
    if (ours) await rm(policyFile, { force: true });
  }
  return { kind: 'installed' };
}

const APT_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  DEBIAN_FRONTEND: 'noninteractive',
} as const;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not for us: not a program we can start
  }
}
