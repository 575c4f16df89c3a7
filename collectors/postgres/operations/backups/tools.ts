import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupError } from './chain.ts';
import { runTool } from './run-tool.ts';

/** PostgreSQL's programs that drills use, and the Debian package that holds each; `<major>` is the version. */
const packages = {
  postgres: 'postgresql-<major>',
  initdb: 'postgresql-<major>',
  pg_verifybackup: 'postgresql-<major>',
  pg_basebackup: 'postgresql-client-<major>',
  pg_restore: 'postgresql-client-<major>',
  pg_dump: 'postgresql-client-<major>',
} as const;

/** The environment of the agent decides nothing. */
const usualFolders = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin'];

export type ServerTool = keyof typeof packages;

/** Programs of other projects; their Debian packages carry no version. */
export const otherTools = { pgbackrest: 'pgbackrest', 'wal-g': 'wal-g', barman: 'barman' } as const;

export interface ToolPlaces {
  /** As configured; the only place then. */
  readonly binaries: string | undefined;
}

export interface Tool {
  readonly path: string;
  readonly major: number;
}

export interface ToolRequest {
  readonly name: ServerTool;
  readonly major: number;
  /** `exact` for what runs or reads a data directory; client programs may be newer than what they speak to. */
  readonly version: 'exact' | 'at_least';
  readonly signal: AbortSignal;
}

/**
 * Finds one of PostgreSQL's programs in the right version.
 *
 * @throws {BackupError} which names what is missing, where it was looked for, and how it is installed.
 */
export async function findTool(places: ToolPlaces, request: ToolRequest): Promise<Tool> {
  const { name, major, version, signal } = request;
  const folders = foldersOf(places, major);
  const others: string[] = [];
  for (const folder of folders) {
    const path = join(folder, name);
    if (!(await isExecutable(path))) continue;
    const found = await majorOf(path, signal);
    if (found === undefined) others.push(`${path}, which does not say its version`);
    else if (version === 'exact' ? found === major : found >= major) return { path, major: found };
    else others.push(`${path} of version ${found}`);
  }
  const wanted = `${name} of PostgreSQL ${major}${version === 'at_least' ? ' or newer' : ''}`;
  const seen = others.length === 0 ? '' : ` Found was ${[...new Set(others)].join(' and ')}.`;
  throw new BackupError(
    `${wanted} is not here; looked in ${folders.join(', ')}.${seen} Install ${packages[name].replace('<major>', String(major))} (apt-get install --no-install-recommends), or set binaries to the folder that holds it.`,
  );
}

/**
 * Finds a program of another project.
 *
 * @throws {BackupError} when it is not installed.
 */
export async function findOtherTool(places: ToolPlaces, name: keyof typeof otherTools): Promise<string> {
  const folders = places.binaries === undefined ? usualFolders : [...usualFolders, places.binaries];
  for (const folder of folders) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  throw new BackupError(
    `${name} is not here; looked in ${folders.join(', ')}. Install ${otherTools[name]} on the machine of the agent.`,
  );
}

function foldersOf(places: ToolPlaces, major: number): readonly string[] {
  if (places.binaries !== undefined) return [places.binaries];
  return [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    ...usualFolders,
  ];
}

/** `pg_restore (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`. */
async function majorOf(path: string, signal: AbortSignal): Promise<number | undefined> {
  const { code, stdout } = await runTool({ program: path, args: ['--version'], cwd: '/', signal });
  const [, major] = /\(PostgreSQL\) (\d+)/.exec(stdout) ?? [];
  return code === 0 && major !== undefined ? Number(major) : undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
