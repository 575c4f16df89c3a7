import { failure } from '../errors.ts';
import { type CollectionEntry, type IndexEntry, indexName } from '../model/catalog.ts';
import { equals } from '../query/match.ts';
import { type Doc, docOf, isDoc, isOn, listOf, numberOf, textOf } from '../values.ts';
import type { Call, CommandTable } from './command.ts';
import { connectionString, findCollection, type Part, partsOf } from './namespaces.ts';

/** @see https://www.mongodb.com/docs/manual/reference/command/collMod/ */
export const indexCommands: CommandTable = {
  listIndexes: { needs: { action: 'listIndexes', on: 'collection' }, wants: 'read', run: listIndexes },
  createIndexes: {
    needs: { action: 'createIndex', on: 'collection' },
    wants: 'write',
    run: (call) => onEvery(call, createIndexes),
  },
  dropIndexes: {
    needs: { action: 'dropIndex', on: 'collection' },
    wants: 'write',
    run: (call) => onEvery(call, dropIndexes),
  },
  collMod: {
    needs: { action: 'collMod', on: 'collection' },
    wants: 'write',
    run: (call) => onEvery(call, modify),
  },
};

function listIndexes(call: Call): Doc {
  const { node, database, body } = call;
  const name = textOf(body['listIndexes']) ?? '';
  const collection = findCollection(node, database, name);
  if (!collection) throw failure('NamespaceNotFound', `ns does not exist: ${database}.${name}`);
  if (collection.type === 'view')
    throw failure('CommandNotSupportedOnView', `Namespace ${database}.${name} is a view, not a collection`);
  const specs = [...collection.indexes.values()].filter(({ building }) => !building).map(({ spec }) => spec);
  return node.cursors.first(`${database}.${name}`, specs, { batchSize: docOf(body['cursor'])['batchSize'] });
}

type Change = (call: Call, part: Part) => Doc | Promise<Doc>;

/** A mongod answers for itself, a mongos with the raw answers of the shards that hold the collection. */
async function onEvery(call: Call, change: Change): Promise<Doc> {
  const { node, database, body, name } = call;
  const parts = partsOf(node, database, textOf(body[name]));
  if (node.role.kind === 'mongod') {
    const [own] = parts;
    if (!own) throw failure('NamespaceNotFound', 'ns not found');
    return await change(call, own);
  }
  if (parts.length === 0)
    throw failure('NamespaceNotFound', `ns not found ${database}.${String(body[name])}`);
  const raw: Doc = {};
  for (const part of parts) raw[connectionString(part.set)] = { ...(await change(call, part)), ok: 1 };
  return { raw };
}

function collectionOf(call: Call, { set }: Part): CollectionEntry {
  const name = textOf(call.body[call.name]) ?? '';
  const found = set.catalog.find(call.database, name);
  if (!found) throw failure('NamespaceNotFound', `ns not found ${call.database}.${name}`);
  if (found.type === 'view')
    throw failure(
      'CommandNotSupportedOnView',
      `Namespace ${call.database}.${name} is a view, not a collection`,
    );
  return found;
}

async function createIndexes(call: Call, part: Part): Promise<Doc> {
  const name = textOf(call.body['createIndexes']) ?? '';
  const isNew = part.set.catalog.find(call.database, name) === undefined;
  const collection = part.set.catalog.findOrAdd(call.database, name);
  const before = collection.indexes.size;
  for (const spec of listOf(call.body['indexes']).filter(isDoc)) {
    const key = docOf(spec['key']);
    const indexed = textOf(spec['name']) ?? indexName(key);
    const existing = collection.indexes.get(indexed);
    if (existing && !equals(existing.spec['key'], key)) {
      throw failure('IndexKeySpecsConflict', 'An existing index has the same name as the requested index.');
    }
    // Whoever asks for an index that is being built waits for that build.
    if (!existing) addIndex(part, collection, spec, indexed);
    await built(part, collection, indexed);
  }
  const after = collection.indexes.size;
  return {
    numIndexesBefore: before,
    numIndexesAfter: after,
    createdCollectionAutomatically: isNew,
    ...(after === before ? { note: 'all indexes already exist' } : { commitQuorum: 'votingMembers' }),
  };
}

