import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf } from '../../../../src/sdk.ts';
import { type BaseBackup, findFaults, readBaseBackup } from './base-backup.ts';
import { type ChainOf, type LocatedBackup, mostBackups } from './chain.ts';
import { reachOfWal, readWalArchive, segmentBytesOf, segmentOf, type WalArchive } from './wal-archive.ts';

/** The base backups of a chain, newest first: the folder itself where it is one, otherwise one a folder in it. */
export async function listBaseBackups(
  name: string,
  chain: ChainOf<'base_backup'>,
  signal: AbortSignal,
): Promise<readonly LocatedBackup[]> {
  const archive = chain.wal === undefined ? undefined : await readWalArchive(chain.wal);
  const read = await readAll(chain.path, signal);
  const newestFirst = read.toSorted((a, b) => b.takenAt - a.takenAt).slice(0, mostBackups);
  const backups: LocatedBackup[] = [];
  for (const backup of newestFirst) {
    signal.throwIfAborted();
    if ('unreadable' in backup) backups.push(unreadable(name, backup));
    else {
      const isNew = backups.length < mostCompared;
      const faults = isNew
        ? await findFaults(backup, signal)
        : backup.damage === undefined
          ? []
          : [backup.damage];
      backups.push(await describe(name, backup, archive, { faults, isNew }));
    }
  }
  return backups;
}

/** Looking at every file of every backup takes long; a drill looks at those of the one that it restores. */
const mostCompared = 3;

interface Unreadable {
  readonly path: string;
  readonly takenAt: number;
  readonly unreadable: string;
}

async function readAll(path: string, signal: AbortSignal): Promise<readonly (BaseBackup | Unreadable)[]> {
  const itself = await readBaseBackup(path, signal);
  if (itself !== undefined) return [itself];
  const entries = await readdir(path, { withFileTypes: true });
  // A name that begins with a dot or ends with .part is still being written.
  const folders = entries.filter((entry) => entry.isDirectory() && !/^\.|\.(?:part|tmp)$/.test(entry.name));
  const found: (BaseBackup | Unreadable)[] = [];
  for (const { name } of folders) {
    const folder = join(path, name);
    try {
      const backup = await readBaseBackup(folder, signal);
      if (backup !== undefined) found.push(backup);
    } catch (thrown) {
      signal.throwIfAborted();
      found.push({ path: folder, takenAt: (await stat(folder)).mtimeMs, unreadable: messageOf(thrown) });
    }
  }
  return found;
}

async function describe(
  chain: string,
  backup: BaseBackup,
  archive: WalArchive | undefined,
  looked: { readonly faults: readonly string[]; readonly isNew: boolean },
): Promise<LocatedBackup> {
  const wal = archive === undefined ? ownWal(backup) : await archivedWal(backup, archive);
  const faults = [...looked.faults, ...wal.faults];
  const notes = [
    `${backup.format} files, ${backup.manifest === undefined ? 'without a manifest: damage inside of files shows in a drill only' : `${backup.manifest.files.length} in its manifest${looked.isNew ? ', sizes compared' : `, sizes of the newest ${mostCompared} backups are compared`}`}`,
    ...wal.notes,
  ];
  const isKnown = backup.manifest !== undefined && backup.format === 'plain' && looked.isNew;
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
  if (range !== undefined)
    return { segment: segmentOf(range.timeline, range.end, await segmentBytesOf(archive)), at: undefined };
  const [, file] =
    [...archive.histories].find(([name]) => name.startsWith(`${from}.`) && name.endsWith('.backup')) ?? [];
  const text = file === undefined ? '' : await readFile(join(archive.folder, file), 'utf8');
  const at = Date.parse(/^STOP TIME: (.+)$/m.exec(text)?.[1] ?? '');
  const segment = /^STOP WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)/m.exec(text)?.[1];
  return { segment, at: Number.isNaN(at) ? undefined : at };
}

function unreadable(chain: string, { path, takenAt, unreadable: problem }: Unreadable): LocatedBackup {
  const found = {
    chain,
    kind: 'base_backup',
    name: basename(path),
    takenAt,
    recoverableUntil: takenAt,
    bytes: null,
    databases: undefined,
    health: 'unknown',
    detail: `${path} cannot be read: ${problem}`,
    isRetained: true,
  } as const;
  return { path, found };
}
