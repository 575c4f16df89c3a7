import { createGzip } from 'node:zlib';
import type { ExpositionFormat, FamilyHeader } from './format.ts';
import { familyName, renderHeader } from './format.ts';
import type { Fragment, RenderedTarget } from './fragments.ts';
import type { Pacer } from './pacer.ts';

/** All families of all targets in one format, in order of their names. */
export interface PageBody {
  readonly chunks: readonly Buffer[];
  /** As the format spells them. */
  readonly families: ReadonlySet<string>;
}

/** Fragments from this size on are not copied but referred to. */
const referredBytes = 64 * 1024;
const chunkBytes = 256 * 1024;

/**
 * Joins the targets' fragments family by family, so that no family is split. `targets` in the order in which they shall appear.
 * Where engines disagree about a family, the alphabetically first engine describes it.
 */
export async function renderPage(
  targets: readonly RenderedTarget[],
  format: ExpositionFormat,
  pacer: Pacer,
): Promise<PageBody> {
  const families = await collectFamilies(targets, pacer);
  const names = new Set<string>();
  const chunks = createChunks();
  for (const fragments of families) {
    const header = describeFamily(fragments);
    if (header === undefined) continue;
    names.add(familyName(header, format));
    chunks.addText(renderHeader(header, format));
    for (const { bytes, start, end } of fragments) {
      chunks.add(bytes, start, end);
      if (pacer.isDue()) await pacer.yield();
    }
  }
  return { chunks: chunks.finish(), families: names };
}

/** Compresses on the thread pool, chunk by chunk, to one gzip member. */
export async function gzipChunks(chunks: readonly Buffer[]): Promise<Buffer[]> {
  const gzip = createGzip({ level: 1, chunkSize: chunkBytes });
  const compressed: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => compressed.push(chunk));
  const done = new Promise<void>((resolve, reject) => {
    gzip.once('end', resolve);
    gzip.once('error', reject);
  });
  for (const chunk of chunks) gzip.write(chunk);
  gzip.end();
  await done;
  return compressed;
}

async function collectFamilies(targets: readonly RenderedTarget[], pacer: Pacer): Promise<Fragment[][]> {
  const families = new Map<string, Fragment[]>();
  for (const target of targets) {
    for (const [name, fragment] of target.fragments) {
      const family = families.get(name);
      if (family === undefined) families.set(name, [fragment]);
      else family.push(fragment);
    }
    if (pacer.isDue()) await pacer.yield();
  }
  const byName = [...families].sort(([a], [b]) => (a < b ? -1 : 1));
  return byName.map(([, fragments]) => fragments);
}

function describeFamily(fragments: readonly Fragment[]): FamilyHeader | undefined {
  let first: Fragment | undefined;
  for (const fragment of fragments) {
    if (first === undefined || fragment.engine < first.engine) first = fragment;
  }
  return first && { name: first.metric.name, type: first.metric.kind, help: first.metric.help };
}

interface Chunks {
  addText(text: string): void;
  add(bytes: Buffer, start: number, end: number): void;
  finish(): Buffer[];
}

function createChunks(): Chunks {
  const chunks: Buffer[] = [];
  let open = Buffer.alloc(0);
  let length = 0;
  const close = () => {
    if (length > 0) chunks.push(open.subarray(0, length));
    open = Buffer.alloc(0);
    length = 0;
  };
  const reserve = (size: number) => {
    if (length + size <= open.length) return;
    close();
    open = Buffer.allocUnsafeSlow(Math.max(size, chunkBytes));
  };
  return {
    addText(text) {
      reserve(Buffer.byteLength(text));
      length += open.write(text, length);
    },
    add(bytes, start, end) {
      if (end - start >= referredBytes) {
        close();
        chunks.push(bytes.subarray(start, end));
        return;
      }
      reserve(end - start);
      length += bytes.copy(open, length, start, end);
    },
    finish() {
      close();
      return chunks;
    },
  };
}
