import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import type { ContentEncoding, ExpositionFormat, FamilyHeader } from './format.ts';
import { familyName, renderHeader } from './format.ts';
import type { Pacer } from './pacer.ts';
import type { RenderedTarget } from './rendered-target.ts';

/** All families of all targets in one format, in order of their names. */
export interface PageBody {
  readonly chunks: readonly Buffer[];
  /** As the format spells them. */
  readonly families: ReadonlySet<string>;
}

/** The body as it is, compressed, or both: what the clients of late asked for. */
export interface PageBodies {
  readonly identity: PageBody | undefined;
  readonly gzip: PageBody | undefined;
}

/** Lines of a family from this size on are not copied but referred to. */
const referredBytes = 64 * 1024;
const chunkBytes = 256 * 1024;

/**
 * Joins the targets' lines family by family, so that no family is split. `targets` in the order in which they shall appear.
 * Where engines disagree about a family, the alphabetically first engine describes it.
 */
export async function renderPage(
  targets: readonly RenderedTarget[],
  format: ExpositionFormat,
  encodings: ReadonlySet<ContentEncoding>,
  pacer: Pacer,
): Promise<PageBodies> {
  const names = new Set<string>();
  const kept: Buffer[] | undefined = encodings.has('identity') ? [] : undefined;
  const compressor = encodings.has('gzip') ? createCompressor() : undefined;
  const chunks = createChunks(kept, compressor);
  for (const { header, bearers, places } of await collectFamilies(targets, pacer)) {
    names.add(familyName(header, format));
    const text = Buffer.from(renderHeader(header, format));
    await chunks.add(text, 0, text.length);
    for (const [index, { bytes, ends }] of bearers.entries()) {
      const place = places[index] ?? 0;
      const emitted = chunks.add(bytes, ends[place - 1] ?? 0, ends[place] ?? 0);
      if (emitted !== undefined) await emitted;
      if (pacer.isDue()) await pacer.yield();
    }
  }
  await chunks.flush();
  const zipped = await compressor?.finish();
  return {
    identity: kept && { chunks: kept, families: names },
    gzip: zipped && { chunks: zipped, families: names },
  };
}

/** A family with the targets that have it, and its place among the families of each. */
interface Family {
  header: FamilyHeader;
  /** The engine whose words the header has. */
  engine: string;
  readonly bearers: RenderedTarget[];
  readonly places: number[];
}

async function collectFamilies(targets: readonly RenderedTarget[], pacer: Pacer): Promise<Family[]> {
  const families = new Map<string, Family>();
  for (const target of targets) {
    const { engine } = target;
    for (const [place, { name, kind: type, help }] of target.metrics.entries()) {
      let family = families.get(name);
      if (family === undefined) {
        family = { header: { name, type, help }, engine, bearers: [], places: [] };
        families.set(name, family);
      } else if (engine < family.engine) {
        family.header = { name, type, help };
        family.engine = engine;
      }
      family.bearers.push(target);
      family.places.push(place);
    }
    if (pacer.isDue()) await pacer.yield();
  }
  return [...families.values()].sort((a, b) => (a.header.name < b.header.name ? -1 : 1));
}

interface Chunks {
  /** A promise only when a chunk is full, so that most calls cost no turn. */
  add(bytes: Buffer, start: number, end: number): Promise<void> | undefined;
  flush(): Promise<void>;
}

/** Small families share a chunk. Where chunks are only compressed, one buffer serves for all of them. */
function createChunks(kept: Buffer[] | undefined, compressor: Compressor | undefined): Chunks {
  let open = Buffer.allocUnsafeSlow(chunkBytes);
  let length = 0;
  const emit = async (chunk: Buffer) => {
    kept?.push(chunk);
    await compressor?.write(chunk);
  };
  const flush = async () => {
    if (length === 0) return;
    const chunk = open.subarray(0, length);
    length = 0;
    await emit(chunk);
    if (kept !== undefined) open = Buffer.allocUnsafeSlow(chunkBytes);
  };
  const copy = (bytes: Buffer, start: number, end: number) => {
    length += bytes.copy(open, length, start, end);
  };
  return {
    add(bytes, start, end) {
      if (end - start >= referredBytes) return flush().then(() => emit(bytes.subarray(start, end)));
      if (length + end - start > open.length) return flush().then(() => copy(bytes, start, end));
      copy(bytes, start, end);
      return undefined;
    },
    flush,
  };
}

interface Compressor {
  /** Resolves when the chunk was read and may be overwritten. */
  write(chunk: Buffer): Promise<void>;
  finish(): Promise<readonly Buffer[]>;
}

/** Makes one gzip member on the thread pool. */
function createCompressor(): Compressor {
  const gzip = createGzip({ level: 1, chunkSize: chunkBytes });
  const compressed: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => compressed.push(chunk));
  // The callback of the write has it too; without a listener it would end the process.
  gzip.on('error', () => {});
  return {
    write: (chunk) =>
      new Promise((resolve, reject) => {
        gzip.write(chunk, (error) => (error ? reject(error) : resolve()));
      }),
    finish: async () => {
      const ended = once(gzip, 'end');
      gzip.end();
      await ended;
      return compressed;
    },
  };
}
