/**
 * How often each index of a cluster was used, followed over statistics resets, restarts and every member, so that "unused" can be
 * proven. Engines give counters; this folds them. Pure.
 */

/** One index as one member counts it. */
export interface IndexCount {
  /** Identity of the index that all members of the cluster share (PostgreSQL: its oid), within the database. */
  readonly key: string;
  /** Scans since `epoch` began. */
  readonly scans: number;
  /** Changes when the counter was restarted: a statistics reset, a crash, `since`. */
  readonly epoch: string;
  /** When the index was last used, Unix time in milliseconds, where the server says it. */
  readonly lastUsedAt?: number;
}

/** One member's counts of one database, read together. */
export interface IndexUsageReading {
  /** Identity that all members share, with the engine in front: `postgres:7301…`. Clones may share it: see `generation`. */
  readonly cluster: string;
  /** The target. */
  readonly member: string;
  /** Tells clones apart: members count as one cluster only while this is equal (PostgreSQL: the timeline). */
  readonly generation: string;
  readonly database: string;
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly indexes: readonly IndexCount[];
}

/** What is remembered about one index on one member. */
export interface IndexUse extends IndexCount {
  /** Since when every use would have been seen: first seen, or the end of the last gap. */
  readonly watchedSince: number;
  /** Scans seen since `watchedSince` began, over all epochs. */
  readonly scansSeen: number;
}

/** What is remembered about one member's database. */
export interface MemberIndexUsage {
  readonly member: string;
  readonly generation: string;
  readonly at: number;
  readonly indexes: ReadonlyMap<string, IndexUse>;
}

/**
 * When a counter restarted, uses between the last reading and the restart are lost. Up to this long the loss is accepted as the
 * resolution of the watch; a longer one starts the watch again.
 */
export const longestBlindMs = 15 * 60_000;

/** Folds a reading into what was remembered. Indexes that are gone are forgotten. */
export function foldIndexUsage(
  before: MemberIndexUsage | undefined,
  reading: IndexUsageReading,
): MemberIndexUsage {
  const indexes = new Map<string, IndexUse>();
  for (const count of reading.indexes) {
    const known = before?.indexes.get(count.key);
    const use =
      before === undefined || known === undefined
        ? firstUse(count, reading.at)
        : nextUse(known, count, before.at, reading.at);
    indexes.set(count.key, use);
  }
  return { member: reading.member, generation: reading.generation, at: reading.at, indexes };
}

/** How long the index has been seen unused on this member, in milliseconds; 0 when it was just used. */
export function unusedForMs(use: IndexUse, at: number): number {
  return Math.max(0, at - Math.max(use.watchedSince, use.lastUsedAt ?? 0));
}

function firstUse(count: IndexCount, at: number): IndexUse {
  return { ...count, watchedSince: at, scansSeen: 0 };
}

function nextUse(known: IndexUse, count: IndexCount, lastAt: number, at: number): IndexUse {
  const restarted = count.epoch !== known.epoch || count.scans < known.scans;
  const grown = restarted ? count.scans : count.scans - known.scans;
  const blind = restarted && at - lastAt > longestBlindMs;
  const lastUsedAt = latest(
    known.lastUsedAt,
    count.lastUsedAt,
    grown > 0 ? (count.lastUsedAt ?? at) : undefined,
  );
  return {
    ...count,
    watchedSince: blind ? at : known.watchedSince,
    scansSeen: (blind ? 0 : known.scansSeen) + grown,
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
  };
}

function latest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
