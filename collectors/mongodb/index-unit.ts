import {
  type Clock,
  type CollectError,
  type DetailRow,
  type History,
  isOverdueForReview,
  toCollectError,
} from '../../src/sdk.ts';
import { type BoundedAsking, OutOfTime } from './collections.ts';
import { differenceRow, type IndexDifference } from './index-differences.ts';
import {
  type CollectionVerdicts,
  type JudgeRules,
  judgeCollection,
  type SetReading,
} from './index-judging.ts';
import type { IndexUnit } from './index-rotation.ts';
import { rememberShardUse } from './index-shard-use.ts';
import { type IndexSizes, readIndexSizes } from './index-sizes.ts';
import { keyText } from './index-spec.ts';
import { type MemberStats, readIndexStats } from './index-stats.ts';
import { byImportance, type JudgedIndex, type Verdict, verdictRow } from './index-verdicts.ts';
import { observeMember, type WatchedSet, watchSet } from './index-watch.ts';
import type { Member } from './member.ts';

/** What is kept of a unit until it is read again: numbers, and rows for what deserves a look. */
export interface UnitResult {
  readonly database: string;
  /** When it was judged, in milliseconds that only grow. */
  readonly atMs: number;
  /** Collections that every member gave, and all. */
  readonly wholeCollections: number;
  readonly collections: number;
  /** Whether no collection withheld its indexes from a member that answered: then the counts are whole. */
  readonly isReadable: boolean;
  /** Whether something can be proven unused here: then no unused index means none. */
  readonly isProvable: boolean;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly candidates: number;
  readonly hidden: number;
  readonly building: number;
  /** Undefined where a size is not known. */
  readonly unusedBytes: number | undefined;
  /** Of those proven unused already when the last quarter ended; undefined where a size is not known. */
  readonly overdueBytes: number | undefined;
  readonly redundant: number;
  readonly redundantBytes: number | undefined;
  /** Undefined where shards could not be compared. */
  readonly differing: number | undefined;
  /** Since when the use of all of it is followed, Unix time in milliseconds. */
  readonly watchedSince: number | undefined;
  readonly rows: readonly DetailRow[];
  readonly overlapRows: readonly DetailRow[];
  readonly differenceRows: readonly DetailRow[];
  /** Rows that were too many to keep. */
  readonly leftOut: number;
}

export interface UnitRequest {
  readonly sets: readonly WatchedSet[];
  readonly history: History;
  readonly clock: Clock;
  readonly asking: BoundedAsking;
  readonly rules: Omit<JudgeRules, 'now' | 'unusedAfterMs' | 'lastUseOnShard'>;
  /** Under which the use of indexes over all shards is remembered. */
  readonly shardsCluster: string;
  readonly unusedAfterMs: number;
  readonly freshWithinMs: number;
  /** Members that failed in this reading, and are not asked again until the next. */
  readonly failed: Map<Member, CollectError>;
  /** Told of each collection that a member would not give. */
  readonly onUnreadable: (member: Member, error: CollectError) => void;
}

/** Rows of one unit; more are counted. */
const mostRows = 100;

/**
 * Reads the indexes of one unit from every member of every set that has some of it, remembers what they count, and judges. Undefined when
 * no member answered.
 *
 * @throws {OutOfTime} when the reading's time is spent.
 */
export async function readUnit(unit: IndexUnit, request: UnitRequest): Promise<UnitResult | undefined> {
  const { sets, clock, rules } = request;
  const holders = sets.filter(({ name }) => unit.collections.has(name));
  const readings = await Promise.all(holders.map((set) => readSet(unit, set, request)));
  const names = new Set([...unit.collections.values()].flat());
  const isPartial = rules.isPartial || readings.some((reading) => reading === undefined);
  const known = readings.filter((reading) => reading !== undefined);
  if (known.length === 0) return undefined;
  const judgeRules: JudgeRules = {
    ...rules,
    isPartial,
    now: clock.now(),
    unusedAfterMs: request.unusedAfterMs,
    lastUseOnShard: await shardUse(unit, known, isPartial, request),
  };
  const verdicts = [...names].map((name) => judgeCollection(unit, name, known, judgeRules));
  const sizes = await readSizes(unit, verdicts, known, request);
  const isReadable = known.every(({ read }) =>
    [...read.values()].every(({ unreadable }) => unreadable.size === 0),
  );
  const isWhole = !isPartial && known.every((reading) => reading.isWhole && reading.set.isComplete);
  const isProvable =
    isWhole &&
    isReadable &&
    rules.sharding !== 'unknown' &&
    known.every(({ watch }) => watch.blockers.length === 0);
  const isOverdue = (proof: JudgedIndex): boolean =>
    proof.verdict === 'unused' &&
    isOverdueForReview({ proof, unusedAfterMs: request.unusedAfterMs, now: judgeRules.now });
  const state = { sizes, isReadable, isWhole, isProvable, isOverdue, atMs: clock.monotonicMs() };
  return summarize(unit, verdicts, known, state);
}

