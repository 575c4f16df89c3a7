import { type Clock, CollectError, toCollectError } from '../../src/sdk.ts';
import { codeOf } from './client-errors.ts';
import { type BoundedAsking, listCollections, listDatabases } from './collections.ts';
import type { MongodbOptions } from './config.ts';
import { type Deployment, dataMembers } from './deployment.ts';
import { type Document, documentAt, listAt } from './document.ts';
import { mongodbGroups } from './groups.ts';
import type { Member } from './member.ts';
import type { MongodbContext } from './metrics.ts';
import type { Reader } from './readers.ts';
import { valueAt } from './status-fields.ts';
import { type CollectionSize, StorageGrowth } from './storage-growth.ts';

export interface StorageInput {
  readonly clock: Clock;
  readonly options: Pick<MongodbOptions, 'collectionsPerReading' | 'topCollections'>;
}

/** Databases with series of their own, the biggest; the others are left out and counted. */
const mostDatabases = 100;
/** Part of the time for a reading after which nothing new is begun. */
const spendable = 0.8;
/** Dropped since it was listed, or a view. */
const nothingHere: ReadonlySet<number> = new Set([26, 166, 40_602]);

interface DatabaseSize {
  readonly database: string;
  readonly bytes: number | undefined;
  readonly stats: Document;
}

/**
 * Sizes of databases, and of the biggest and the fastest growing collections. Asked of the primary (of a replica when there is none), in a
 * sharded cluster of one mongos, which adds up the shards.
 */
export function createStorageReader({ clock, options }: StorageInput): Reader {
  const walk = new CollectionWalk(clock, options.collectionsPerReading);
  return async (deployment, context) => {
    const endMs = clock.monotonicMs() + mongodbGroups.storage.apartDeadlineMs * spendable;
    const asking: BoundedAsking = {
      group: 'storage',
      signal: context.signal,
      isOver: () => clock.monotonicMs() >= endMs,
    };
    const source = sourceOf(deployment);
    const databases = await listDatabases(source, asking);
    await readDatabases(source, databases, asking, context);
    if (options.topCollections === 0) return;
    await context.attempt('collections', async (inner) => {
      await walk.go(source, databases, asking);
      recordCollections(walk, options.topCollections, inner);
    });
  };
}

function sourceOf(deployment: Deployment): Member {
  const mongos = deployment.mongoses.find(({ hello }) => hello !== undefined);
  if (deployment.kind === 'sharded') {
    if (mongos !== undefined) return mongos;
    throw new CollectError(
      'unreachable',
      'no mongos of the target answers, and a shard alone does not know all',
    );
  }
  const members = dataMembers(deployment);
  const primary = deployment.sets[0]?.primary;
  const source = primary ?? members.find(({ hello }) => hello !== undefined) ?? members[0];
  if (source === undefined) throw new CollectError('unreachable', 'the target has no member with data');
  return source;
}

async function readDatabases(
  source: Member,
  databases: readonly string[],
  asking: BoundedAsking,
  context: MongodbContext,
): Promise<void> {
  const sizes: DatabaseSize[] = [];
  let isLost = false;
  for (const [position, database] of databases.entries()) {
    if (isLost || asking.isOver()) {
      context.truncate(databases.length - position);
      break;
    }
    await context.attempt(database, async () => {
      try {
        const stats = await source.client.command(database, { dbStats: 1, scale: 1 }, asking);
        sizes.push({ database, bytes: bytesOf(stats), stats });
      } catch (thrown) {
        // The others would only wait for the same.
        isLost = toCollectError(thrown).code === 'unreachable';
        throw thrown;
      }
    });
  }
  const sorted = sizes.sort((one, other) => (other.bytes ?? 0) - (one.bytes ?? 0));
  for (const { database, bytes, stats } of sorted.slice(0, mostDatabases)) {
    const labels = { database };
    context.record('storageBytes', bytes, labels);
    for (const [metric, field] of [
      ['dataBytes', 'dataSize'],
      ['indexBytes', 'indexSize'],
      ['documents', 'objects'],
      ['collections', 'collections'],
      ['indexes', 'indexes'],
    ] as const)
      context.record(metric, valueAt(stats, field), labels);
  }
  context.truncate(Math.max(0, sorted.length - mostDatabases));
}

/** Of a database or a collection; undefined when a part is missing. */
function bytesOf(stats: Document, index = 'indexSize'): number | undefined {
  const [storage, indexes] = [valueAt(stats, 'storageSize'), valueAt(stats, index)];
  return storage === undefined || indexes === undefined ? undefined : storage + indexes;
}

