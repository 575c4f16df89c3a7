import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../../../src/sdk.ts';
import { type ChainOf, type LocatedBackup, mostBackups } from './chain.ts';
import { type DumpArchive, endsWhereItShould, readDumpArchive } from './dump-archive.ts';

/** The files of a chain, newest first. What is still being written (`.part`, `.tmp`) is no backup yet. */
export async function listDumps(name: string, chain: ChainOf<'pg_dump'>): Promise<readonly LocatedBackup[]> {
  const files = await findFiles(chain.path);
  const found = await Promise.all(
    files.map(async (path) => ({ path, modifiedAt: (await stat(path)).mtimeMs })),
  );
  const newest = found.toSorted((a, b) => b.modifiedAt - a.modifiedAt).slice(0, mostBackups);
  const backups: LocatedBackup[] = [];
  for (const { path, modifiedAt } of newest) backups.push(await readDump(name, path, modifiedAt));
  return backups.toSorted((a, b) => b.found.takenAt - a.found.takenAt);
}

async function findFiles(path: string): Promise<readonly string[]> {
  const isPattern = basename(path).includes('*');
  const isFolder = !isPattern && (await stat(path)).isDirectory();
  if (!isPattern && !isFolder) return [path];
  const folder = isPattern ? dirname(path) : path;
  const wanted = isPattern ? patternOf(basename(path)) : /\.(?:dump|pgdump|backup|custom)$/i;
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && wanted.test(entry.name))
    .map(({ name }) => join(folder, name));
}

function patternOf(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

async function readDump(chain: string, path: string, modifiedAt: number): Promise<LocatedBackup> {
  const { size } = await stat(path);
  const common = { chain, kind: 'pg_dump', name: basename(path), bytes: size, isRetained: true } as const;
  try {
    const archive = await readDumpArchive(path);
    // A file that was copied since has a later time; a clock of another zone may be ahead.
    const takenAt = Math.min(archive.begunAt, modifiedAt);
    const isWhole = await endsWhereItShould(path, archive);
    return {
      path,
      found: {
        ...common,
        takenAt,
        recoverableUntil: takenAt,
        databases: [archive.database],
        health: isWhole ? 'ok' : 'damaged',
        detail: isWhole
          ? describe(archive)
          : `${path} is cut off: its last table's data do not end where the file ends`,
      },
    };
  } catch (thrown) {
    const detail = `${path}: ${messageOf(thrown)}`;
    const found = { ...common, takenAt: modifiedAt, recoverableUntil: modifiedAt, databases: undefined };
    return { path, found: { ...found, health: 'damaged', detail } };
  }
}

function describe({ database, serverVersion, format, entries }: DumpArchive): string {
  const tables = entries.filter(({ kind }) => kind === 'TABLE DATA').length;
  const version = serverVersion.split(' ')[0] ?? '';
  return `archive ${format} of database ${database} on PostgreSQL ${version}: ${entries.length} entries, data of ${tables} tables; its end is where it should be`;
}
