import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Programs of others that backups need, and the package that brings each. */
export const packages = {
  mongod: 'mongodb-org-server',
  mongorestore: 'mongodb-database-tools',
  mongodump: 'mongodb-database-tools',
  pbm: 'percona-backup-mongodb',
} as const;

export type Program = keyof typeof packages;

/** Path of a program: in the configured folder if there is one, otherwise in PATH; undefined where it is not. */
export async function findProgram(
  program: Program,
  { binaries, path }: { readonly binaries: string | undefined; readonly path: string | undefined },
): Promise<string | undefined> {
  const folders = binaries === undefined ? (path ?? '').split(delimiter).filter(Boolean) : [binaries];
  for (const folder of folders) {
    const candidate = join(folder, program);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}

export function missingText(program: Program, binaries: string | undefined): string {
  const where = binaries === undefined ? 'in PATH' : `in ${binaries}`;
  return `${program} is not ${where}: install the package ${packages[program]} on the machine of the agent, or name its folder in the target's \`binaries\``;
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