/** Visits collections in turns, one at a time, at most so many a reading. */
class CollectionWalk {
  readonly growth = new StorageGrowth();
  readonly #clock: Clock;
  readonly #perReading: number;
  #waiting: string[] = [];
  #listed = 0;
  /** Collections whose size was not given. */
  #unknown = 0;

  constructor(clock: Clock, perReading: number) {
    this.#clock = clock;
    this.#perReading = perReading;
  }

  /** Collections that were listed, and those among them that are not known. */
  get state(): { readonly listed: number; readonly unknown: number } {
    return { listed: this.#listed, unknown: Math.max(this.#unknown, this.#listed - this.growth.size) };
  }

  async go(source: Member, databases: readonly string[], asking: BoundedAsking): Promise<void> {
    if (this.#waiting.length === 0) await this.#list(source, databases, asking);
    let failure: CollectError | undefined;
    for (let count = 0; count < this.#perReading; count += 1) {
      const name = this.#waiting.at(-1);
      if (name === undefined || asking.isOver()) break;
      try {
        const bytes = await readCollection(source, name, asking);
        if (bytes === undefined) this.growth.forget(name);
        else this.growth.add(name, bytes, this.#clock.monotonicMs());
      } catch (thrown) {
        const error = toCollectError(thrown);
        if (asking.signal.aborted || error.code === 'unreachable' || error.code === 'throttled') throw error;
        this.growth.forget(name);
        this.#unknown += 1;
        failure ??= error;
      }
      this.#waiting.pop();
    }
    // Some failed: the rest is worth telling, unless there is none.
    if (failure !== undefined && this.growth.size === 0) throw failure;
  }

  async #list(source: Member, databases: readonly string[], asking: BoundedAsking): Promise<void> {
    const names: string[] = [];
    for (const database of databases) {
      for (const collection of await listCollections(source, database, asking))
        names.push(`${database}.${collection}`);
    }
    this.growth.keepOnly(new Set(names));
    this.#listed = names.length;
    this.#unknown = 0;
    this.#waiting = names.toReversed();
  }
}

/**
 * Storage and indexes of one collection in bytes, added up over shards; undefined when it is gone.
 *
 * @see https://www.mongodb.com/docs/manual/reference/operator/aggregation/collStats/
 */
async function readCollection(
  source: Member,
  name: string,
  asking: BoundedAsking,
): Promise<number | undefined> {
  const [database, collection] = splitName(name);
  const pipeline = [
    { $collStats: { storageStats: { scale: 1 } } },
    { $project: { 'storageStats.storageSize': 1, 'storageStats.totalIndexSize': 1 } },
  ];
  try {
    const command = { aggregate: collection, pipeline, cursor: { batchSize: 1_000 } };
    const answer = await source.client.command(database, command, asking);
    const parts = listAt(answer, 'cursor.firstBatch').map((row) =>
      bytesOf(documentAt(row, 'storageStats') ?? {}, 'totalIndexSize'),
    );
    let sum: number | undefined;
    for (const part of parts) {
      if (part === undefined) return undefined;
      sum = (sum ?? 0) + part;
    }
    return sum;
  } catch (thrown) {
    if (nothingHere.has(codeOf(thrown) ?? 0)) return undefined;
    throw thrown;
  }
}

/** Names of databases hold no dot. */
function splitName(name: string): readonly [string, string] {
  const dot = name.indexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1)];
}

function recordCollections(walk: CollectionWalk, top: number, context: MongodbContext): void {
  const { listed, unknown } = walk.state;
  const labelsOf = ({ name }: CollectionSize) => {
    const [database, collection] = splitName(name);
    return { database, collection };
  };
  const biggest = walk.growth.biggest(top);
  const fastest = walk.growth.fastest(top);
  for (const size of biggest) context.record('collectionBytes', size.bytes, labelsOf(size));
  for (const size of fastest) context.record('collectionGrowthBytes', size.growthBytes, labelsOf(size));
  context.record('collectionCoverage', listed === 0 ? 1 : (listed - unknown) / listed, {});
  const rows = [...new Map([...biggest, ...fastest].map((size) => [size.name, size])).values()];
  context.detail(
    'collections',
    rows.map((size) => ({
      ...labelsOf(size),
      bytes: size.bytes,
      growthBytesPerDay: size.growthBytes ?? null,
    })),
  );
  context.truncate(unknown);
}
