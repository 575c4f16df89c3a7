import {
  chown,
  constants,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BackupError } from './chain.ts';
import { inBatches } from './in-batches.ts';
import { type Account, runOrFail } from './run-tool.ts';
import type { ScratchPlace } from './scratch-place.ts';

/** Files that belong to the server that was backed up, or to nobody. */
const leftOut = new Set([
  'postmaster.pid',
  'postmaster.opts',
  'standby.signal',
  'recovery.signal',
  'postgresql.auto.conf',
  'postgresql.conf',
  'pg_hba.conf',
  'pg_ident.conf',
]);

/** Copies a plain base backup. Never a link: what one leads to would be production's. */
export async function copyCluster(from: string, place: ScratchPlace, signal: AbortSignal): Promise<void> {
  await copyFolder(from, place.data, place.account, signal);
  const spaces = await readdir(join(from, 'pg_tblspc')).catch((): string[] => []);
  for (const name of spaces) {
    const path = join(from, 'pg_tblspc', name);
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined)
      throw new BackupError(`${path} leads nowhere: the backup of this tablespace is missing`);
    await ownFolder(join(place.folder, 'tablespaces'), place.account);
    const to = join(place.folder, 'tablespaces', name);
    await ownFolder(to, place.account);
    await copyFolder(target, to, place.account, signal);
  }
  await linkTablespaces(place);
}

/** Unpacks what `pg_basebackup -Ft` wrote: the base, tablespaces by their number, and the WAL. */
export async function unpackCluster(from: string, place: ScratchPlace, signal: AbortSignal): Promise<void> {
  const archives = (await readdir(from)).flatMap((file) => {
    const [, name] = /^(base|pg_wal|\d+)\.tar(?:\.gz|\.zst|\.lz4)?$/.exec(file) ?? [];
    return name === undefined ? [] : [{ file, name }];
  });
  for (const { file, name } of archives.toSorted((a, b) => rank(a.name) - rank(b.name))) {
    const to =
      name === 'base'
        ? place.data
        : join(place.folder, name === 'pg_wal' ? 'data/pg_wal' : `tablespaces/${name}`);
    if (/^\d/.test(name)) await ownFolder(join(place.folder, 'tablespaces'), place.account);
    await ownFolder(to, place.account);
    const args = [
      '--extract',
      '--file',
      join(from, file),
      '--directory',
      to,
      '--no-same-permissions',
      '--no-same-owner',
      '--exclude=pg_tblspc/*',
    ];
    await runOrFail({ program: 'tar', args, cwd: place.folder, drill: place.folder, signal });
    if (place.account !== undefined) await giveFolder(to, place.account);
  }
  await linkTablespaces(place);
}

const rank = (name: string): number => (name === 'base' ? 0 : 1);

/** Takes away what the server that was backed up was told, and what it promised to others; its slots among it. */
export async function settle({ data, account }: ScratchPlace): Promise<void> {
  for (const name of leftOut) await rm(join(data, name), { force: true });
  for (const name of [
    'pg_replslot',
    'pg_stat',
    'pg_stat_tmp',
    'pg_dynshmem',
    'pg_notify',
    'pg_serial',
    'pg_snapshots',
    'pg_subtrans',
  ]) {
    await rm(join(data, name), { recursive: true, force: true });
    await ownFolder(join(data, name), account);
  }
  for (const name of [
    'pg_wal',
    'pg_wal/archive_status',
    'pg_tblspc',
    'pg_commit_ts',
    'pg_logical',
    'pg_logical/snapshots',
    'pg_logical/mappings',
    'pg_twophase',
  ]) {
    await ownFolder(join(data, name), account);
  }
}

async function copyFolder(
  from: string,
  to: string,
  account: Account | undefined,
  signal: AbortSignal,
): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const copy = async ({ name }: (typeof files)[number]): Promise<void> => {
    await copyFile(join(from, name), join(to, name), constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
    await own(join(to, name), account);
  };
  await inBatches(files, copy, signal);
  for (const entry of entries) {
    const target = join(to, entry.name);
    // Of links, only the one to the WAL is followed: what others lead to would be production's.
    const isWal = entry.isSymbolicLink() && entry.name === 'pg_wal';
    if (!entry.isDirectory() && !isWal) continue;
    await ownFolder(target, account);
    const source = await realpath(join(from, entry.name)).catch(() => undefined);
    if (source !== undefined) await copyFolder(source, target, account, signal);
  }
}

/** Every tablespace leads into the drill's folder, whatever the backup says of where it was. */
async function linkTablespaces({ folder, data, account }: ScratchPlace): Promise<void> {
  const names = await readdir(join(folder, 'tablespaces')).catch((): string[] => []);
  const map = await readFile(join(data, 'tablespace_map'), 'utf8').catch(() => undefined);
  const wanted = (map ?? '').split('\n').flatMap((line) => /^\d+/.exec(line)?.[0] ?? []);
  const missing = wanted.find((name) => !names.includes(name));
  if (missing !== undefined) throw new BackupError(`tablespace ${missing} is not in the backup`);
  await rm(join(data, 'tablespace_map'), { force: true });
  await rm(join(data, 'pg_tblspc'), { recursive: true, force: true });
  await ownFolder(join(data, 'pg_tblspc'), account);
  for (const name of names) await symlink(join(folder, 'tablespaces', name), join(data, 'pg_tblspc', name));
  if (map === undefined) return;
  const lines = names.map((name) => `${name} ${join(folder, 'tablespaces', name)}\n`);
  const path = join(data, 'tablespace_map');
  await writeFile(path, lines.join(''), { mode: 0o600 });
  await own(path, account);
}

async function ownFolder(path: string, account: Account | undefined): Promise<void> {
  if ((await lstat(path).catch(() => undefined)) === undefined) await mkdir(path, { mode: 0o700 });
  else if (!(await stat(path)).isDirectory()) throw new BackupError(`${path} is no folder`);
  await own(path, account);
}

async function own(path: string, account: Account | undefined): Promise<void> {
  if (account !== undefined) await chown(path, account.uid, account.gid);
}

async function giveFolder(path: string, account: Account): Promise<void> {
  await chown(path, account.uid, account.gid);
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) await chown(join(entry.parentPath, entry.name), account.uid, account.gid);
  }
}

/** Whether a link stands in a folder that leads out of it: then it is not ours to start. */
export async function findStrayLink(folder: string): Promise<string | undefined> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const target = await realpath(path).catch(() => readlink(path));
    if (!target.startsWith(`${dirname(folder)}/`)) return `${path} leads to ${target}`;
  }
  return undefined;
}
