import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf } from '../../../src/sdk.ts';

/** What is wrong with a dump by its own marks: cut short, or no BSON. */
export class DumpError extends Error {
  override readonly name = 'DumpError';
}

/** Bytes of a file in order, unzipped where it is zipped, whatever its name says. */
export class ByteReader {
  readonly #path: string;
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);
  readonly isZipped: boolean;
  /** Bytes that were given so far. */
  consumed = 0;

  private constructor(path: string, source: AsyncIterator<Buffer>, zipped: boolean) {
    this.#path = path;
    this.#source = source;
    this.isZipped = zipped;
  }

  static async open(path: string, signal: AbortSignal): Promise<ByteReader> {
    const file = createReadStream(path, { signal, highWaterMark: 256 * 1_024 });
    // Without a listener the end of the reading would be nobody's.
    file.on('error', () => undefined);
    if (!(await isZipped(path))) return new ByteReader(path, file[Symbol.asyncIterator](), false);
    const unzipped = createGunzip({ chunkSize: 256 * 1_024 });
    // An error of either ends the reading of the second.
    pipeline(file, unzipped, () => undefined);
    return new ByteReader(path, unzipped[Symbol.asyncIterator](), true);
  }

  /**
   * The next bytes; undefined at the end of the file.
   *
   * @throws {DumpError} when the file ends, or cannot be unzipped, before there are as many.
   */
  async take(length: number): Promise<Buffer | undefined> {
    while (this.#held.length < length) {
      const next = await this.#next();
      if (next === undefined) {
        if (this.#held.length === 0) return undefined;
        throw new DumpError(
          `${this.#path} is cut short: it ends ${length - this.#held.length} bytes too early`,
        );
      }
      this.#held = this.#held.length === 0 ? next : Buffer.concat([this.#held, next]);
    }
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    this.consumed += length;
    return taken;
  }

  /** Everything that is left. @throws {DumpError} when it is more than `most` bytes. */
  async all(most: number): Promise<Buffer> {
    const parts = [this.#held];
    this.#held = Buffer.alloc(0);
    let length = parts[0]?.length ?? 0;
    for (let next = await this.#next(); next !== undefined; next = await this.#next()) {
      length += next.length;
      if (length > most) throw new DumpError(`${this.#path} is too big for what it should be`);
      parts.push(next);
    }
    return Buffer.concat(parts);
  }

  async #next(): Promise<Buffer | undefined> {
    try {
      const { done, value } = await this.#source.next();
      return done === true ? undefined : value;
    } catch (thrown) {
      if (isEnded(thrown)) throw thrown;
      throw new DumpError(`${this.#path} is damaged: ${messageOf(thrown)}`, { cause: thrown });
    }
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}

/** All of a small file as text, unzipped where it is zipped. @throws {DumpError} */
export async function readText(path: string, signal: AbortSignal): Promise<string> {
  const reader = await ByteReader.open(path, signal);
  try {
    return (await reader.all(mostTextBytes)).toString('utf8');
  } finally {
    await reader.close();
  }
}

const mostTextBytes = 16 * 1_024 ** 2;

async function isZipped(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

function isEnded(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}