/** When some shard last used an index, be it gone by now. */
async function shardUse(
  unit: IndexUnit,
  readings: readonly SetReading[],
  isPartial: boolean,
  { history, clock, rules, shardsCluster }: UnitRequest,
): Promise<JudgeRules['lastUseOnShard']> {
  if (rules.sharding === undefined) return () => undefined;
  const now = clock.now();
  const isWhole = !isPartial && readings.every((reading) => reading.isWhole);
  const uses = await rememberShardUse(history, unit, { cluster: shardsCluster, at: now, isWhole }, readings);
  return (key) => uses.get(key);
}

interface UnitState {
  readonly sizes: Sizes;
  readonly isReadable: boolean;
  /** Whether every member answered. */
  readonly isWhole: boolean;
  readonly isProvable: boolean;
  readonly isOverdue: (index: JudgedIndex) => boolean;
  readonly atMs: number;
}

/** Undefined when no member of the set answered. */
async function readSet(
  unit: IndexUnit,
  set: WatchedSet,
  request: UnitRequest,
): Promise<SetReading | undefined> {
  const { history, clock, unusedAfterMs, freshWithinMs } = request;
  const collections = unit.collections.get(set.name) ?? [];
  const answers = await Promise.all(
    set.members.map(async (member) => ({ member, stats: await ask(member, unit, collections, request) })),
  );
  const read = answers.flatMap(({ member, stats }) => (stats === undefined ? [] : [{ member, stats }]));
  const first = read.find(({ member }) => member === set.primary) ?? read[0];
  if (first === undefined) return undefined;
  for (const { member, stats } of read) {
    const reading = { scope: unit.scope, at: clock.now(), stats: [...stats.stats.values()].flat() };
    await observeMember(history, set, member, reading);
  }
  const times = { now: clock.now(), unusedAfterMs, freshWithinMs };
  const watch = await watchSet(history, set, { scope: unit.scope, ...times });
  const ordered = [first, ...read.filter((other) => other !== first)];
  return {
    set,
    read: new Map(ordered.map(({ member, stats }) => [member.name, stats])),
    isWhole: read.length === set.members.length,
    watch,
  };
}

async function ask(
  member: Member,
  unit: IndexUnit,
  collections: readonly string[],
  { asking, failed, onUnreadable }: UnitRequest,
): Promise<MemberStats | undefined> {
  if (member.failure !== undefined) failed.set(member, member.failure);
  if (failed.has(member)) return undefined;
  try {
    const stats = await readIndexStats(member, unit.database, collections, asking);
    for (const error of stats.unreadable.values()) onUnreadable(member, error);
    return stats;
  } catch (thrown) {
    // The end of the reading is not the member's fault.
    if (asking.signal.aborted || thrown instanceof OutOfTime) throw thrown;
    failed.set(member, toCollectError(thrown));
    return undefined;
  }
}

/** Sizes by set and collection, of what the verdicts make worth knowing. */
type Sizes = ReadonlyMap<string, readonly (IndexSizes | undefined)[]>;

