import {
  type DetailRow,
  type EvidenceDraft,
  type JsonObject,
  type OperationContext,
  toCollectError,
} from '../../../src/sdk.ts';
import { type BoundedAsking, listDatabases } from '../collections.ts';
import { type Deployment, dataMembers } from '../deployment.ts';
import { type Document, listAt, numberAt } from '../document.ts';
import type { Member } from '../member.ts';
import type { Place } from './place.ts';

/** One database, as the server adds it up; bytes. */
interface DatabaseSpace {
  readonly database: string;
  readonly storageBytes: number;
  readonly indexBytes: number;
  /** Inside its files, taken again by what is written next; undefined where the server does not tell. */
  readonly reusableBytes: number | undefined;
  readonly diskUsedBytes: number | undefined;
  readonly diskTotalBytes: number | undefined;
}

const mostDatabases = 50;
const mostCollections = 10;
/** Below these nobody gains anything. */
const worthBytes = 100 * 1_024 ** 2;
const worthShare = 0.2;
const dayMs = 86_400_000;

/**
 * What grows, how fast, when the disk is full, and what could be done: advice, because everything that gives space back deletes documents
 * or takes a lock.
 */
export async function adviseGrowth(
  place: Place,
  context: OperationContext,
): Promise<readonly EvidenceDraft[]> {
  const { signal } = context;
  const deployment = await place.reading.discover(signal);
  const spaces = await readSpaces(deployment, signal);
  const rows = (kind: string): readonly DetailRow[] =>
    (place.input.snapshot()?.readings ?? []).flatMap(({ details }) => details[kind] ?? []);
  const growing = growingCollections(rows('collections'));
  return [
    sizeAdvice(spaces, growing, place.input.clock.now()),
    ...collectionAdvice(growing),
    ...reusableAdvice(spaces),
    ...unusedAdvice(rows('indexes')),
    ...(await oplogAdvice(deployment, signal)),
  ];
}

async function readSpaces(deployment: Deployment, signal: AbortSignal): Promise<readonly DatabaseSpace[]> {
  const source = sourceOf(deployment);
  if (source === undefined) return [];
  const asking: BoundedAsking = { group: 'storage', signal, isOver: () => signal.aborted };
  const spaces: DatabaseSpace[] = [];
  for (const database of (await listDatabases(source, asking)).slice(0, mostDatabases)) {
    const stats = await source.client.command(database, { dbStats: 1, scale: 1, freeStorage: 1 }, asking);
    spaces.push(spaceOf(database, stats));
  }
  return spaces.toSorted(
    (one, other) => other.storageBytes + other.indexBytes - one.storageBytes - one.indexBytes,
  );
}

/** Of a set its primary; of a cluster a mongos, which adds up the shards and knows no disk. */
function sourceOf({ kind, mongoses, sets, members }: Deployment): Member | undefined {
  if (kind === 'sharded') return mongoses.find(({ hello }) => hello !== undefined);
  return sets[0]?.primary ?? members.find(({ hello }) => hello !== undefined);
}

function spaceOf(database: string, stats: Document): DatabaseSpace {
  return {
    database,
    storageBytes: numberAt(stats, 'storageSize') ?? 0,
    indexBytes: numberAt(stats, 'indexSize') ?? 0,
    reusableBytes: numberAt(stats, 'totalFreeStorageSize') ?? numberAt(stats, 'freeStorageSize'),
    diskUsedBytes: numberAt(stats, 'fsUsedSize'),
    diskTotalBytes: numberAt(stats, 'fsTotalSize'),
  };
}

interface Growing {
  readonly name: string;
  readonly bytes: number;
  readonly perDay: number;
}

/** Collections whose growth was watched, the fastest first. */
function growingCollections(rows: readonly DetailRow[]): readonly Growing[] {
  return rows
    .flatMap(({ database, collection, bytes, growthBytesPerDay: perDay }) =>
      typeof bytes === 'number' && typeof perDay === 'number' && perDay > 0
        ? [{ name: `${String(database)}.${String(collection)}`, bytes, perDay }]
        : [],
    )
    .toSorted((one, other) => other.perDay - one.perDay);
}

function sizeAdvice(
  spaces: readonly DatabaseSpace[],
  growing: readonly Growing[],
  now: number,
): EvidenceDraft {
  const perDay = growing.reduce((sum, each) => sum + each.perDay, 0);
  const disk = spaces.find(({ diskTotalBytes }) => diskTotalBytes !== undefined);
  const free =
    disk?.diskTotalBytes === undefined || disk.diskUsedBytes === undefined
      ? undefined
      : disk.diskTotalBytes - disk.diskUsedBytes;
  const days = free === undefined || perDay <= 0 ? undefined : free / perDay;
  const when =
    days === undefined
      ? free === undefined
        ? 'how full the disk is, nobody tells'
        : `${shown(free)} of the disk are free, and no growth was watched yet`
      : `${shown(free ?? 0)} of the disk are free: full in about ${Math.floor(days)} days at this pace`;
  return advice(`documents and indexes grow by ${shown(perDay)} a day; ${when}`, {
    databases: spaces.map((space) => ({
      database: space.database,
      storageBytes: space.storageBytes,
      indexBytes: space.indexBytes,
      reusableBytes: space.reusableBytes ?? null,
    })),
    growthBytesPerDay: Math.round(perDay),
    watchedCollections: growing.length,
    diskFreeBytes: free ?? null,
    fullAt: days === undefined ? null : new Date(now + days * dayMs).toISOString(),
  });
}

