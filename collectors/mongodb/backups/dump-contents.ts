import { createHash } from 'node:crypto';
import { BSON } from '../client.ts';
import { isDocument, listAt, textAt, timeAt, timestampCount, timestampSeconds } from '../document.ts';

/** One collection, view or time series as a dump holds it. */
export interface DumpedCollection {
  readonly database: string;
  readonly collection: string;
  documents: number;
  /** Of the documents, unzipped. */
  bytes: number;
  /** The first documents, as their bytes: compared with what was restored. */
  readonly sample: Buffer[];
  /** Undefined where the dump does not describe it. */
  metadata: CollectionMetadata | undefined;
  hasDocuments: boolean;
}

export interface CollectionMetadata {
  readonly type: string;
  /** Names of its indexes; empty for a view. */
  readonly indexes: readonly string[];
}

/** Operations that were written while the dump was made: what makes all its collections one point in time. */
export interface DumpedOplog {
  entries: number;
  /** Time of the last entry, Unix time in milliseconds, to the second unless the entry says more; undefined while there is none. */
  lastAt: number | undefined;
  /** `seconds:count` of the last entry, as `--oplogLimit` takes it. */
  lastTimestamp: string | undefined;
  /** Namespaces that it changes; `undefined` among them stands for what could not be told. */
  readonly touched: Set<string | undefined>;
}

/** All that a dump says of itself. */
export class DumpContents {
  readonly collections = new Map<string, DumpedCollection>();
  readonly problems: string[] = [];
  oplog: DumpedOplog | undefined;
  /** Of the server it was taken from, where the dump tells. */
  serverVersion: string | undefined;
  restoredBytes = 0;
  /** Whether its files are gzip: mongorestore has to be told. */
  isZipped = false;

  collection(database: string, name: string): DumpedCollection {
    const key = `${database}.${name}`;
    const known = this.collections.get(key);
    if (known !== undefined) return known;
    const fresh: DumpedCollection = {
      database,
      collection: name,
      documents: 0,
      bytes: 0,
      sample: [],
      metadata: undefined,
      hasDocuments: false,
    };
    this.collections.set(key, fresh);
    return fresh;
  }

  get databases(): readonly string[] {
    const all = new Set([...this.collections.values()].map(({ database }) => database));
    return [...all].filter((name) => !ownDatabases.has(name)).sort();
  }

  addDocument(to: DumpedCollection, document: Buffer): void {
    to.hasDocuments = true;
    to.documents += 1;
    to.bytes += document.length;
    this.restoredBytes += document.length;
    if (to.sample.length < mostSampled) to.sample.push(document);
  }

  beginOplog(): DumpedOplog {
    this.oplog ??= { entries: 0, lastAt: undefined, lastTimestamp: undefined, touched: new Set() };
    return this.oplog;
  }

  /** The text of a `.metadata.json` of mongodump. */
  describe(to: DumpedCollection, text: string): void {
    const read: unknown = BSON.EJSON.parse(text, { relaxed: true });
    to.metadata = {
      type: textAt(read, 'type') ?? 'collection',
      indexes: listAt(read, 'indexes').flatMap((index) => textAt(index, 'name') ?? []),
    };
  }

  /** Why a collection cannot be whole. */
  judge(): void {
    if (this.collections.size === 0) this.problems.push('there is no collection in it');
    for (const [name, { metadata, hasDocuments, collection }] of this.collections) {
      const isPlain = metadata?.type === 'collection' && !collection.startsWith('system.');
      if (metadata === undefined && !collection.startsWith('system.'))
        this.problems.push(
          `${name} has documents and no metadata: its indexes and options are not in the dump`,
        );
      if (isPlain && !hasDocuments) this.problems.push(`${name} is described and its documents are missing`);
    }
  }
}

/** Databases that the server keeps for itself. */
export const ownDatabases: ReadonlySet<string> = new Set(['admin', 'config', 'local']);

const mostSampled = 20;

export function addOplogEntry(oplog: DumpedOplog, bytes: Buffer): void {
  const entry: unknown = BSON.deserialize(bytes, { promoteValues: true });
  oplog.entries += 1;
  if (!isDocument(entry)) return;
  const seconds = timestampSeconds(entry['ts']);
  if (seconds !== undefined) {
    oplog.lastAt = timeAt(entry, 'wall') ?? seconds * 1_000;
    oplog.lastTimestamp = `${seconds}:${timestampCount(entry['ts']) ?? 0}`;
  }
  for (const touched of namespacesOf(entry)) oplog.touched.add(touched);
}

/** What an entry changes: of a transaction or a command all of it, undefined where that is not told. */
function namespacesOf(entry: Readonly<Record<string, unknown>>): readonly (string | undefined)[] {
  const operation = textAt(entry, 'op');
  if (operation === 'n') return [];
  if (operation !== 'c') return [textAt(entry, 'ns')];
  const inner = listAt(entry, 'o.applyOps');
  return inner.length === 0 ? [undefined] : inner.flatMap((each) => namespacesOf(each));
}

export function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
