import { createReadStream, createWriteStream } from 'node:fs';
import { constants, copyFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';

/** A folder of archived WAL, as `archive_command` fills it. */
export interface WalArchive {
  readonly folder: string;
  /** Oldest first. */
  readonly segments: readonly WalSegment[];
  /** Timeline and backup history files, by name, without compression's ending. */
  readonly histories: ReadonlyMap<string, string>;
}

export interface WalSegment {
  readonly timeline: number;
  /** Position in the stream, in segments. */
  readonly number: number;
  /** 24 hexadecimal digits. */
  readonly name: string;
  /** In the folder; with the ending of its compression. */
  readonly file: string;
}

/** How far WAL reaches without a gap. */
export interface WalReach {
  /** The last segment before the gap or the end; undefined when not even the first is there. */
  readonly last: WalSegment | undefined;
  /** Name of the first that is missing although later ones are there. */
  readonly missing: string | undefined;
}

const defaultSegmentBytes = 16_777_216;
const unpackers = { '.gz': createGunzip, '.zst': createZstdDecompress } as const;

export async function readWalArchive(folder: string): Promise<WalArchive> {
  const files = await readdir(folder);
  const segments: WalSegment[] = [];
  const histories = new Map<string, string>();
  for (const file of files) {
    const plain = file.replace(/\.(?:gz|zst)$/, '');
    if (/\.(?:history|backup)$/.test(plain)) histories.set(plain, file);
    else if (/^[0-9A-F]{24}$/.test(plain)) segments.push({ ...parseSegment(plain), file });
  }
  segments.sort((a, b) => a.number - b.number || a.timeline - b.timeline);
  return { folder, segments, histories };
}

function parseSegment(name: string): Omit<WalSegment, 'file'> {
  const high = Number.parseInt(name.slice(8, 16), 16);
  const low = Number.parseInt(name.slice(16), 16);
  // The lower half counts segments within 4 GiB: 256 of the usual size. For the order, and neighbours, that is all that is needed.
  return { timeline: Number.parseInt(name.slice(0, 8), 16), number: high * 2 ** 32 + low, name };
}

/** Bytes of a segment, as the archive shows: the usual 16 MiB unless the server was made with others. */
export async function segmentBytesOf({ folder, segments }: WalArchive): Promise<number> {
  const plain = segments.find(({ name, file }) => name === file);
  const bytes = plain === undefined ? defaultSegmentBytes : (await stat(join(folder, plain.file))).size;
  const isSize = bytes >= 1_048_576 && Number.isInteger(Math.log2(bytes));
  return isSize ? bytes : defaultSegmentBytes;
}

/** From the segment of this name on, as far as there is no gap, on its own timeline or a later one. */
export async function reachOfWal(archive: WalArchive, from: string): Promise<WalReach> {
  // After so many the upper half of a name goes up by one.
  const perFile = 2 ** 32 / (await segmentBytesOf(archive));
  const first = parseSegment(from);
  const flat = (number: number): number => Math.floor(number / 2 ** 32) * perFile + (number % 2 ** 32);
  const later = archive.segments.filter(
    ({ number, timeline }) => number >= first.number && timeline >= first.timeline,
  );
  const there = new Map(later.map((segment) => [flat(segment.number), segment]));
  let last: WalSegment | undefined;
  let at = flat(first.number);
  while (there.has(at)) {
    last = there.get(at);
    at += 1;
  }
  const isLast = later.every(({ number }) => flat(number) < at);
  return { last, missing: isLast ? undefined : nameOf(last?.timeline ?? first.timeline, at, perFile) };
}

function nameOf(timeline: number, at: number, perFile: number): string {
  return [timeline, Math.floor(at / perFile), at % perFile]
    .map((part) => part.toString(16).toUpperCase().padStart(8, '0'))
    .join('');
}

/** Name of the segment that holds a position such as `0/3000028`. */
export function segmentOf(timeline: number, lsn: string, segmentBytes = defaultSegmentBytes): string {
  const [high = '0', low = '0'] = lsn.split('/');
  return nameOf(
    timeline,
    Number.parseInt(high, 16) * (2 ** 32 / segmentBytes) +
      Math.floor(Number.parseInt(low, 16) / segmentBytes),
    2 ** 32 / segmentBytes,
  );
}

/** Copies what a restore from this segment on may ask for, unpacked: the scratch server then needs no right on the archive. */
export async function copyWal(
  archive: WalArchive,
  from: string,
  to: string,
  signal: AbortSignal,
): Promise<{ readonly files: number }> {
  const first = parseSegment(from);
  const needed = archive.segments.filter(({ number }) => number >= first.number);
  const timelines = [...archive.histories].filter(([name]) => name.endsWith('.history'));
  const files = [...needed.map(({ name, file }) => [name, file] as const), ...timelines];
  for (const [name, file] of files) {
    signal.throwIfAborted();
    await unpack(join(archive.folder, file), join(to, name), signal);
  }
  return { files: files.length };
}

async function unpack(from: string, to: string, signal: AbortSignal): Promise<void> {
  const ending = /\.(?:gz|zst)$/.exec(from)?.[0];
  if (ending === '.gz' || ending === '.zst') {
    await pipeline(createReadStream(from), unpackers[ending](), createWriteStream(to, { flags: 'wx' }), {
      signal,
    });
  } else await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
}