async function readSizes(
  unit: IndexUnit,
  verdicts: readonly CollectionVerdicts[],
  readings: readonly SetReading[],
  { asking, failed }: UnitRequest,
): Promise<Sizes> {
  const sizes = new Map<string, readonly (IndexSizes | undefined)[]>();
  for (const { collection, judged, overlaps } of verdicts) {
    if (
      overlaps.length === 0 &&
      !judged.some(({ verdict, isCandidate }) => verdict === 'unused' || isCandidate)
    )
      continue;
    const holders = readings.filter(({ read }) => [...read.values()][0]?.stats.has(collection));
    const found = holders.map(async ({ set, read }) => {
      const [name] = read.keys();
      const member = set.members.find((each) => each.name === name && !failed.has(each));
      if (member === undefined) return undefined;
      try {
        return await readIndexSizes(member, unit.database, collection, asking);
      } catch (thrown) {
        if (asking.signal.aborted) throw thrown;
        // Sizes can wait: the verdicts stand without them.
        if (thrown instanceof OutOfTime) return undefined;
        failed.set(member, toCollectError(thrown));
        return undefined;
      }
    });
    sizes.set(collection, await Promise.all(found));
  }
  return sizes;
}

/** As one member of each shard stores it; undefined unless all that have it said so. */
function bytesOf(sizes: Sizes, collection: string, index: string): number | undefined {
  const known = sizes.get(collection);
  if (known === undefined || known.length === 0 || known.includes(undefined)) return undefined;
  const bytes = known.flatMap((shard) => shard?.get(index) ?? []);
  return bytes.length === 0 ? undefined : bytes.reduce((sum, each) => sum + each, 0);
}

function summarize(
  unit: IndexUnit,
  verdicts: readonly CollectionVerdicts[],
  readings: readonly SetReading[],
  { sizes, isReadable, isWhole, isProvable, isOverdue, atMs }: UnitState,
): UnitResult {
  const { database } = unit;
  const judged = verdicts.flatMap((each) => each.judged).sort(byImportance);
  const bytes = ({ collection, spec }: JudgedIndex) => bytesOf(sizes, collection, spec.name);
  const overlaps = verdicts.flatMap(({ collection, overlaps }) =>
    overlaps.map(({ index, coveredBy }) => ({
      database,
      collection,
      index: index.name,
      key: keyText(index.fields),
      coveredBy: coveredBy.name,
      bytes: bytesOf(sizes, collection, index.name) ?? null,
    })),
  );
  const differences: IndexDifference[] = verdicts.flatMap((each) => each.differences ?? []);
  // What is used, and the index on _id, need no explanation.
  const notable = judged.filter(({ verdict, spec }) => verdict !== 'used' && !spec.flags.has('id'));
  const withheld = new Set(
    readings.flatMap(({ read }) => [...read.values()].flatMap(({ unreadable }) => [...unreadable.keys()])),
  );
  return {
    database,
    atMs,
    collections: unit.size,
    wholeCollections: isWhole ? unit.size - withheld.size : 0,
    isReadable,
    isProvable,
    verdicts: countVerdicts(judged),
    candidates: judged.filter(({ isCandidate }) => isCandidate).length,
    hidden: judged.filter(({ spec }) => spec.flags.has('hidden')).length,
    building: judged.filter(({ spec }) => spec.flags.has('building')).length,
    unusedBytes: sumOf(judged.filter(({ verdict }) => verdict === 'unused').map(bytes)),
    overdueBytes: sumOf(judged.filter(isOverdue).map(bytes)),
    redundant: overlaps.length,
    redundantBytes: sumOf(overlaps.map((overlap) => overlap.bytes ?? undefined)),
    differing: verdicts.some((each) => each.differences === undefined) ? undefined : differences.length,
    watchedSince: latestOf(readings.map(({ watch }) => watch.watchedSince)),
    rows: notable.slice(0, mostRows).map((index) => verdictRow(database, index, bytes(index))),
    overlapRows: overlaps.slice(0, mostRows),
    differenceRows: differences.slice(0, mostRows).map((difference) => differenceRow(database, difference)),
    leftOut: [notable, overlaps, differences].reduce(
      (sum, { length }) => sum + Math.max(0, length - mostRows),
      0,
    ),
  };
}

function countVerdicts(judged: readonly JudgedIndex[]): Record<Verdict, number> {
  const counts: Record<Verdict, number> = { unused: 0, unproven: 0, kept: 0, used: 0 };
  for (const { verdict } of judged) counts[verdict] += 1;
  return counts;
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length < values.length ? undefined : known.reduce((sum, value) => sum + value, 0);
}

function latestOf(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 || known.length < times.length ? undefined : Math.max(...known);
}
