import { failure } from '../errors.ts';
import { type CollectionEntry, sizesOf } from '../model/catalog.ts';
import type { Node } from '../node.ts';
import { matchesFilter } from '../query/match.ts';
import { type Doc, docOf, int, isOn, long, numberOf } from '../values.ts';
import { authorize } from './access.ts';
import type { Call, CommandTable } from './command.ts';
import { collectionsOf, connectionString, partsOf } from './namespaces.ts';
import { collectionStorage } from './storage.ts';

/** @see https://www.mongodb.com/docs/manual/reference/command/listCollections/ */
export const catalogCommands: CommandTable = {
  listDatabases: { wants: 'read', run: listDatabases },
  listCollections: { wants: 'read', run: listCollections },
  dbStats: { wants: 'read', needs: { action: 'dbStats', on: 'database' }, run: dbStats },
  dbstats: { wants: 'read', needs: { action: 'dbStats', on: 'database' }, run: dbStats },
  collStats: { wants: 'read', needs: { action: 'collStats', on: 'collection' }, run: collStats },
};

function databaseNames(node: Node): readonly string[] {
  const { role } = node;
  if (role.kind === 'mongod') return [...role.set.catalog.databases.keys()].sort();
  const names = new Set([
    'admin',
    'config',
    ...role.cluster.shards.flatMap(({ set }) => [...set.catalog.databases.keys()]),
  ]);
  names.delete('local');
  return [...names].sort();
}

/** Without the action listDatabases a user sees the databases it has some privilege on. */
function listDatabases(call: Call): Doc {
  const { node, body, session } = call;
  const { accounts } = node.shared;
  const all = !accounts || accounts.allows(session.user, { cluster: true }, 'listDatabases');
  if (!all && body['authorizedDatabases'] === false) authorize(call, 'listDatabases', { cluster: true });
  const names = databaseNames(node).filter(
    (name) => all || accounts.allowsAny(session.user, { database: name, collection: '' }),
  );
  const filter = docOf(body['filter']);
  const nameOnly = isOn(body['nameOnly']);
  const databases = names
    .map((name) => (nameOnly ? { name } : sized(node, name)))
    .filter((one) => matchesFilter(one, filter));
  if (nameOnly) return { databases };
  const total = databases.reduce(
    (sum, one) => sum + ('sizeOnDisk' in one ? (numberOf(one.sizeOnDisk) ?? 0) : 0),
    0,
  );
  return { databases, totalSize: long(total), totalSizeMb: long(Math.floor(total / 1024 ** 2)) };
}

function sized(
  node: Node,
  name: string,
): { readonly name: string; readonly sizeOnDisk: unknown; readonly empty: boolean } {
  const sum = totals(
    partsOf(node, name).flatMap(({ set }) => [...(set.catalog.databases.get(name)?.values() ?? [])]),
  );
  return { name, sizeOnDisk: long(sum.storageBytes + sum.indexBytes), empty: false };
}

/** With `nameOnly` and `authorizedCollections` a user without the action listCollections gets what it has some privilege on. */
function listCollections(call: Call): Doc {
  const { node, body, database, session } = call;
  const { accounts } = node.shared;
  const nameOnly = isOn(body['nameOnly']);
  const listed = collectionsOf(node, database);
  const full = !accounts || accounts.allows(session.user, { database, collection: '' }, 'listCollections');
  if (!full && !(nameOnly && isOn(body['authorizedCollections'])))
    authorize(call, 'listCollections', { database, collection: '' });
  const visible =
    full || !accounts
      ? listed
      : listed.filter(({ name }) => accounts.allowsAny(session.user, { database, collection: name }));
  const filter = docOf(body['filter']);
  const rows = visible
    .map((one) => (nameOnly ? { name: one.name, type: one.type } : described(one)))
    .filter((one) => matchesFilter(one, filter));
  return node.cursors.first(`${database}.$cmd.listCollections`, rows, {
    batchSize: docOf(body['cursor'])['batchSize'] ?? 10_000,
  });
}

