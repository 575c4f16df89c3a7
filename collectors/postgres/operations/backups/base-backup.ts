import { lstat, open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BackupManifest, findWrongSizes, readManifest } from './backup-manifest.ts';
import { runTool } from './run-tool.ts';
import { segmentOf } from './wal-archive.ts';

/** One folder that holds a base backup, plain or as tar files. */
export interface BaseBackup {
  readonly path: string;
  readonly format: 'plain' | 'tar';
  readonly label: BackupLabel | undefined;
  readonly manifest: BackupManifest | undefined;
  /** Unix time in milliseconds, when it began. */
  readonly takenAt: number;
  readonly bytes: number;
  /** Of what it holds, unpacked; undefined where nothing tells. */
  readonly restoredBytes: number | undefined;
  /** What is wrong with its manifest; undefined when nothing is. */
  readonly damage: string | undefined;
  /** The tar file of its data directory. */
  readonly archive: string | undefined;
  /** Whether it brings the WAL without which it cannot be restored. */
  readonly hasOwnWal: boolean;
}

/**
 * What the server wrote when the backup began.
 *
 * @see https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-LOWLEVEL-BASE-BACKUP
 */
export interface BackupLabel {
  readonly startSegment: string;
  /** Unix time in milliseconds; undefined in a time zone that JavaScript does not know by its letters. */
  readonly startedAt: number | undefined;
  /** It cannot have begun later, in whatever time zone that is. */
  readonly notAfter: number | undefined;
}

/** Clocks there are so much behind. */
const farthestWestMs = 12 * 3_600_000;

/** The base backup in a folder; undefined when there is none. */
export async function readBaseBackup(path: string, signal: AbortSignal): Promise<BaseBackup | undefined> {
  const names = await readdir(path);
  const tar = names.find((name) => /^base\.tar(?:\.gz|\.zst|\.lz4)?$/.test(name));
  const isPlain = names.includes('PG_VERSION') || names.includes('backup_label');
  if (tar === undefined && !isPlain && !names.includes('backup_manifest')) return undefined;
  const read = await readManifest(path);
  const faulty = read !== undefined && 'faulty' in read ? read.faulty : undefined;
  const manifest = read === undefined || 'faulty' in read ? undefined : read;
  const label =
    tar === undefined
      ? await readLabel(join(path, 'backup_label'))
      : await readPackedLabel(join(path, tar), signal);
  const restoredBytes = manifest?.files.reduce((sum, { bytes }) => sum + bytes, 0);
  const mark = await stat(
    join(path, tar ?? (manifest === undefined ? 'backup_label' : 'backup_manifest')),
  ).catch(() => stat(path));
  return {
    path,
    format: tar === undefined ? 'plain' : 'tar',
    label: label ?? labelOfManifest(manifest),
    manifest,
    takenAt:
      label?.startedAt ?? Math.min(manifest?.youngestAt ?? label?.notAfter ?? mark.mtimeMs, mark.mtimeMs),
    bytes: tar === undefined ? (restoredBytes ?? (await sizeOf(path))) : await sizeOf(path),
    restoredBytes,
    damage: faulty,
    archive: tar === undefined ? undefined : join(path, tar),
    hasOwnWal:
      names.some((name) => name.startsWith('pg_wal.tar')) ||
      (tar === undefined && (await hasSegments(join(path, 'pg_wal')))),
  };
}

/** What is wrong with it by its own marks: files, sizes, lengths; empty when nothing was found. Looks at every file. */
export async function findFaults(backup: BaseBackup, signal: AbortSignal): Promise<readonly string[]> {
  const { path, manifest, damage, archive } = backup;
  const found =
    archive === undefined ? await plainFaults(path, manifest, signal) : await tarFaults(archive, manifest);
  return [...(damage === undefined ? [] : [damage]), ...found];
}

async function plainFaults(
  path: string,
  manifest: BackupManifest | undefined,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (manifest !== undefined) return findWrongSizes(path, manifest, signal);
  const missing: string[] = [];
  for (const name of ['PG_VERSION', 'backup_label', 'global/pg_control', 'base']) {
    if ((await lstat(join(path, name)).catch(() => undefined)) === undefined)
      missing.push(`${name} is missing`);
  }
  return missing;
}

/** A gzip file ends with the length of what it holds, which is in blocks of 512 for a tar file, and no less than the files in it. */
async function tarFaults(path: string, manifest: BackupManifest | undefined): Promise<readonly string[]> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  if (size < 512 && !path.endsWith('.gz')) return [`${path} has ${size} bytes`];
  if (!path.endsWith('.tar') && !path.endsWith('.gz')) return [];
  const packed = (manifest?.files ?? []).filter(({ path: each }) => !each.startsWith('pg_tblspc/'));
  const least = packed.reduce((sum, { bytes }) => sum + bytes, 0);
  const end = Buffer.alloc(4);
  if (path.endsWith('.gz')) await file.read(end, 0, 4, Math.max(0, size - 4));
  const length = path.endsWith('.gz') ? end.readUInt32LE() : size;
  const isShort = path.endsWith('.gz') ? least < 2 ** 32 && length < least : length < least;
  return isShort || length % 512 !== 0 ? [`${path} is cut off: what it holds has ${length} bytes`] : [];
}

async function readLabel(path: string): Promise<BackupLabel | undefined> {
  return parseLabel(await readFile(path, 'utf8').catch(() => ''));
}

/** `pg_basebackup` writes it as the first file of the archive. */
async function readPackedLabel(path: string, signal: AbortSignal): Promise<BackupLabel | undefined> {
  const args = ['--extract', '--to-stdout', '--occurrence=1', '--file', path, 'backup_label'];
  const { stdout } = await runTool({ program: 'tar', args, cwd: '/', signal });
  return parseLabel(stdout);
}

function parseLabel(text: string): BackupLabel | undefined {
  const startSegment = /^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)/m.exec(text)?.[1];
  const written = /^START TIME: (.+)$/m.exec(text)?.[1] ?? '';
  const startedAt = Date.parse(written);
  if (startSegment === undefined) return undefined;
  const unzoned = Date.parse(`${/^\S+ [\d:.]+/.exec(written)?.[0] ?? ''}Z`);
  return {
    startSegment,
    startedAt: Number.isNaN(startedAt) ? undefined : startedAt,
    notAfter: Number.isNaN(unzoned) ? undefined : unzoned + farthestWestMs,
  };
}

function labelOfManifest(manifest: BackupManifest | undefined): BackupLabel | undefined {
  const [first] = manifest?.wal ?? [];
  return first === undefined
    ? undefined
    : {
        startSegment: segmentOf(first.timeline, first.start),
        startedAt: undefined,
        notAfter: undefined,
      };
}

async function hasSegments(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  return names.some((name) => /^[0-9A-F]{24}$/.test(name));
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += (await lstat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