function addIndex({ set }: Part, collection: CollectionEntry, spec: Doc, name: string): void {
  const { key, name: _name, v: _v, ...options } = spec;
  const building = set.builds !== undefined;
  set.catalog.addIndex(collection, { key: docOf(key), name, options, ageMs: 0, building });
}

/** @throws {CommandError} what the test ended the build with, or 276 when its index was dropped meanwhile. */
async function built({ set }: Part, collection: CollectionEntry, name: string): Promise<void> {
  const error = await set.builds?.ended;
  const index = collection.indexes.get(name);
  if (!index) throw failure('IndexBuildAborted', 'Index build aborted: collection or index dropped');
  if (error === undefined) index.building = false;
  else {
    collection.indexes.delete(name);
    throw error;
  }
}

/** By name, by key, by a list of names, or `*` for all but `_id_`. */
function dropIndexes(call: Call, part: Part): Doc {
  const collection = collectionOf(call, part);
  const nIndexesWas = collection.indexes.size;
  const asked = call.body['index'];
  const names =
    asked === '*'
      ? [...collection.indexes.keys()].filter((name) => name !== '_id_')
      : (Array.isArray(asked) ? asked : [asked]).map((one) => nameOf(collection, one));
  for (const name of names) {
    if (name === '_id_') throw failure('InvalidOptions', 'cannot drop _id index');
    if (!collection.indexes.has(name)) throw failure('IndexNotFound', `index not found with name [${name}]`);
  }
  const isBuilding = names.some((name) => collection.indexes.get(name)?.building === true);
  for (const name of names) collection.indexes.delete(name);
  if (isBuilding) part.set.releaseBuilds();
  return { nIndexesWas, ...(asked === '*' && { msg: 'non-_id indexes dropped for collection' }) };
}

/** Hides and unhides, and changes TTL. A change resets the index's usage on every member; asking for what is already so answers nothing. */
function modify(call: Call, part: Part): Doc {
  const collection = collectionOf(call, part);
  const validation = Object.entries(call.body).filter(([key]) => key.startsWith('validat'));
  collection.options = { ...collection.options, ...Object.fromEntries(validation) };
  const change = docOf(call.body['index']);
  if (Object.keys(change).length === 0) return {};
  const name = textOf(change['name']) ?? nameOf(collection, change['keyPattern']);
  const index = collection.indexes.get(name);
  if (!index)
    throw failure('IndexNotFound', `cannot find index ${name} for ns ${call.database}.${collection.name}`);
  return { ...hide(part, index, name, change), ...expire(index, change) };
}

function hide({ set }: Part, index: IndexEntry, name: string, change: Doc): Doc {
  if (!('hidden' in change)) return {};
  const wanted = isOn(change['hidden']);
  const was = index.spec['hidden'] === true;
  if (name === '_id_') throw failure('BadValue', "can't hide _id index");
  if (was === wanted) return {};
  const { hidden: _hidden, ...spec } = index.spec;
  index.spec = wanted ? { ...spec, hidden: true } : spec;
  for (const member of set.members) member.resetUsage(index);
  return { hidden_old: was, hidden_new: wanted };
}

function expire(index: IndexEntry, change: Doc): Doc {
  const wanted = numberOf(change['expireAfterSeconds']);
  if (wanted === undefined) return {};
  const was = index.spec['expireAfterSeconds'];
  index.spec = { ...index.spec, expireAfterSeconds: wanted };
  return { ...(was !== undefined && { expireAfterSeconds_old: was }), expireAfterSeconds_new: wanted };
}

function nameOf(collection: CollectionEntry, asked: unknown): string {
  if (typeof asked === 'string') return asked;
  const found = [...collection.indexes.values()].find(({ spec }) => equals(spec['key'], asked));
  if (!found) throw failure('IndexNotFound', "can't find index with key");
  return String(found.spec['name']);
}
