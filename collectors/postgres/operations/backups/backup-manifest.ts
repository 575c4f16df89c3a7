import { createHash } from 'node:crypto';
import { lstat, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../../../src/sdk.ts';
import { createCrc32c } from './crc32c.ts';
import { inBatches } from './in-batches.ts';

const file = z.object({
  Path: z.string().optional(),
  'Encoded-Path': z.string().optional(),
  Size: z.number(),
  'Last-Modified': z.string().optional(),
  'Checksum-Algorithm': z.string().optional(),
  Checksum: z.string().optional(),
});

const shape = z.object({
  Files: z.array(file),
  'WAL-Ranges': z.array(z.object({ Timeline: z.number(), 'Start-LSN': z.string(), 'End-LSN': z.string() })),
});

export interface ManifestFile {
  /** Relative to the data directory. */
  readonly path: string;
  readonly bytes: number;
  readonly algorithm: string | undefined;
  /** Hexadecimal. */
  readonly checksum: string | undefined;
}

/**
 * What a backup itself says that it consists of.
 *
 * @see https://www.postgresql.org/docs/current/backup-manifest-format.html
 */
export interface BackupManifest {
  readonly files: readonly ManifestFile[];
  /** When the youngest file in it was written, Unix time in milliseconds: not before the backup began. Undefined where it does not say. */
  readonly youngestAt: number | undefined;
  /** Ranges of WAL without which it cannot be restored. */
  readonly wal: readonly { readonly timeline: number; readonly start: string; readonly end: string }[];
}

/** The manifest in a folder; `faulty` when it is there and not what was written; undefined when there is none. */
export async function readManifest(
  folder: string,
): Promise<BackupManifest | { readonly faulty: string } | undefined> {
  const text = await readFile(join(folder, 'backup_manifest'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const parsed = shape.parse(JSON.parse(text));
    if (!isIntact(text))
      return { faulty: 'backup_manifest does not have its own checksum: it was changed or cut off' };
    return {
      files: parsed.Files.map((each) => ({
        path: each.Path ?? Buffer.from(each['Encoded-Path'] ?? '', 'hex').toString('utf8'),
        bytes: each.Size,
        algorithm: each['Checksum-Algorithm'],
        checksum: each.Checksum,
      })),
      youngestAt: youngest(parsed.Files.map((each) => Date.parse(each['Last-Modified'] ?? ''))),
      wal: parsed['WAL-Ranges'].map((each) => ({
        timeline: each.Timeline,
        start: each['Start-LSN'],
        end: each['End-LSN'],
      })),
    };
  } catch (thrown) {
    return { faulty: `backup_manifest cannot be read: ${messageOf(thrown).split('\n')[0] ?? ''}` };
  }
}

/** Always in GMT, whatever the server's time zone. */
function youngest(times: readonly number[]): number | undefined {
  return times.reduce<number | undefined>(
    (latest, at) => (Number.isNaN(at) || (latest !== undefined && latest >= at) ? latest : at),
    undefined,
  );
}

/** Its last line holds the SHA-256 of all lines before. */
function isIntact(text: string): boolean {
  const at = text.lastIndexOf('\n', text.trimEnd().length - 1);
  const [, sum] = /"Manifest-Checksum":\s*"([0-9a-f]{64})"/i.exec(text.slice(at)) ?? [];
  return (
    sum !== undefined &&
    createHash('sha256')
      .update(text.slice(0, at + 1))
      .digest('hex') === sum.toLowerCase()
  );
}

/** Files that are missing or of another size than the manifest says; at most ten are named. */
export async function findWrongSizes(
  folder: string,
  { files }: BackupManifest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const look = async ({ path, bytes }: ManifestFile): Promise<string | undefined> => {
    const found = await lstat(join(folder, path)).catch(() => undefined);
    if (found === undefined) return `${path} is missing`;
    return found.size === bytes ? undefined : `${path} has ${found.size} bytes instead of ${bytes}`;
  };
  return faultsOf(await inBatches(files, look, signal));
}

/** Files whose content is another one than the manifest says; those without a checksum, or by an unknown method, are passed over. */
export async function findWrongContents(
  folder: string,
  { files }: BackupManifest,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const crc = createCrc32c();
  const look = async (file: ManifestFile): Promise<string | undefined> => {
    // Where tablespaces were is written anew.
    if (file.path === 'tablespace_map') return undefined;
    const found = await checksumOf(folder, file, crc, signal);
    return found === undefined || found === file.checksum?.toLowerCase()
      ? undefined
      : `${file.path} has another checksum`;
  };
  return faultsOf(await inBatches(files, look, signal));
}

const mostNamed = 10;
const blockBytes = 262_144;

function faultsOf(found: readonly (string | undefined)[]): readonly string[] {
  return found.filter((fault) => fault !== undefined).slice(0, mostNamed);
}

async function checksumOf(
  folder: string,
  { path, bytes, algorithm, checksum }: ManifestFile,
  crc: (state: number, bytes: Buffer) => number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hashName = /^SHA(?:224|256|384|512)$/.exec(algorithm ?? '')?.[0].toLowerCase();
  if (checksum === undefined || (hashName === undefined && algorithm !== 'CRC32C')) return undefined;
  const hash = hashName === undefined ? undefined : createHash(hashName);
  let state = 0;
  await using file = await open(join(folder, path), 'r');
  const buffer = Buffer.allocUnsafe(Math.min(blockBytes, bytes + 1));
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(buffer, 0, buffer.length);
    if (bytesRead === 0) break;
    const part = buffer.subarray(0, bytesRead);
    if (hash === undefined) state = crc(state, part);
    else hash.update(part);
  }
  if (hash !== undefined) return hash.digest('hex');
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(state); // as the server writes it: in the order of its memory
  return sum.toString('hex');
}
