import { UUID } from 'mongodb';
import type { Doc } from '../values.ts';

export type CollectionType = 'collection' | 'view' | 'timeseries';

/** An index as a test describes it; the name is made as the server makes it. */
export interface IndexSetup {
  readonly key: Doc;
  readonly name?: string;
  /** Any of the server's options: unique, sparse, expireAfterSeconds, partialFilterExpression, hidden, weights, collation ... */
  readonly options?: Doc;
  /** Still being built. */
  readonly building?: boolean;
  readonly sizeBytes?: number;
  /** Milliseconds before now at which it was created. Default: before the server's start. */
  readonly ageMs?: number;
}

export interface CollectionSetup {
  readonly type?: CollectionType;
  /** As in listCollections: capped, size, max, viewOn, pipeline, timeseries, clusteredIndex ... */
  readonly options?: Doc;
  readonly documents?: number;
  /** Default 400. */
  readonly averageDocumentBytes?: number;
  readonly storageBytes?: number;
  /** Beside `_id_`, which every collection but clustered ones gets. */
  readonly indexes?: readonly IndexSetup[];
  /** Documents that find and aggregate return. */
  readonly rows?: readonly Doc[];
  /** Sharded collections only, see startSharded. */
  readonly shardKey?: Doc;
  /** Chunks per shard; shards that are not named hold none of the collection. */
  readonly chunks?: Readonly<Record<string, number>>;
}

/** Collections by database and name. */
export type DatabaseSetup = Readonly<Record<string, Readonly<Record<string, CollectionSetup>>>>;

export interface IndexEntry {
  /** As listIndexes gives it; replaced, never changed in place. */
  spec: Doc;
  building: boolean;
  sizeBytes: number;
  /** From when usage is counted; on each member the later of this and its start. */
  countedSinceMs: number;
}

export interface CollectionEntry {
  readonly database: string;
  readonly name: string;
  readonly type: CollectionType;
  options: Doc;
  readonly uuid: UUID;
  documents: number;
  averageDocumentBytes: number;
  storageBytes: number | undefined;
  readonly indexes: Map<string, IndexEntry>;
  readonly rows: Doc[];
}

/** The collections of one replica set or standalone: what all its members hold. */
export class Catalog {
  readonly databases = new Map<string, Map<string, CollectionEntry>>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    for (const [database, name] of [
      ['admin', 'system.version'],
      ['admin', 'system.users'],
      ['local', 'oplog.rs'],
      ['local', 'startup_log'],
    ] as const) {
      this.add(database, name, {
        documents: 1,
        averageDocumentBytes: 250,
        ...(name === 'oplog.rs' && { options: { capped: true, size: 1024 ** 3 } }),
      });
    }
    this.databases.get('local')?.get('oplog.rs')?.indexes.clear();
  }

  addAll(setup: DatabaseSetup): void {
    for (const [database, collections] of Object.entries(setup)) {
      for (const [name, collection] of Object.entries(collections)) this.add(database, name, collection);
    }
  }

  add(database: string, name: string, setup: CollectionSetup = {}): CollectionEntry {
    const collections = this.databases.get(database) ?? new Map<string, CollectionEntry>();
    this.databases.set(database, collections);
    const entry: CollectionEntry = {
      database,
      name,
      type: setup.type ?? 'collection',
      options: setup.options ?? {},
      uuid: new UUID(),
      documents: setup.documents ?? setup.rows?.length ?? 0,
      averageDocumentBytes: setup.averageDocumentBytes ?? 400,
      storageBytes: setup.storageBytes,
      indexes: new Map(),
      rows: [...(setup.rows ?? [])],
    };
    collections.set(name, entry);
    if (entry.type === 'collection' && !('clusteredIndex' in entry.options))
      this.addIndex(entry, { key: { _id: 1 }, name: '_id_' });
    for (const index of setup.indexes ?? []) this.addIndex(entry, index);
    this.#addCompanions(database, entry);
    return entry;
  }

  /** A view is defined in system.views; a time series is one over its buckets. Both companions are listed as plain collections. */
  #addCompanions(database: string, { name, type, documents }: CollectionEntry): void {
    if (type === 'collection') return;
    if (!this.find(database, 'system.views')) this.add(database, 'system.views');
    if (type === 'timeseries')
      this.add(database, `system.buckets.${name}`, { documents, options: { clusteredIndex: true } });
  }

  addIndex(collection: CollectionEntry, setup: IndexSetup): IndexEntry {
    const name = setup.name ?? indexName(setup.key);
    const entry: IndexEntry = {
      spec: { v: 2, key: setup.key, name, ...setup.options },
      building: setup.building ?? false,
      sizeBytes: setup.sizeBytes ?? Math.max(4096, collection.documents * 16),
      countedSinceMs: setup.ageMs === undefined ? 0 : this.#nowMs() - setup.ageMs,
    };
    collection.indexes.set(name, entry);
    return entry;
  }

  find(database: string, name: string): CollectionEntry | undefined {
    return this.databases.get(database)?.get(name);
  }

  /** @throws {Error} for a namespace `db.collection` that is not there: a test's mistake. */
  get(namespace: string): CollectionEntry {
    const { database, name } = splitNamespace(namespace);
    const found = this.find(database, name);
    if (!found) throw new Error(`no collection ${namespace} in this double`);
    return found;
  }

  /** A collection that a write makes. */
  findOrAdd(database: string, name: string): CollectionEntry {
    return this.find(database, name) ?? this.add(database, name);
  }
}

export function splitNamespace(namespace: string): { readonly database: string; readonly name: string } {
  const dot = namespace.indexOf('.');
  return { database: namespace.slice(0, dot), name: namespace.slice(dot + 1) };
}

/** `customer_1_day_-1`. */
export function indexName(key: Doc): string {
  return Object.entries(key)
    .map(([field, direction]) => `${field}_${String(direction)}`)
    .join('_');
}

export interface CollectionSizes {
  readonly documents: number;
  readonly dataBytes: number;
  readonly storageBytes: number;
  readonly indexBytes: number;
}

export function sizesOf(collection: CollectionEntry): CollectionSizes {
  const dataBytes = collection.documents * collection.averageDocumentBytes;
  let indexBytes = 0;
  for (const index of collection.indexes.values()) indexBytes += index.sizeBytes;
  const storageBytes = collection.storageBytes ?? Math.max(4096, Math.ceil(dataBytes / 2 / 4096) * 4096);
  return { documents: collection.documents, dataBytes, storageBytes, indexBytes };
}
