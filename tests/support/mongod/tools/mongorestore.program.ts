/** A stand-in for mongorestore, for restore drills: see README.md. It is not mongorestore. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { BSON, MongoClient } from 'mongodb';
import { type Doc, docOf, isDoc, listOf, textOf } from '../values.ts';
import { faultOf, optionsOf } from './options.ts';

const [home = '', ...given] = process.argv.slice(2);
const options = optionsOf(given);
const fault = faultOf(home, 'mongorestore');
const config = readFileSync(options.get('--config') ?? '', 'utf8');
const uri = String(JSON.parse(config.replace(/^uri: /, '')));
const root = options.get('--dir') ?? '';
let restored = 0;
const client = new MongoClient(uri);
const problem = await restore();
process.stderr.write(
  `${problem ?? `${restored} document(s) restored successfully. 0 document(s) failed to restore.`}\n`,
);
process.exitCode = problem === undefined ? 0 : 1;

async function restore(): Promise<string | undefined> {
  if (root === '') return 'this stand-in restores folders only';
  if (fault === 'exit') return 'Failed: error connecting to db server: made to fail by the test';
  if (fault === 'hang') await delay(600_000);
  await client.connect();
  try {
    const entries = readdirSync(root, { withFileTypes: true });
    for (const database of entries.filter((entry) => entry.isDirectory()))
      await restoreDatabase(database.name);
    return options.has('--oplogReplay') ? await replay() : undefined;
  } finally {
    await client.close();
  }
}

async function restoreDatabase(database: string): Promise<void> {
  const folder = join(root, database);
  for (const name of readdirSync(folder).filter((each) => /\.bson(\.gz)?$/.test(each))) {
    const collection = name.replace(/\.bson(\.gz)?$/, '');
    const all = documentsOf(join(folder, name));
    const documents = fault === 'lose' ? all.slice(1) : all;
    if (documents.length > 0) await client.db(database).collection(collection).insertMany(documents);
    restored += documents.length;
    const metadata = readText(join(folder, name.replace('.bson', '.metadata.json')));
    const indexes = listOf(docOf(BSON.EJSON.parse(metadata))['indexes']).filter(isDoc);
    const own = indexes.filter((index) => index['name'] !== '_id_');
    if (own.length > 0) await client.db(database).command({ createIndexes: collection, indexes: own });
  }
}

/** Inserts only: what the tests write into an oplog. */
async function replay(): Promise<string | undefined> {
  const [file] = readdirSync(root).filter((each) => each.startsWith('oplog.bson'));
  if (file === undefined) return 'Failed: no oplog file to replay';
  for (const entry of documentsOf(join(root, file))) {
    const [database = '', collection = ''] = (textOf(entry['ns']) ?? '').split('.');
    if (entry['op'] === 'i') await client.db(database).collection(collection).insertOne(docOf(entry['o']));
  }
  return undefined;
}

function documentsOf(path: string): Doc[] {
  const bytes = contentOf(path);
  const documents: Doc[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readInt32LE(at)) {
    const length = bytes.readInt32LE(at);
    documents.push(BSON.deserialize(bytes.subarray(at, at + length)));
  }
  return documents;
}

function readText(path: string): string {
  return contentOf(path).toString('utf8');
}

function contentOf(path: string): Buffer {
  const bytes = readFileSync(path);
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}
