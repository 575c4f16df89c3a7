import { CollectError, toCollectError } from '../../../src/sdk.ts';
import { codeOf } from '../client-errors.ts';
import type { Deployment, ReplicaSet } from '../deployment.ts';
import { booleanAt, type Document, documentAt, listAt, numberAt, textAt, timeAt } from '../document.ts';
import { type IndexSpec, parseIndexSpec } from '../index-spec.ts';
import { indexStatsPipeline } from '../index-stats.ts';
import type { Member } from '../member.ts';
import type { IndexName } from './subject.ts';

/** One index as one member has it now. */
export interface SeenIndex {
  readonly spec: IndexSpec;
  /** As `$indexStats` gives it. */
  readonly raw: Document;
  /** Uses by clients since `since`, Unix time in milliseconds. */
  readonly ops: number;
  readonly since: number;
}

/** The indexes of one collection as one member has them. */
export interface MemberSight {
  readonly member: Member;
  readonly set: ReplicaSet;
  /** By name. */
  readonly indexes: ReadonlyMap<string, SeenIndex>;
}

/** The indexes of one collection on every data-bearing member of every shard that has it. */
export interface CollectionSight {
  /** Members of the sets that have the collection. */
  readonly members: readonly MemberSight[];
  /** Members that were not read, with why: what they have is not known. */
  readonly unread: ReadonlyMap<string, CollectError>;
  /** Shards of which no member was read: nobody knows what they have. */
  readonly silentShards: readonly string[];
}

/** A collection has at most 64 indexes. */
const batchSize = 1_000;
/** There is no such collection here; it is a view, or a time series. */
const noIndexesHere: ReadonlySet<number> = new Set([26, 166, 40_602]);

/**
 * Reads a collection's indexes from every member itself: what a primary or mongos says of the others proves nothing.
 *
 * @throws {CollectError} when no member could be read.
 */
export async function readSights(
  { sets, unknownShards }: Deployment,
  { database, collection }: Pick<IndexName, 'database' | 'collection'>,
  signal: AbortSignal,
): Promise<CollectionSight> {
  const unread = new Map<string, CollectError>();
  const read = await Promise.all(
    sets
      .filter(({ isConfig }) => !isConfig)
      .flatMap((set) =>
        set.members
          .filter(({ facts }) => facts.kind === 'data')
          .map(async (member): Promise<MemberSight | undefined> => {
            try {
              if (member.failure !== undefined) throw member.failure;
              return { member, set, indexes: await readMember(member, database, collection, signal) };
            } catch (thrown) {
              if (signal.aborted) throw thrown;
              unread.set(member.name, toCollectError(thrown));
              return undefined;
            }
          }),
      ),
  );
  const known = read.filter((each) => each !== undefined);
  const [problem] = unread.values();
  if (known.length === 0) throw problem ?? new CollectError('unreachable', 'no member with data is known');
  const holders = new Set(known.filter(({ indexes }) => indexes.size > 0).map(({ set }) => set));
  const silent = sets.filter((set) => !set.isConfig && !known.some((each) => each.set === set));
  return {
    members: known.filter(({ set }) => holders.has(set)),
    unread,
    silentShards: [...unknownShards, ...silent.map(({ shard, name }) => shard ?? name ?? 'the server')],
  };
}

async function readMember(
  member: Member,
  database: string,
  collection: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SeenIndex>> {
  const command = { aggregate: collection, pipeline: indexStatsPipeline, cursor: { batchSize } };
  try {
    const answer = await member.client.command(database, command, { signal, group: 'indexes' });
    const rows = listAt(answer, 'cursor.firstBatch').map((row) => parseRow(member, row));
    return new Map(rows.map((seen) => [seen.spec.name, seen]));
  } catch (thrown) {
    if (noIndexesHere.has(codeOf(thrown) ?? 0)) return new Map();
    throw thrown;
  }
}

function parseRow(member: Member, row: Document): SeenIndex {
  const name = textAt(row, 'name');
  const raw = documentAt(row, 'spec');
  const ops = numberAt(row, 'accesses.ops');
  const since = timeAt(row, 'accesses.since');
  if (name === undefined || raw === undefined || ops === undefined || since === undefined)
    throw new CollectError(
      'malformed',
      `$indexStats on ${member.name} lacks name, spec, accesses.ops or accesses.since`,
    );
  return { spec: parseIndexSpec(name, raw, booleanAt(row, 'building') ?? false), raw, ops, since };
}

/** The index as each member has it, and the names of members that have none of this name. */
export function sightsOf(
  { members }: CollectionSight,
  index: string,
): {
  readonly seen: readonly (MemberSight & { readonly seen: SeenIndex })[];
  readonly missing: readonly string[];
} {
  const found = members.map((each) => ({ ...each, seen: each.indexes.get(index) }));
  return {
    seen: found.flatMap(({ seen, ...rest }) => (seen === undefined ? [] : [{ ...rest, seen }])),
    missing: found.filter(({ seen }) => seen === undefined).map(({ member }) => member.name),
  };
}
