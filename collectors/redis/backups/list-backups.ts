import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type BackupFound, messageOf } from '../../../src/sdk.ts';
import type { BackupChain } from '../config.ts';
import { findAof } from './aof-files.ts';
import { checkRdb, type RdbHealth, writtenAt } from './rdb-file.ts';

export interface BackupListing {
  /** Newest first. */
  readonly backups: readonly BackupFound[];
  /** Chains that could not be read. */
  readonly problems: readonly { readonly chain: string; readonly text: string }[];
}

/** Backups of a chain that are looked at, the newest. */
const mostOfChain = 100;
/** Above it the checksum of the newest backup is left to the drill. */
const largestChecked = 268_435_456;

/** Lists what is kept. Remembers checksums, so that a file is read once. */
export class BackupLister {
  readonly #chains: Readonly<Record<string, BackupChain>>;
  readonly #checked = new Map<string, RdbHealth>();

  constructor(chains: Readonly<Record<string, BackupChain>>) {
    this.#chains = chains;
  }

  /** @param serverFolders where the server itself keeps its files, as far as known: what lies there is lost with its disk, and not retained. */
  async list(serverFolders: readonly string[], signal: AbortSignal): Promise<BackupListing> {
    const own = new Set(await Promise.all(serverFolders.map(realPath)));
    const backups: BackupFound[] = [];
    const problems: { chain: string; text: string }[] = [];
    for (const [chain, place] of Object.entries(this.#chains)) {
      try {
        const found =
          place.kind === 'rdb' ? await this.#rdb(chain, place, signal) : await aof(chain, place, signal);
        const isOwn = own.has(
          await realPath((await isFolder(place.path)) ? place.path : dirname(place.path)),
        );
        backups.push(...found.map((backup) => (isOwn ? notRetained(backup) : backup)));
      } catch (thrown) {
        signal.throwIfAborted();
        problems.push({ chain, text: `chain ${chain} cannot be read: ${messageOf(thrown)}` });
      }
    }
    return { backups: backups.toSorted((one, other) => other.takenAt - one.takenAt), problems };
  }

  async #rdb(chain: string, { path }: BackupChain, signal: AbortSignal): Promise<readonly BackupFound[]> {
    const folder = (await isFolder(path)) ? path : undefined;
    // Names of unfinished files begin with a dot (rsync) or with `temp-` (the server itself).
    const names =
      folder === undefined
        ? [basename(path)]
        : (await readdir(folder)).filter((name) => name.endsWith('.rdb') && !/^(?:\.|temp-)/.test(name));
    const files = await Promise.all(names.map((name) => statOf(join(folder ?? dirname(path), name))));
    const newest = files
      .flatMap((file) => (file === undefined ? [] : [file]))
      .toSorted((one, other) => other.mtimeMs - one.mtimeMs)
      .slice(0, mostOfChain);
    const found: BackupFound[] = [];
    for (const [place, file] of newest.entries()) {
      const isRead = place === 0 && file.size <= largestChecked;
      const { health, detail, head } = await this.#check(file, isRead ? 'checksum' : 'marks', signal);
      const takenAt = writtenAt(head) ?? file.mtimeMs;
      found.push({
        chain,
        kind: 'rdb',
        name: basename(file.path),
        takenAt,
        recoverableUntil: takenAt,
        bytes: file.size,
        databases: undefined,
        health,
        detail: `${detail}${head === undefined ? '' : `; RDB format ${head.version}, Redis ${head.notes.get('redis-ver') ?? 'unknown'}`}`,
        isRetained: true,
      });
    }
    return found;
  }

  async #check(file: FileStatus, reads: 'marks' | 'checksum', signal: AbortSignal): Promise<RdbHealth> {
    if (reads === 'marks') return checkRdb(file.path, reads, signal);
    const key = `${file.path} ${file.size} ${file.mtimeMs}`;
    const known = this.#checked.get(key);
    if (known !== undefined) return known;
    const health = await checkRdb(file.path, reads, signal);
    if (this.#checked.size > 100) this.#checked.clear();
    this.#checked.set(key, health);
    return health;
  }
}

async function aof(
  chain: string,
  { path }: BackupChain,
  signal: AbortSignal,
): Promise<readonly BackupFound[]> {
  const { name, bytes, writtenAt: at, health, detail } = await findAof(path, signal);
  return [
    {
      chain,
      kind: 'aof',
      name,
      takenAt: at,
      recoverableUntil: at,
      bytes,
      databases: undefined,
      health,
      detail,
      isRetained: true,
    },
  ];
}

function notRetained(backup: BackupFound): BackupFound {
  const detail = `${backup.detail}; it lies in the server's own folder, is overwritten by it and lost with its disk: keep copies elsewhere`;
  return { ...backup, isRetained: false, detail };
}

interface FileStatus {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** Undefined for a file that has gone since. */
async function statOf(path: string): Promise<FileStatus | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return { path, size, mtimeMs };
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path)).isDirectory();
}

async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    return path; // of another machine
  }
}
