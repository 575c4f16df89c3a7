import { CollectError, toCollectError } from '../../src/sdk.ts';
import { codeOf } from './client-errors.ts';
import { type BoundedAsking, OutOfTime } from './collections.ts';
import { booleanAt, type Document, documentAt, listAt, numberAt, textAt, timeAt } from './document.ts';
import { type IndexSpec, parseIndexSpec } from './index-spec.ts';
import type { Member } from './member.ts';

/** One index as one member counts it. */
export interface IndexStat {
  readonly collection: string;
  readonly spec: IndexSpec;
  /** Uses by clients since `since`. */
  readonly ops: number;
  /** Since when the member counts, Unix time in milliseconds. */
  readonly since: number;
}

/** What one member says about the indexes of some collections. */
export interface MemberStats {
  /** By collection; one without indexes is not there. */
  readonly stats: ReadonlyMap<string, readonly IndexStat[]>;
  /** Collections whose indexes this member does not give, with why. */
  readonly unreadable: ReadonlyMap<string, CollectError>;
}

/** A collection has at most 64 indexes, so that the first batch holds all. */
const batchSize = 1_000;
/** Dropped since it was listed; a view or a time series, which have no indexes of their own. */
const noIndexesHere: ReadonlySet<number> = new Set([26, 166, 40_602]);

export const indexStatsPipeline: readonly Document[] = [
  { $indexStats: {} },
  { $project: { name: 1, accesses: 1, spec: 1, building: 1 } },
];

/**
 * Reads the indexes of these collections from one member, one collection after the other.
 *
 * @see https://www.mongodb.com/docs/manual/reference/operator/aggregation/indexStats/
 * @throws {CollectError} `unreachable`, `timeout` or `throttled`: the member would not answer for the other collections either.
 * @throws {OutOfTime} when the reading's time is spent.
 */
export async function readIndexStats(
  member: Member,
  database: string,
  collections: readonly string[],
  asking: BoundedAsking,
): Promise<MemberStats> {
  const stats = new Map<string, readonly IndexStat[]>();
  const unreadable = new Map<string, CollectError>();
  for (const collection of collections) {
    if (asking.isOver()) throw new OutOfTime();
    try {
      const command = { aggregate: collection, pipeline: indexStatsPipeline, cursor: { batchSize } };
      const answer = await member.client.command(database, command, asking);
      const rows = listAt(answer, 'cursor.firstBatch').map((row) => parseStat(database, collection, row));
      if (rows.length > 0) stats.set(collection, rows);
    } catch (thrown) {
      if (noIndexesHere.has(codeOf(thrown) ?? 0)) continue;
      const error = toCollectError(thrown);
      if (error.code !== 'denied' && error.code !== 'unsupported' && error.code !== 'malformed') throw error;
      unreadable.set(collection, error);
    }
  }
  return { stats, unreadable };
}

function parseStat(database: string, collection: string, row: Document): IndexStat {
  const name = textAt(row, 'name');
  const spec = documentAt(row, 'spec');
  const ops = numberAt(row, 'accesses.ops');
  const since = timeAt(row, 'accesses.since');
  if (name === undefined || spec === undefined || ops === undefined || since === undefined) {
    throw new CollectError(
      'malformed',
      `$indexStats of ${database}.${collection} lacks name, spec, accesses.ops or accesses.since`,
    );
  }
  return {
    collection,
    spec: parseIndexSpec(name, spec, booleanAt(row, 'building') ?? false),
    ops,
    since,
  };
}
