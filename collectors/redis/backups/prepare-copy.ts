import { constants } from 'node:fs';
import { copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BackupFound, messageOf } from '../../../src/sdk.ts';
import type { BackupChain } from '../config.ts';
import { findAof } from './aof-files.ts';
import { quoted, scratchFiles } from './scratch-server.ts';

/** A copy of a backup in the drill's folder, and how a server loads it. */
export interface Copy {
  /** The RDB file, or undefined for an append-only file. */
  readonly rdb: string | undefined;
  /** Lines of redis.conf. */
  readonly loads: readonly string[];
}

/** Why a drill may not use this folder; undefined when it is empty. */
export async function folderFault(folder: string): Promise<string | undefined> {
  const names = await readdir(folder);
  return names.length === 0
    ? undefined
    : `${folder} is not empty (${names.slice(0, 3).join(', ')}): a drill restores only into a folder of its own`;
}

/**
 * Copies a backup; the original is only read.
 *
 * @throws {Error} a full disk, or a file that has gone.
 */
export async function copyBackup(
  { path, kind }: BackupChain,
  backup: BackupFound,
  folder: string,
  signal: AbortSignal,
): Promise<Copy> {
  try {
    return kind === 'rdb' ? await copyRdb(path, backup.name, folder) : await copyAof(path, folder, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    const isFull = thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOSPC';
    if (isFull)
      throw new Error(`the disk of ${folder} is full: the copy of ${backup.name} does not fit`, {
        cause: thrown,
      });
    throw new Error(`${backup.name} cannot be copied: ${messageOf(thrown)}`, { cause: thrown });
  }
}

async function copyRdb(path: string, name: string, folder: string): Promise<Copy> {
  const source = (await stat(path)).isDirectory() ? join(path, name) : join(dirname(path), name);
  const rdb = join(folder, scratchFiles.data);
  await copyFile(source, rdb, constants.COPYFILE_EXCL);
  return { rdb, loads: ['appendonly no', `dbfilename ${scratchFiles.data}`] };
}

async function copyAof(path: string, folder: string, signal: AbortSignal): Promise<Copy> {
  const aof = await findAof(path, signal);
  const isFolder = aof.shape === 'manifest';
  const into = isFolder ? join(folder, scratchFiles.append) : folder;
  if (isFolder) await mkdir(into, { mode: 0o700 });
  for (const file of aof.files)
    await copyFile(join(aof.folder, file), join(into, file), constants.COPYFILE_EXCL);
  return {
    rdb: undefined,
    loads: [
      'appendonly yes',
      'appendfsync no',
      'aof-load-truncated yes',
      `appendfilename ${quoted(aof.name)}`,
      ...(isFolder ? [`appenddirname ${scratchFiles.append}`] : []),
    ],
  };
}