/** What to do with the ones that grow: Reeve does none of it, for it deletes documents. */
function collectionAdvice(growing: readonly Growing[]): readonly EvidenceDraft[] {
  const top = growing.slice(0, mostCollections);
  if (top.length === 0) return [];
  return [
    advice(
      `the fastest growing is ${top[0]?.name ?? ''}, by ${shown(top[0]?.perDay ?? 0)} a day: let documents expire, archive them, or leave them out`,
      {
        collections: top.map(({ name, bytes, perDay }) => ({
          collection: name,
          bytes,
          growthBytesPerDay: Math.round(perDay),
        })),
        options: [
          'a TTL index on the field that says how old a document is; it deletes for good and without end, so read how many documents match first',
          'archive what is older than anybody reads to a place that costs less, and delete it by hand in small batches',
          'a time series collection for measurements: its documents are stored in columns and take much less',
          'shorter field names, no null fields, and zstd for new collections (storageEngine.wiredTiger.configString)',
        ],
      },
    ),
  ];
}

function reusableAdvice(spaces: readonly DatabaseSpace[]): readonly EvidenceDraft[] {
  const worth = spaces.filter(
    ({ reusableBytes = 0, storageBytes }) =>
      reusableBytes >= worthBytes && reusableBytes >= storageBytes * worthShare,
  );
  if (worth.length === 0) return [];
  const total = worth.reduce((sum, { reusableBytes = 0 }) => sum + reusableBytes, 0);
  return [
    advice(
      `${shown(total)} inside the files are free and taken again by what is written next; only compact gives them back to the disk`,
      {
        databases: worth.map(({ database, reusableBytes = 0, storageBytes }) => ({
          database,
          reusableBytes,
          storageBytes,
        })),
        how: 'run compact on one hidden or secondary member after the other, then step down and do the last one; it is not worth it where the collection will grow again',
        whyNot:
          'compact holds locks on its collection before MongoDB 4.4 and costs disk traffic in every version, and nothing takes it back',
      },
    ),
  ];
}

/** The pipeline of indexes takes them away, after a hide and a soak. */
function unusedAdvice(rows: readonly DetailRow[]): readonly EvidenceDraft[] {
  const unused = rows.filter(({ verdict }) => verdict === 'unused');
  const bytes = unused.reduce((sum, row) => sum + (typeof row['bytes'] === 'number' ? row['bytes'] : 0), 0);
  if (unused.length === 0) return [];
  return [
    advice(
      `${unused.length} indexes that nobody uses take ${shown(bytes)}: the pipeline index_management hides and then drops them`,
      {
        indexes: unused
          .slice(0, mostCollections)
          .map((row) => `${String(row['database'])}.${String(row['collection'])}.${String(row['index'])}`),
        bytes,
      },
    ),
  ];
}

/** Bounded by its own maximum: it grows to it and stays. */
async function oplogAdvice(deployment: Deployment, signal: AbortSignal): Promise<readonly EvidenceDraft[]> {
  const command = { aggregate: 'oplog.rs', pipeline: [{ $collStats: { storageStats: {} } }], cursor: {} };
  const oplogs: JsonObject[] = [];
  for (const { name, client, facts, hello } of dataMembers(deployment, { config: false })) {
    if (facts.set === undefined || hello === undefined) continue;
    try {
      const answer = await client.command('local', command, { signal, group: 'storage' });
      const [row] = listAt(answer, 'cursor.firstBatch');
      const [size, most] = [numberAt(row, 'storageStats.storageSize'), numberAt(row, 'storageStats.maxSize')];
      if (size !== undefined) oplogs.push({ member: name, bytes: size, mostBytes: most ?? null });
    } catch (thrown) {
      signal.throwIfAborted();
      oplogs.push({ member: name, bytes: null, mostBytes: null, why: toCollectError(thrown).message });
    }
  }
  const known = oplogs.flatMap(({ bytes }) => (typeof bytes === 'number' ? [bytes] : []));
  if (known.length === 0) return [];
  return [
    advice(
      `the oplog takes ${shown(Math.max(...known))} on a member; it grows to its maximum and no further`,
      {
        members: oplogs,
        how: 'replSetResizeOplog changes the maximum at run time; keep a window that outlives the longest time a member or a backup may be behind (reeve_mongodb_oplog_window_seconds)',
      },
    ),
  ];
}

function shown(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (Math.abs(value) >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${Number(value.toPrecision(3))} ${units[unit] ?? ''}`;
}

function advice(title: string, body: JsonObject): EvidenceDraft {
  return { kind: 'advice', title, body };
}
