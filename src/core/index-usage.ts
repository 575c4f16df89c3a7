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
  /** Unique within the cluster: the target, or a member of it where a target holds several. */
  readonly member: string;
  /** Tells clones apart: members count as one cluster only while this is equal (PostgreSQL: the timeline). */
  readonly generation: string;
  readonly database: string;
  /** Unix time in milliseconds. */
  readonly at: number;
  readonly indexes: readonly IndexCount[];
  /** How this member and the others know each other; absent where the engine cannot say. */
  readonly links?: MemberLinks;
}

/**
 * How the members of a cluster know each other, so that a clone is not taken for a member and no member is forgotten. Names are the
 * engine's own, such as `slot:standby_a`. A store keeps links as one JSON value.
 */
export interface MemberLinks {
  /** Under which names the others see this member. */
  readonly names: readonly string[];
  /** The members this one sees and whose use counts: one name each, so equal names are different members. */
  readonly sees: readonly string[];
}

/** Links as they are remembered: with every name of the last 400 days and when it was last read, Unix time in milliseconds. */
export interface RememberedLinks extends MemberLinks {
  readonly lastBorne: Readonly<Record<string, number>>;
  readonly lastSeen: Readonly<Record<string, number>>;
}

/** What is remembered about one index on one member. */
export interface IndexUse extends IndexCount {
  /** Since when every use would have been seen: first seen, or the end of the last gap. */
  readonly watchedSince: number;
  /** Scans seen since `watchedSince` began, over all epochs; fewer than there were when the watch began again at a gap. */
  readonly scansSeen: number;
  /** When the counter restarted since then, oldest first, at most `mostGaps`; absent when it never did. */
  readonly gaps?: readonly number[];
}

/** What is remembered about one member's database. */
export interface MemberIndexUsage {
  readonly member: string;
  readonly generation: string;
  readonly at: number;
  readonly indexes: ReadonlyMap<string, IndexUse>;
  readonly links?: RememberedLinks;
}

/**
 * When a counter restarted, uses between the last reading and the restart are lost. Up to this long the loss is accepted as the
 * resolution of the watch; a longer one starts the watch again. So where indexes are read less often than this, every restart does.
 */
export const longestBlindMs = 15 * 60_000;

/**
 * Restarts that one watch bears. With more of them the watch begins at the oldest again, because somebody resets the counters as a habit,
 * perhaps right after the nightly job that uses the index.
 */
export const mostGaps = 3;

/** How long names, members and databases that are no longer seen are remembered. */
export const rememberMs = 400 * 86_400_000;

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
  const links = foldLinks(before?.links, reading.links, reading.at);
  return {
    member: reading.member,
    generation: reading.generation,
    at: reading.at,
    indexes,
    ...(links === undefined ? {} : { links }),
  };
}

function firstUse(count: IndexCount, at: number): IndexUse {
  return { ...count, watchedSince: at, scansSeen: 0 };
}

function nextUse(known: IndexUse, count: IndexCount, lastAt: number, at: number): IndexUse {
  if (isUnchanged(known, count)) return known;
  const restarted = count.epoch !== known.epoch || count.scans < known.scans;
  const grown = restarted ? count.scans : count.scans - known.scans;
  const watch = restarted
    ? restartWatch(known, lastAt, at)
    : { watchedSince: known.watchedSince, gaps: known.gaps ?? [] };
  const startsAgain = watch.watchedSince !== known.watchedSince;
  const lastUsedAt = latest(known.lastUsedAt, grown > 0 ? useBetween(count, lastAt, at) : count.lastUsedAt);
  return {
    ...count,
    watchedSince: watch.watchedSince,
    scansSeen: (startsAgain ? 0 : known.scansSeen) + grown,
    ...(watch.gaps.length === 0 ? {} : { gaps: watch.gaps }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
  };
}

/** A counter that grew did so since the last reading; a server whose clock says otherwise is not believed. */
function useBetween({ lastUsedAt }: IndexCount, lastAt: number, at: number): number {
  return lastUsedAt !== undefined && lastUsedAt >= lastAt && lastUsedAt <= at ? lastUsedAt : at;
}

/** Then what is remembered stays the same object, and a store has nothing to write. */
function isUnchanged(known: IndexUse, count: IndexCount): boolean {
  return (
    count.scans === known.scans &&
    count.epoch === known.epoch &&
    (count.lastUsedAt === undefined || count.lastUsedAt <= (known.lastUsedAt ?? Number.NEGATIVE_INFINITY))
  );
}

function restartWatch(
  known: IndexUse,
  lastAt: number,
  at: number,
): { readonly watchedSince: number; readonly gaps: readonly number[] } {
  if (at - lastAt > longestBlindMs) return { watchedSince: at, gaps: [] };
  const gaps = [...(known.gaps ?? []), at];
  const oldest = gaps.length > mostGaps ? gaps.shift() : undefined;
  return { watchedSince: oldest ?? known.watchedSince, gaps };
}

function foldLinks(
  before: RememberedLinks | undefined,
  links: MemberLinks | undefined,
  at: number,
): RememberedLinks | undefined {
  if (links === undefined) return before;
  return {
    names: links.names,
    sees: links.sees,
    lastBorne: remember(before?.lastBorne, links.names, at),
    lastSeen: remember(before?.lastSeen, links.sees, at),
  };
}

function remember(
  before: Readonly<Record<string, number>> | undefined,
  names: readonly string[],
  at: number,
): Record<string, number> {
  const kept = Object.entries(before ?? {}).filter(([, lastAt]) => at - lastAt < rememberMs);
  // From entries, so that a name like `__proto__` is an ordinary one.
  return Object.fromEntries([...kept, ...names.map((name) => [name, at] as const)]);
}

function latest(...times: readonly (number | undefined)[]): number | undefined {
  let newest: number | undefined;
  for (const time of times) if (time !== undefined && (newest === undefined || time > newest)) newest = time;
  return newest;
}
