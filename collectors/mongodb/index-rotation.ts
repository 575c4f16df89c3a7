import { createHash } from 'node:crypto';
import type { Memory } from '../../src/sdk.ts';

/** Collections by database by shard, as listed at the beginning of a rotation. */
export type Catalog = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;

/** What is read, remembered and judged together: the collections of one database, or one part of them where there are many. */
export interface IndexUnit {
  readonly database: string;
  /** Under which the use of its indexes is remembered: the database, with the part where it has several. */
  readonly scope: string;
  /** Collections by shard. */
  readonly collections: ReadonlyMap<string, readonly string[]>;
  /** Different collections, over all shards. */
  readonly size: number;
}

/** A part of a database has about so many collections when the database is first seen, and at most a quarter of a reading's. */
const collectionsPerPart = 250;
/** A database that has grown so much is divided anew, and its watch begins again. */
const longestGrowth = 16;
/** Below this a part is slow for another reason than its size. */
const smallestPart = 20;
const longestText = 500_000;
const memoryKey = 'index_parts';

/**
 * Divides databases into units. A collection stays in its part for as long as the database is not divided anew, because the use of a part's
 * indexes is remembered together: so the number of parts is remembered over restarts.
 */
export function divideIntoUnits(
  catalog: Catalog,
  memory: Memory,
  collectionsPerReading: number,
): readonly IndexUnit[] {
  const perPart = Math.min(collectionsPerPart, collectionsPerReading / 4);
  // A map, because a database may be called `constructor`.
  const remembered = new Map(Object.entries(rememberedParts(memory)));
  const parts = new Map<string, number>();
  const units: IndexUnit[] = [];
  const databases = new Set([...catalog.values()].flatMap((shard) => [...shard.keys()]));
  for (const database of [...databases].sort()) {
    const names = new Set([...catalog.values()].flatMap((shard) => shard.get(database) ?? []));
    const count = partsFor(names.size / perPart, remembered.get(database));
    parts.set(database, count);
    units.push(...unitsOf(database, count, catalog));
  }
  remember(parts, memory);
  return units;
}

function partsFor(parts: number, remembered: number | undefined): number {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, parts)));
  return remembered === undefined || wanted > remembered * longestGrowth ? wanted : remembered;
}

/**
 * Has the next division make smaller parts of a database, because one part took longer than a reading may. What was remembered of its
 * indexes is lost with the parts. False when the parts are small already.
 */
export function divideFurther({ database, scope, size }: IndexUnit, memory: Memory): boolean {
  if (size < smallestPart) return false;
  const parts = new Map(Object.entries(rememberedParts(memory)));
  const now = Number(/of(\d+)$/.exec(scope.slice(database.length))?.[1] ?? 1);
  remember(parts.set(database, now * 4), memory);
  return true;
}

/** Tens of thousands of databases are too many to be remembered; then those in one part are not, which divides them anew if they grow. */
function remember(parts: ReadonlyMap<string, number>, memory: Memory): void {
  const all = JSON.stringify(Object.fromEntries(parts));
  const text =
    all.length < longestText
      ? all
      : JSON.stringify(Object.fromEntries([...parts].filter(([, count]) => count > 1)));
  if (text !== memory.read(memoryKey) && text.length < longestText) memory.write(memoryKey, text);
}

function unitsOf(database: string, parts: number, catalog: Catalog): readonly IndexUnit[] {
  const byPart = Array.from({ length: parts }, () => new Map<string, string[]>());
  for (const [shard, databases] of catalog) {
    for (const collection of databases.get(database) ?? []) {
      const part = byPart[parts === 1 ? 0 : partOf(collection, parts)];
      const list = part?.get(shard);
      if (list === undefined) part?.set(shard, [collection]);
      else list.push(collection);
    }
  }
  return byPart.flatMap((collections, part) => {
    const size = new Set([...collections.values()].flat()).size;
    const scope = parts === 1 ? database : `${database}/${part + 1}of${parts}`;
    return size === 0 ? [] : [{ database, scope, collections, size }];
  });
}

function partOf(collection: string, parts: number): number {
  return createHash('sha1').update(collection).digest().readUInt32BE() % parts;
}

function rememberedParts(memory: Memory): Readonly<Record<string, number>> {
  const text = memory.read(memoryKey);
  const value: unknown = text === undefined ? {} : JSON.parse(text);
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([database, parts]) =>
      typeof parts === 'number' ? [[database, parts] as const] : [],
    ),
  );
}
