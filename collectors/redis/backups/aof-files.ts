import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkRdb, type RdbHealth } from './rdb-file.ts';

/** An append-only file: since Redis 7.0 a folder of parts with a manifest, before one file. */
export interface AofFiles {
  /** What `appendfilename` was. */
  readonly name: string;
  readonly folder: string;
  /** All of them, the manifest too; relative to the folder. */
  readonly files: readonly string[];
  /** `manifest`: as a folder. `single`: one file. */
  readonly shape: 'manifest' | 'single';
  readonly bytes: number;
  /** When the newest part was written to. */
  readonly writtenAt: number;
  readonly health: RdbHealth['health'];
  readonly detail: string;
}

/** @throws {Error} when there is none, or it cannot be read. */
export async function findAof(path: string, signal: AbortSignal): Promise<AofFiles> {
  const status = await stat(path);
  if (!status.isDirectory())
    return {
      name: basename(path),
      folder: dirname(path),
      files: [basename(path)],
      shape: 'single',
      bytes: status.size,
      writtenAt: status.mtimeMs,
      health: status.size === 0 ? 'damaged' : 'unknown',
      detail: status.size === 0 ? 'it is empty' : 'only loading it shows whether it is whole',
    };
  const manifest = (await readdir(path)).find(
    (name) => name.endsWith('.manifest') && !name.startsWith('temp'),
  );
  if (manifest === undefined)
    throw new Error(
      `${path} holds no .manifest: it is not a folder of an append-only file of Redis 7.0 or newer`,
    );
  return readManifest(path, manifest, signal);
}

async function readManifest(folder: string, manifest: string, signal: AbortSignal): Promise<AofFiles> {
  const lines = (await readFile(join(folder, manifest), 'utf8')).split('\n');
  // `file appendonly.aof.1.base.rdb seq 1 type b`; history (`h`) is about to be deleted. Names with blanks are quoted.
  const parts = lines.flatMap((line) => {
    const [, quoted, bare, type] = /^file (?:"([^"]+)"|(\S+)) seq \d+ type ([bhi])/.exec(line.trim()) ?? [];
    const name = quoted ?? bare;
    return name === undefined || type === 'h' ? [] : [{ name: basename(name), type }];
  });
  let bytes = 0;
  let writtenAt = 0;
  const missing: string[] = [];
  for (const { name } of parts) {
    try {
      const { size, mtimeMs } = await stat(join(folder, name));
      bytes += size;
      writtenAt = Math.max(writtenAt, mtimeMs);
    } catch {
      missing.push(name);
    }
  }
  const base = parts.find(({ type }) => type === 'b')?.name;
  const health = await healthOf(folder, { parts: parts.length, missing, base }, signal);
  const name = manifest.replace(/\.manifest$/, '');
  const files = [manifest, ...parts.map((part) => part.name)];
  return { name, folder, files, shape: 'manifest', bytes, writtenAt, ...health };
}

async function healthOf(
  folder: string,
  {
    parts,
    missing,
    base,
  }: { readonly parts: number; readonly missing: readonly string[]; readonly base: string | undefined },
  signal: AbortSignal,
): Promise<Pick<AofFiles, 'health' | 'detail'>> {
  if (parts === 0) return { health: 'damaged', detail: 'its manifest names no file' };
  if (missing.length > 0)
    return {
      health: 'damaged',
      detail: `its manifest names files that are not there: ${missing.join(', ')}`,
    };
  if (base === undefined || !base.endsWith('.rdb'))
    return {
      health: 'ok',
      detail: 'every file of its manifest is there; only loading shows whether its end is whole',
    };
  const { health, detail } = await checkRdb(join(folder, base), 'marks', signal);
  if (health === 'damaged') return { health, detail: `its base ${base}: ${detail}` };
  return {
    health: 'ok',
    detail: 'every file of its manifest is there; only loading shows whether its end is whole',
  };
}
