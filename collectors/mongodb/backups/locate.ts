import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A dump as the file system shows it, before anybody read it. */
export interface LocatedDump {
  /** Unique in its chain: the name of the folder or file. */
  readonly name: string;
  readonly path: string;
  readonly form: 'folder' | 'archive';
  readonly files: readonly DumpFile[];
  readonly bytes: number;
}

export interface DumpFile {
  readonly path: string;
  readonly bytes: number;
  readonly changedAt: number;
}

const dataFile = /\.(bson|metadata\.json)(\.gz)?$/;
const archiveFile = /\.(archive|agz|gz|mongodump|dump)$/;
/** What is still being written, by the names that careful scripts give it. */
const unfinished = /\.(partial|tmp|part|inprogress)$/;

/**
 * Dumps of mongodump at a place: a folder of folders and archives, one folder (`--out`), or one archive (`--archive`). Newest first.
 *
 * @throws {Error} with `code` ENOENT or EACCES when the place cannot be read.
 */
export async function locateDumps(place: string): Promise<readonly LocatedDump[]> {
  const about = await stat(place);
  if (about.isFile()) return [archiveOf(place, about)];
  const entries = await readdir(place, { withFileTypes: true });
  if (await isDump(place, entries)) return [await folderOf(place)];
  const dumps: LocatedDump[] = [];
  for (const entry of entries) {
    const path = join(place, entry.name);
    if (unfinished.test(entry.name) || entry.name.startsWith('.')) continue;
    if (entry.isFile() && archiveFile.test(entry.name)) dumps.push(archiveOf(path, await stat(path)));
    else if (entry.isDirectory() && (await isDump(path, await readdir(path, { withFileTypes: true }))))
      dumps.push(await folderOf(path));
  }
  return dumps.sort((one, other) => newest(other) - newest(one));
}

/** When its last file was written, Unix time in milliseconds. */
export function newest({ files }: LocatedDump): number {
  return Math.max(0, ...files.map(({ changedAt }) => changedAt));
}

/** When the first of its collections was written: as old as what is in it may be. */
export function oldest({ files }: LocatedDump): number {
  return files.length === 0 ? 0 : Math.min(...files.map(({ changedAt }) => changedAt));
}

export function oplogFile({ files, path }: LocatedDump): DumpFile | undefined {
  return files.find(
    (file) => file.path === join(path, 'oplog.bson') || file.path === join(path, 'oplog.bson.gz'),
  );
}

function archiveOf(
  path: string,
  { size, mtimeMs }: { readonly size: number; readonly mtimeMs: number },
): LocatedDump {
  const file = { path, bytes: size, changedAt: mtimeMs };
  return { name: basename(path), path, form: 'archive', files: [file], bytes: size };
}

async function folderOf(path: string): Promise<LocatedDump> {
  const files: DumpFile[] = [];
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const own = join(entry.parentPath, entry.name);
    const { size, mtimeMs } = await stat(own);
    files.push({ path: own, bytes: size, changedAt: mtimeMs });
  }
  // Descriptions first, so that what follows is known by its own name.
  files.sort((one, other) => rank(one) - rank(other) || (one.path < other.path ? -1 : 1));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { name: basename(path), path, form: 'folder', files, bytes };
}

function rank({ path }: DumpFile): number {
  return path.includes('.metadata.json') ? 0 : 1;
}

/** Whether a folder is a dump: an oplog, or databases with data in them. */
async function isDump(path: string, entries: readonly Dirent[]): Promise<boolean> {
  if (entries.some((entry) => entry.isFile() && /^oplog\.bson(\.gz)?$/.test(entry.name))) return true;
  for (const entry of entries.filter((each) => each.isDirectory())) {
    const inner = await readdir(join(path, entry.name), { withFileTypes: true });
    if (inner.some((each) => each.isFile() && dataFile.test(each.name) && !isNestedDump(each.name)))
      return true;
  }
  return false;
}

/** A folder of dumps, not a database: its folders have an oplog of their own. */
function isNestedDump(name: string): boolean {
  return /^oplog\.bson(\.gz)?$/.test(name);
}
