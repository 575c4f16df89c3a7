import { chmod, chown, lstat, mkdir, readdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { z } from 'zod';
import type { Access } from '../access.ts';
import { BackupError } from './chain.ts';
import { type Account, serverAccount } from './run-tool.ts';

/** A drill's private folder, shown not to be production before anything is restored into it. */
export interface ScratchPlace {
  /** Real path. */
  readonly folder: string;
  /** Data directory of the scratch server; not made yet. */
  readonly data: string;
  /** Of its Unix socket. */
  readonly socket: string;
  /** The server's account when the agent is root. */
  readonly account: Account | undefined;
  /** Why it cannot be production, for people. */
  readonly why: string;
}

/** Stands in a folder that was shown to be a drill's own; what runs in any other folder is not ours to end. */
export const placeMark = 'reeve-drill';

/** A Unix socket's path must fit into sun_path: 107 bytes on Linux, 103 elsewhere. */
const longestSocket = 103;

/**
 * Makes a drill's folder ready, or refuses it: it must be ours, private and empty, and lie neither in nor around the target's data
 * directory or a folder of backups.
 *
 * @throws {BackupError} which says what is wrong with it.
 */
export async function prepareScratch(folder: string, forbidden: readonly string[]): Promise<ScratchPlace> {
  const real = await realpath(folder).catch(() => {
    throw new BackupError(`the drill's folder ${folder} does not exist`);
  });
  const about = await lstat(real);
  if (!about.isDirectory()) throw refused(real, 'is no folder');
  if (process.getuid !== undefined && about.uid !== process.getuid())
    throw refused(real, 'belongs to another account');
  if ((await readdir(real)).length > 0) throw refused(real, 'is not empty');
  for (const place of forbidden) await assertApart(real, place);
  await chmod(real, 0o700);
  const account = await serverAccount();
  const socket = join(real, 'socket');
  if (Buffer.byteLength(join(socket, '.s.PGSQL.5432')) > longestSocket) {
    throw refused(real, 'has a path too long for a Unix socket: set remediation.scratch to a shorter one');
  }
  if (account !== undefined) {
    await assertReachable(dirname(real), account);
    await chown(real, account.uid, account.gid);
  }
  await writeFile(
    join(real, placeMark),
    `A restore drill of Reeve; whatever runs here may be ended, and the folder removed.\n`,
    { flag: 'wx' },
  );
  await makePrivate(socket, account);
  return {
    folder: real,
    data: join(real, 'data'),
    socket,
    account,
    why: `the folder ${real} was empty and private, and lies apart from ${forbidden.length === 0 ? 'everything that is configured' : forbidden.join(', ')}`,
  };
}

/** A folder that only the server's account can enter, and root. */
export async function makePrivate(path: string, account: Account | undefined): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  if (account !== undefined) await chown(path, account.uid, account.gid);
}

/** Where the target keeps its data, as its server says; undefined where the login may not know or nobody answers. */
export async function dataDirectoryOf(access: Access, signal: AbortSignal): Promise<string | undefined> {
  const row = z.object({ path: z.string().nullable() });
  const sql = "SELECT current_setting('data_directory', true) AS path";
  const rows = await access
    .reading(undefined, signal, (connection) => connection.query(sql, row, signal))
    .catch(() => []);
  signal.throwIfAborted();
  return rows[0]?.path ?? undefined;
}

async function assertApart(folder: string, place: string): Promise<void> {
  const real = await realpath(place).catch(() => place);
  if (isWithin(folder, real)) throw refused(folder, `lies in ${place}, which is the target's own`);
  if (isWithin(real, folder)) throw refused(folder, `holds ${place}, which is the target's own`);
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !way.startsWith('/'));
}

/** The server's account has to walk through all folders above: no secret, but not every folder lets it. */
async function assertReachable(path: string, account: Account): Promise<void> {
  for (let current = path; ; current = dirname(current)) {
    const { mode, uid, gid } = await lstat(current);
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) {
      throw new BackupError(
        `PostgreSQL does not run as root, and its account ${account.name} cannot enter ${current} (chmod o+x ${current}): set remediation.scratch to a folder below one that everybody may enter, such as /var/lib/reeve.`,
      );
    }
    if (current === dirname(current)) return;
  }
}

function refused(folder: string, why: string): BackupError {
  return new BackupError(`refused: ${folder} ${why}. Nothing was restored.`);
}
