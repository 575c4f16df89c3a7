/** A stand-in for mongodump, for backups that are taken: see README.md. It is not mongodump. */
import { readFileSync } from 'node:fs';
import { MongoClient } from 'mongodb';
import { writeDump } from '../dump.ts';
import type { Doc } from '../values.ts';
import { faultOf, optionsOf } from './options.ts';

const [home = '', ...given] = process.argv.slice(2);
const options = optionsOf(given);
const out = options.get('--out') ?? '';
const config = readFileSync(options.get('--config') ?? '', 'utf8');
const uri = String(JSON.parse(config.trim().replace(/^uri: /, '')));

const client = new MongoClient(uri);
await client.connect();
try {
  const databases: Record<string, Record<string, Doc[]>> = {};
  for (const { name } of (await client.db().admin().listDatabases()).databases) {
    if (['admin', 'config', 'local'].includes(name)) continue;
    databases[name] = {};
    for (const { name: collection } of await client.db(name).listCollections().toArray())
      databases[name][collection] = await client.db(name).collection(collection).find().toArray();
  }
  await writeDump(out, { databases, ...(options.has('--oplog') ? { oplog: [] } : {}) });
} finally {
  await client.close();
}
if (faultOf(home, 'mongodump') === 'exit') {
  process.stderr.write('Failed: error writing data: no space left on device\n');
  process.exitCode = 1;
}
