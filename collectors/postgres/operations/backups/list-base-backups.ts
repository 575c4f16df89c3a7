import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf } from '../../../../src/sdk.ts';
import { type BaseBackup, readBaseBackup } from './base-backup.ts';
import { type ChainOf, type LocatedBackup, mostBackups } from './chain.ts';
import { reachOfWal, readWalArchive, segmentOf, type WalArchive } from './wal-archive.ts';

/** The base backups of a chain, newest first: the folder itself where it is one, otherwise one a folder in it. */
export async function listBaseBackups(
  name: string,
  chain: ChainOf<'base_backup'>,
  signal: AbortSignal,
): Promise<readonly LocatedBackup[]> {
  const archive = chain.wal === undefined ? undefined : await readWalArchive(chain.wal);
  const itself = await readBaseBackup(chain.path, signal);
  if (itself !== undefined) return [await describe(name, itself, archive)];
  const entries = await readdir(chain.path, { withFileTypes: true });
  // A name that begins with a dot or ends with .part is still being written.
  const folders = entries.filter(({ name: each }) => !/^\.|\.(?:part|tmp)$/.test(each));
  const backups: LocatedBackup[] = [];
  for (const folder of folders.filter((entry) => entry.isDirectory()).slice(-mostBackups * 2)) {
    signal.throwIfAborted();
    const path = join(chain.path, folder.name);
    const found = await readBaseBackup(path, signal).catch((thrown: unknown) => messageOf(thrown));
    if (typeof found === 'string') backups.push(await unreadable(name, path, found));
    else if (found !== undefined) backups.push(await describe(name, found, archive));
  }
  return backups.toSorted((a, b) => b.found.takenAt - a.found.takenAt).slice(0, mostBackups);
}

async function describe(
  chain: string,
  backup: BaseBackup,
  archive: WalArchive | undefined,
): Promise<LocatedBackup> {
  const wal = archive === undefined ? ownWal(backup) : await archivedWal(backup, archive);
  const faults = [...backup.faults, ...wal.faults];
  const notes = [
    `${backup.format} files, ${backup.manifest === undefined ? 'without a manifest: damage inside of files shows in a drill only' : `${backup.manifest.files.length} in its manifest, sizes compared`}`,
    ...wal.notes,
  ];
  const isKnown = backup.manifest !== undefined && backup.format === 'plain';
  return {
    path: backup.path,
    found: {
      chain,
      kind: 'base_backup',
      name: basename(backup.path),
      takenAt: backup.takenAt,
      recoverableUntil: Math.max(backup.takenAt, wal.until ?? 0),
      bytes: backup.bytes,
      ...(backup.restoredBytes === undefined ? {} : { restoredBytes: backup.restoredBytes }),
      databases: undefined,
      health: faults.length > 0 ? 'damaged' : isKnown ? 'ok' : 'unknown',
      detail: [...faults, ...notes].join('; '),
      isRetained: true,
    },
  };
}

interface WalNotes {
  readonly until: number | undefined;
  readonly faults: readonly string[];
  readonly notes: readonly string[];
}

function ownWal(backup: BaseBackup): WalNotes {
  if (backup.hasOwnWal)
    return { until: undefined, faults: [], notes: ['it brings the WAL it needs, and none beyond'] };
  return {
    until: undefined,
    faults: [
      'it brings no WAL, and the chain names no folder of archived WAL (wal): it cannot be made consistent',
    ],
    notes: [],
  };
}

async function archivedWal(backup: BaseBackup, archive: WalArchive): Promise<WalNotes> {
  const from = backup.label?.startSegment;
  if (from === undefined)
    return { until: undefined, faults: [], notes: ['where its WAL begins is not known'] };
  const { last, missing } = await reachOfWal(archive, from);
  const end = await endOf(backup, archive, from);
  const isShort =
    !backup.hasOwnWal &&
    (last === undefined || (end.segment !== undefined && last.name.slice(8) < end.segment.slice(8)));
  const until = last === undefined ? undefined : (await stat(join(archive.folder, last.file))).mtimeMs;
  if (isShort) {
    const faults = [
      `WAL ${missing ?? (last === undefined ? from : `after ${last.name}`)} is missing from ${archive.folder}: it cannot be made consistent`,
    ];
    return { until: undefined, faults, notes: [] };
  }
  const gap =
    missing === undefined
      ? []
      : [
          `WAL ${missing} is missing from ${archive.folder}: nothing after it can be recovered; take a new base backup`,
        ];
  const known =
    last === undefined ? 'no WAL is archived after it' : `WAL is archived from ${from} to ${last.name}`;
  return { until: Math.max(until ?? 0, end.at ?? 0), faults: [], notes: [...gap, known] };
}

/** Where it ended: its manifest says so, or the history file that the server archives with it. */
async function endOf(
  backup: BaseBackup,
  archive: WalArchive,
  from: string,
): Promise<{ readonly segment: string | undefined; readonly at: number | undefined }> {
  const range = backup.manifest?.wal.at(-1);
  if (range !== undefined) return { segment: segmentOf(range.timeline, range.end), at: undefined };
  const [, file] =
    [...archive.histories].find(([name]) => name.startsWith(`${from}.`) && name.endsWith('.backup')) ?? [];
  const text = file === undefined ? '' : await readFile(join(archive.folder, file), 'utf8');
  const at = Date.parse(/^STOP TIME: (.+)$/m.exec(text)?.[1] ?? '');
  const segment = /^STOP WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)/m.exec(text)?.[1];
  return { segment, at: Number.isNaN(at) ? undefined : at };
}

async function unreadable(chain: string, path: string, problem: string): Promise<LocatedBackup> {
  const { mtimeMs } = await stat(path);
  const found = {
    chain,
    kind: 'base_backup',
    name: basename(path),
    takenAt: mtimeMs,
    recoverableUntil: mtimeMs,
    bytes: null,
    databases: undefined,
    health: 'unknown',
    detail: `${path} cannot be read: ${problem}`,
    isRetained: true,
  } as const;
  return { path, found };
}
