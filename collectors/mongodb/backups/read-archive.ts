import { BSON } from '../client.ts';
import { booleanAt, isDocument, textAt } from '../document.ts';
import { blockDocuments, nextDocument } from './bson-documents.ts';
import { ByteReader, DumpError } from './byte-reader.ts';
import { addOplogEntry, DumpContents } from './dump-contents.ts';
import type { LocatedDump } from './locate.ts';

/** First bytes of an archive, unzipped. */
const archiveMagic = 0x8199_e26d;

/**
 * Reads an archive of mongodump from its begin to its end: a head, the description of each collection, and blocks of documents.
 *
 * @see https://github.com/mongodb/mongo-tools/blob/master/common/archive/doc.go
 */
export async function readArchive(dump: LocatedDump, signal: AbortSignal): Promise<DumpContents> {
  const contents = new DumpContents();
  const reader = await ByteReader.open(dump.path, signal);
  contents.isZipped = reader.isZipped;
  try {
    await readHead(contents, reader, dump.path);
    await readBlocks(contents, reader, dump.path);
  } catch (thrown) {
    if (!(thrown instanceof DumpError) && !(thrown instanceof SyntaxError)) throw thrown;
    contents.problems.push(thrown.message);
  } finally {
    await reader.close();
  }
  contents.judge();
  return contents;
}

async function readHead(contents: DumpContents, reader: ByteReader, path: string): Promise<void> {
  const magic = await reader.take(4);
  if (magic?.readUInt32LE(0) !== archiveMagic)
    throw new DumpError(`${path} is damaged: it does not begin as an archive of mongodump does`);
  let isFirst = true;
  for await (const bytes of blockDocuments(reader, path)) {
    const head = documentOf(bytes, path);
    if (isFirst) contents.serverVersion = textAt(head, 'server_version');
    else describe(contents, head);
    isFirst = false;
  }
}

function describe(contents: DumpContents, head: Readonly<Record<string, unknown>>): void {
  const database = textAt(head, 'db') ?? '';
  const collection = textAt(head, 'collection') ?? '';
  if (database === '') return void contents.beginOplog();
  const dumped = contents.collection(database, collection);
  const metadata = textAt(head, 'metadata');
  if (metadata !== undefined && metadata !== '') contents.describe(dumped, metadata);
}

async function readBlocks(contents: DumpContents, reader: ByteReader, path: string): Promise<void> {
  const open = new Set<string>();
  for (;;) {
    const bytes = await nextDocument(reader, path);
    if (bytes === undefined) break;
    if (bytes === 'terminator') throw new DumpError(`${path} is damaged: a block without a head`);
    const head = documentOf(bytes, path);
    const database = textAt(head, 'db') ?? '';
    const collection = textAt(head, 'collection') ?? '';
    const name = `${database}.${collection}`;
    const isEnd = booleanAt(head, 'EOF') === true;
    if (isEnd) open.delete(name);
    else open.add(name);
    await readBlock(contents, reader, { database, collection, path });
  }
  if (open.size > 0)
    throw new DumpError(`${path} is cut short: ${[...open].sort().join(', ')} does not end in it`);
}

async function readBlock(
  contents: DumpContents,
  reader: ByteReader,
  {
    database,
    collection,
    path,
  }: { readonly database: string; readonly collection: string; readonly path: string },
): Promise<void> {
  if (database === '') {
    const oplog = contents.beginOplog();
    for await (const entry of blockDocuments(reader, path)) addOplogEntry(oplog, entry);
    return;
  }
  const dumped = contents.collection(database, collection);
  dumped.hasDocuments = true;
  for await (const document of blockDocuments(reader, path)) contents.addDocument(dumped, document);
}

function documentOf(bytes: Buffer, path: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = BSON.deserialize(bytes);
    if (isDocument(read)) return read;
  } catch (thrown) {
    throw new DumpError(`${path} is damaged: a head that is no BSON`, { cause: thrown });
  }
  throw new DumpError(`${path} is damaged: a head that is no document`);
}
