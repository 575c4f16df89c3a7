import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';

/** Programs of others that backups need, and the package that brings each. */
export const packages = {
  mongod: 'mongodb-org-server',
  mongorestore: 'mongodb-database-tools',
  mongodump: 'mongodb-database-tools',
  pbm: 'percona-backup-mongodb',
} as const;

/** Where packages put programs. Not PATH: what runs as a server must not depend on who started the agent. */
export const usualFolders = [
  '/usr/bin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/local/sbin',
  '/opt/homebrew/bin',
] as const;

export type Program = keyof typeof packages;

/** Path of a program: in the configured folder if there is one, otherwise where packages put it; undefined where it is not. */
export async function findProgram(
  program: Program,
  binaries: string | undefined,
): Promise<string | undefined> {
  for (const folder of foldersOf(binaries)) {
    const candidate = join(folder, program);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

export function missingText(program: Program, binaries: string | undefined): string {
  return `${program} is not in ${foldersOf(binaries).join(', ')}: install the package ${packages[program]} on the machine of the agent, or name its folder in the target's \`binaries\``;
}

function foldersOf(binaries: string | undefined): readonly string[] {
  return binaries === undefined ? usualFolders : [binaries];
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    // Whatever the reason, it cannot be run.
    return false;
  }
}
