import { basename, dirname, relative, sep } from 'node:path';
import { BSON } from '../client.ts';
import { textAt } from '../document.ts';
import { bsonDocuments } from './bson-documents.ts';
import { ByteReader, DumpError, readText } from './byte-reader.ts';
import { addOplogEntry, DumpContents } from './dump-contents.ts';
import type { LocatedDump } from './locate.ts';

const dataFile = /\.bson(\.gz)?$/;
const metadataFile = /\.metadata\.json(\.gz)?$/;
const preludeFile = /^prelude\.json(\.gz)?$/;

/**
 * Reads all files of a folder that mongodump wrote: what cannot be read is a problem of the dump, not of the reading.
 *
 * @see https://www.mongodb.com/docs/database-tools/mongodump/
 */
export async function readFolder(dump: LocatedDump, signal: AbortSignal): Promise<DumpContents> {
  const contents = new DumpContents();
  for (const { path } of dump.files) {
    try {
      await readFile(contents, dump.path, path, signal);
    } catch (thrown) {
      if (!(thrown instanceof DumpError) && !(thrown instanceof SyntaxError)) throw thrown;
      contents.problems.push(thrown.message);
    }
  }
  contents.judge();
  return contents;
}

async function readFile(
  contents: DumpContents,
  root: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const name = basename(path);
  const isTop = dirname(path) === root;
  if (preludeFile.test(name)) {
    const prelude: unknown = JSON.parse(await readText(path, signal));
    contents.serverVersion = textAt(prelude, 'ServerVersion') ?? textAt(prelude, 'serverVersion');
    return;
  }
  if (isTop && dataFile.test(name) && name.startsWith('oplog.')) return readOplog(contents, path, signal);
  const [database = ''] = relative(root, path).split(sep);
  if (isTop) return;
  if (metadataFile.test(name)) {
    const text = await readText(path, signal);
    const collection = collectionOf(name.replace(metadataFile, ''), text);
    contents.describe(contents.collection(database, collection), text);
  } else if (dataFile.test(name)) {
    const collection = await dataCollection(path, signal);
    await readDocuments(contents, database, collection, path, signal);
  }
}

async function readOplog(contents: DumpContents, path: string, signal: AbortSignal): Promise<void> {
  const oplog = contents.beginOplog();
  const reader = await ByteReader.open(path, signal);
  contents.isZipped ||= reader.isZipped;
  try {
    for await (const entry of bsonDocuments(reader, path)) addOplogEntry(oplog, entry);
  } finally {
    await reader.close();
  }
}

async function readDocuments(
  contents: DumpContents,
  database: string,
  collection: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const dumped = contents.collection(database, collection);
  dumped.hasDocuments = true;
  const reader = await ByteReader.open(path, signal);
  contents.isZipped ||= reader.isZipped;
  try {
    for await (const document of bsonDocuments(reader, path)) contents.addDocument(dumped, document);
  } finally {
    await reader.close();
  }
}

/** Names that a file system would not take are escaped, and very long ones are cut: then only the metadata tells. */
async function dataCollection(path: string, signal: AbortSignal): Promise<string> {
  const stem = path.replace(dataFile, '');
  const own = unescaped(basename(stem));
  if (!stem.includes('%24')) return own;
  for (const metadata of [`${stem}.metadata.json.gz`, `${stem}.metadata.json`]) {
    try {
      return collectionOf(basename(stem), await readText(metadata, signal));
    } catch (thrown) {
      if (thrown instanceof DumpError || !isMissing(thrown)) throw thrown;
    }
  }
  return own;
}

function collectionOf(stem: string, metadata: string): string {
  const said = textAt(BSON.EJSON.parse(metadata, { relaxed: true }), 'collectionName');
  return said ?? unescaped(stem);
}

function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // Not escaped after all: the name holds a percent sign.
    return name;
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
