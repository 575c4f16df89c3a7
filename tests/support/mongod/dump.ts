import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { BSON, Long, Timestamp } from 'mongodb';
import type { Doc } from './values.ts';

export interface DumpSetup {
  /** By database and collection. */
  readonly databases: Readonly<Record<string, Readonly<Record<string, readonly Doc[]>>>>;
  /** Indexes beside `_id_`, by `database.collection`. */
  readonly indexes?: Readonly<Record<string, readonly Doc[]>>;
  /** Entries of the oplog; undefined: taken without --oplog. */
  readonly oplog?: readonly Doc[];
  readonly takenAt?: Date;
}

/** A folder as `mongodump --oplog --gzip --out` writes one, made by hand from its documentation. */
export async function writeDump(path: string, setup: DumpSetup): Promise<void> {
  const at = setup.takenAt ?? new Date();
  await mkdir(path, { recursive: true });
  const write = async (name: string, bytes: Buffer): Promise<void> => {
    await writeFile(join(path, name), gzipSync(bytes));
    await utimes(join(path, name), at, at);
  };
  for (const [database, collections] of Object.entries(setup.databases)) {
    await mkdir(join(path, database), { recursive: true });
    for (const [collection, documents] of Object.entries(collections)) {
      await write(join(database, `${collection}.bson.gz`), bytesOf(documents));
      const text = metadataOf(collection, setup.indexes?.[`${database}.${collection}`] ?? []);
      await write(join(database, `${collection}.metadata.json.gz`), Buffer.from(text));
    }
  }
  await write('prelude.json.gz', Buffer.from('{"ServerVersion":"8.0.4","ToolVersion":"100.10.0"}'));
  if (setup.oplog !== undefined) await write('oplog.bson.gz', bytesOf(setup.oplog));
}

/** An insert as the oplog has it. */
export function oplogInsert(namespace: string, document: Doc, at: Date): Doc {
  const ts = Timestamp.fromBits(1, Math.floor(at.getTime() / 1_000));
  return { op: 'i', ns: namespace, o: document, ts, t: Long.fromNumber(1), v: 2, wall: at };
}

/** An archive as `mongodump --oplog --archive` writes one, unzipped, made by hand from the format's documentation. */
export function archiveBytes({ databases, indexes = {}, oplog }: DumpSetup): Buffer {
  const terminator = Buffer.from([0xff, 0xff, 0xff, 0xff]);
  const magic = Buffer.from([0x6d, 0xe2, 0x99, 0x81]);
  const parts = [
    magic,
    bson({ concurrent_collections: 1, version: '0.1', server_version: '8.0.4', tool_version: '100.10.0' }),
  ];
  const blocks: Buffer[] = [];
  const block = (db: string, collection: string, documents: readonly Doc[]): void => {
    blocks.push(bson({ db, collection, EOF: false, CRC: Long.ZERO }), bytesOf(documents), terminator);
    blocks.push(bson({ db, collection, EOF: true, CRC: Long.ZERO }), terminator);
  };
  for (const [db, collections] of Object.entries(databases)) {
    for (const [collection, documents] of Object.entries(collections)) {
      const metadata = metadataOf(collection, indexes[`${db}.${collection}`] ?? []);
      parts.push(bson({ db, collection, metadata, size: documents.length, type: 'collection' }));
      block(db, collection, documents);
    }
  }
  if (oplog !== undefined) block('', 'oplog', oplog);
  return Buffer.concat([...parts, terminator, ...blocks]);
}

function metadataOf(collectionName: string, indexes: readonly Doc[]): string {
  const all = [{ v: 2, key: { _id: 1 }, name: '_id_' }, ...indexes];
  return JSON.stringify({ indexes: all, uuid: '0', collectionName, type: 'collection' });
}

function bytesOf(documents: readonly Doc[]): Buffer {
  return Buffer.concat(documents.map(bson));
}

function bson(document: Doc): Buffer {
  return Buffer.from(BSON.serialize(document));
}