function described(collection: CollectionEntry): Doc {
  const { name, type, options, uuid, indexes } = collection;
  const idIndex = indexes.get('_id_')?.spec;
  const info = type === 'view' ? { readOnly: true } : { readOnly: false, uuid };
  return { name, type, options, info, ...(idIndex && { idIndex }) };
}

interface Totals {
  readonly collections: number;
  readonly views: number;
  readonly objects: number;
  readonly dataBytes: number;
  readonly storageBytes: number;
  readonly indexes: number;
  readonly indexBytes: number;
}

function totals(collections: readonly CollectionEntry[]): Totals {
  const sum = {
    collections: 0,
    views: 0,
    objects: 0,
    dataBytes: 0,
    storageBytes: 0,
    indexes: 0,
    indexBytes: 0,
  };
  for (const one of collections) {
    if (one.type !== 'collection') {
      sum.views += 1;
      continue;
    }
    const sizes = sizesOf(one);
    sum.collections += 1;
    sum.objects += sizes.documents;
    sum.dataBytes += sizes.dataBytes;
    sum.storageBytes += sizes.storageBytes;
    sum.indexes += one.indexes.size;
    sum.indexBytes += sizes.indexBytes;
  }
  return sum;
}

/** @see https://www.mongodb.com/docs/manual/reference/command/dbStats/ */
function dbStats({ node, database, body }: Call): Doc {
  const scale = numberOf(body['scale']) ?? 1;
  const parts = partsOf(node, database);
  const perPart = parts.map(({ set }) => ({
    set,
    sum: totals([...(set.catalog.databases.get(database)?.values() ?? [])]),
  }));
  const whole = totals(
    parts.flatMap(({ set }) => [...(set.catalog.databases.get(database)?.values() ?? [])]),
  );
  const free = isOn(body['freeStorage']);
  const flat = render(database, whole, scale, free);
  if (node.role.kind === 'mongod') return flat;
  return {
    raw: Object.fromEntries(
      perPart.map(({ set, sum }) => [
        connectionString(set),
        { ...render(database, sum, scale, free), ok: 1 },
      ]),
    ),
    ...flat,
  };
}

function render(database: string, sum: Totals, scale: number, free: boolean): Doc {
  const scaled = (bytes: number): unknown => int(Math.floor(bytes / scale));
  return {
    db: database,
    collections: long(sum.collections),
    views: long(sum.views),
    objects: long(sum.objects),
    avgObjSize: sum.objects === 0 ? 0 : sum.dataBytes / sum.objects,
    dataSize: scaled(sum.dataBytes),
    storageSize: scaled(sum.storageBytes),
    ...(free && {
      freeStorageSize: scaled(sum.storageBytes / 10),
      indexFreeStorageSize: 0,
      totalFreeStorageSize: scaled(sum.storageBytes / 10),
    }),
    indexes: long(sum.indexes),
    indexSize: scaled(sum.indexBytes),
    totalSize: scaled(sum.storageBytes + sum.indexBytes),
    scaleFactor: long(scale),
    fsUsedSize: scaled(40 * 1024 ** 3),
    fsTotalSize: scaled(100 * 1024 ** 3),
  };
}

/** Deprecated since 6.2, and still answered: one set's numbers. */
function collStats({ node, database, body }: Call): Doc {
  const name = String(body['collStats']);
  const [part] = partsOf(node, database, name);
  const collection = part?.set.catalog.find(database, name);
  if (!collection) throw failure('NamespaceNotFound', `Collection [${database}.${name}] not found.`);
  if (collection.type === 'view')
    throw failure('CommandNotSupportedOnView', `Namespace ${database}.${name} is a view, not a collection`);
  return { ns: `${database}.${name}`, ...collectionStorage(collection) };
}
