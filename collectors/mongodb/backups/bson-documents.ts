import { type ByteReader, DumpError } from './byte-reader.ts';

/** A document of 16 MiB and what an entry of the oplog wraps around it. */
const largestBytes = 17 * 1_024 ** 2;
const smallestBytes = 5;
const terminator = 0xffff_ffff;

/** Documents one after the other until the file ends: what mongodump writes of a collection. @throws {DumpError} */
export async function* bsonDocuments(reader: ByteReader, path: string): AsyncIterable<Buffer> {
  for (;;) {
    const document = await nextDocument(reader, path);
    if (document === undefined) return;
    if (document === 'terminator') throw notBson(path, reader);
    yield document;
  }
}

/** Documents up to a terminator: a block of an archive. @throws {DumpError} also when the file ends first. */
export async function* blockDocuments(reader: ByteReader, path: string): AsyncIterable<Buffer> {
  for (;;) {
    const document = await nextDocument(reader, path);
    if (document === undefined) throw new DumpError(`${path} is cut short: a block of it does not end`);
    if (document === 'terminator') return;
    yield document;
  }
}

export async function nextDocument(
  reader: ByteReader,
  path: string,
): Promise<Buffer | 'terminator' | undefined> {
  const head = await reader.take(4);
  if (head === undefined) return undefined;
  const length = head.readUInt32LE(0);
  if (length === terminator) return 'terminator';
  if (length < smallestBytes || length > largestBytes) throw notBson(path, reader);
  const rest = await reader.take(length - 4);
  if (rest === undefined) throw new DumpError(`${path} is cut short: its last document is not whole`);
  if (rest.at(-1) !== 0) throw notBson(path, reader);
  return Buffer.concat([head, rest]);
}

function notBson(path: string, { consumed }: ByteReader): DumpError {
  return new DumpError(`${path} is damaged: no BSON at byte ${consumed}`);
}
