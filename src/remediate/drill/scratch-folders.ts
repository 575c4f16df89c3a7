import { lstat, mkdir, readdir, realpath, rm, statfs } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { type Scratch, ScratchRefused } from './scratch.ts';

/** Files by which a folder is recognised as a database's own, whatever it is called. */
const marksOfData = [
  'PG_VERSION',
  'postmaster.pid',
  'WiredTiger',
  'mongod.lock',
  'appendonlydir',
  'dump.rdb',
] as const;
/** Of a folder further up; a server that was once started there by hand leaves the others. */
const marksAbove: readonly string[] = ['PG_VERSION', 'WiredTiger', 'appendonlydir'];

const privateMode = 0o700;
/** Others may pass and see nothing: servers that refuse to run as root run as another account, in a folder of theirs below. */
const passableMode = 0o711;
/** Bits that let others write. */
const writableByOthers = 0o022;
const wipeTries = 5;

/** Scratch folders on the disk of this machine. */
export function createScratchFolders(): Scratch {
  return {
    async make(root, name, kept) {
      await mkdir(root, { recursive: true, mode: passableMode }).catch((thrown: unknown) => {
        throw new ScratchRefused(
          `remediation.scratch (${root}) cannot be made: ${messageOf(thrown)}; make it and give it to the user that runs Reeve (mode 711), or name another folder`,
          { cause: thrown },
        );
      });
      const real = await realpath(root);
      await refuseUnlessPrivate(real);
      await refuseNearData(real, kept);
      const folder = join(real, name);
      await mkdir(folder, { mode: privateMode });
      return folder;
    },
    async find(root, name) {
      if (!(await exists(join(root, name)))) return undefined;
      return join(await realpath(root), name);
    },
    async wipe(root, name) {
      // What is not removed at once may still be written to by a server that is about to end.
      await rm(join(root, name), { recursive: true, force: true, maxRetries: wipeTries });
    },
    async names(root) {
      if (!(await exists(root))) return [];
      const entries = await readdir(root, { withFileTypes: true });
      return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    },
    async freeBytes(root) {
      const { bavail, bsize } = await statfs(root);
      return bavail * bsize;
    },
  };
}

async function refuseUnlessPrivate(root: string): Promise<void> {
  const { mode, uid } = await lstat(root);
  const own = process.getuid?.();
  if (own !== undefined && uid !== own)
    throw new ScratchRefused(
      `remediation.scratch (${root}) belongs to another user: name a folder of the user that runs Reeve`,
    );
  // Windows has no such bits.
  if (own !== undefined && (mode & writableByOthers) !== 0)
    throw new ScratchRefused(
      `others may write to remediation.scratch (${root}): chmod 711 ${root}, or name another folder`,
    );
}

/** A restore that lands in or around data could overwrite it, and the wipe at the end would. */
async function refuseNearData(root: string, kept: readonly string[]): Promise<void> {
  for (const place of kept) {
    const real = await realpathOf(place);
    if (isWithin(root, real) || isWithin(real, root))
      throw new ScratchRefused(
        `remediation.scratch (${root}) and ${place}, which holds data, lie in one another: name a folder apart from both`,
      );
  }
  for (let folder = root; ; folder = dirname(folder)) {
    const marks = folder === root ? marksOfData : marksAbove;
    for (const mark of marks)
      if (await exists(join(folder, mark)))
        throw new ScratchRefused(
          `remediation.scratch (${root}) lies in what looks like a database's own data (${join(folder, mark)}): name another folder`,
        );
    if (dirname(folder) === folder) return;
  }
}

/** Of a place that is missing, its name as it stands: whatever is made there later is no less a place of data. */
async function realpathOf(place: string): Promise<string> {
  return (await exists(place)) ? realpath(place) : resolve(place);
}

function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : `${outer}${sep}`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return false;
    throw error;
  }
}
