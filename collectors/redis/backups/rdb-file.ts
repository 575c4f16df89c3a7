import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { BackupFound } from '../../../src/sdk.ts';
import { Crc64 } from './crc64.ts';

/** What an RDB file says of itself before its keys begin. */
export interface RdbHead {
  /** Of the format: 9 since Redis 5, 10 since 7.0, 11 since 7.2, 12 since 7.4. */
  readonly version: number;
  /** `redis-ver`, `ctime` (Unix seconds), `used-mem`, … as written. */
  readonly notes: ReadonlyMap<string, string>;
}

export interface RdbHealth {
  readonly health: BackupFound['health'];
  /** What was looked at, what is wrong. */
  readonly detail: string;
  /** Undefined where it is no RDB file. */
  readonly head: RdbHead | undefined;
}

const headBytes = 4_096;
/** The mark of the end, and the checksum. */
const tailBytes = 9;
const endMark = 0xff;
const noteMark = 0xfa;
/** The end has had a checksum since this version of the format. */
const firstWithChecksum = 5;

/**
 * Looks at the marks of an RDB file, and at its checksum where that is asked for, which reads the whole file.
 *
 * @throws {Error} of the file system.
 * @see https://rdb.fnordig.de/file_format.html
 */
export async function checkRdb(
  path: string,
  reads: 'marks' | 'checksum',
  signal: AbortSignal,
): Promise<RdbHealth> {
  const file = await open(path, 'r');
  let head: RdbHead | undefined;
  let tail = Buffer.alloc(0);
  let size = 0;
  try {
    ({ size } = await file.stat());
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    head = parseHead(buffer.subarray(0, bytesRead));
    if (size >= tailBytes)
      tail = (await file.read(Buffer.alloc(tailBytes), 0, tailBytes, size - tailBytes)).buffer;
  } finally {
    await file.close();
  }
  if (head === undefined) return { health: 'damaged', detail: 'it does not begin as an RDB file does', head };
  if (head.version < firstWithChecksum)
    return { health: 'unknown', detail: `RDB format ${head.version} has no checksum`, head };
  if (tail[0] !== endMark)
    return {
      health: 'damaged',
      detail: 'the mark at its end is missing: it was cut off or is still being written',
      head,
    };
  const stored = tail.readBigUInt64LE(1);
  if (stored === 0n)
    return { health: 'unknown', detail: 'it was written without a checksum (rdbchecksum no)', head };
  if (reads === 'marks')
    return { health: 'ok', detail: 'its begin and end are there; its checksum was not computed', head };
  const found = await checksumOf(path, size - tailBytes + 1, signal);
  return found === stored
    ? { health: 'ok', detail: 'its checksum is right', head }
    : { health: 'damaged', detail: 'its checksum is wrong: bytes in it were changed', head };
}

/** When it was begun; undefined where it does not say (before Redis 3.2). Unix time in milliseconds. */
export function writtenAt(head: RdbHead | undefined): number | undefined {
  const seconds = Number(head?.notes.get('ctime'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
}

async function checksumOf(path: string, bytes: number, signal: AbortSignal): Promise<bigint> {
  const crc = new Crc64();
  const stream = createReadStream(path, { end: bytes - 1, highWaterMark: 1_048_576, signal });
  for await (const chunk of stream) if (Buffer.isBuffer(chunk)) crc.add(chunk);
  return crc.value();
}

function parseHead(bytes: Buffer): RdbHead | undefined {
  // Valkey 9 writes its own name before three digits.
  const match = /^(?:REDIS(\d{4})|VALKEY(\d{3}))$/.exec(bytes.subarray(0, 9).toString('latin1'));
  const version = match?.[1] ?? match?.[2];
  if (version === undefined) return undefined;
  const notes = new Map<string, string>();
  let at = 9;
  while (bytes[at] === noteMark) {
    const name = readText(bytes, at + 1);
    const value = name === undefined ? undefined : readText(bytes, name.next);
    if (name === undefined || value === undefined) break;
    notes.set(name.text, value.text);
    at = value.next;
  }
  return { version: Number(version), notes };
}

/** A length-prefixed text or an integer; undefined for what notes do not hold (compressed, longer than the head). */
function readText(bytes: Buffer, at: number): { readonly text: string; readonly next: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  const kind = first >> 6;
  if (kind === 3) {
    const width = { 0: 1, 1: 2, 2: 4 }[first & 0x3f];
    if (width === undefined || at + 1 + width > bytes.length) return undefined;
    return { text: String(bytes.readIntLE(at + 1, width)), next: at + 1 + width };
  }
  const second = bytes[at + 1];
  if (kind === 2 || (kind === 1 && second === undefined)) return undefined;
  const length = kind === 0 ? first & 0x3f : ((first & 0x3f) << 8) | (second ?? 0);
  const start = at + 1 + kind;
  if (start + length > bytes.length) return undefined;
  return { text: bytes.toString('utf8', start, start + length), next: start + length };
}
