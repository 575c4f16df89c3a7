import { CollectError } from '../../src/sdk.ts';
import type { Asking } from './collections.ts';
import { at, booleanAt, type Document, documentAt, textAt } from './document.ts';
import { fieldsOf, type IndexField } from './index-spec.ts';
import type { Member } from './member.ts';

/** How collections are spread over shards. Collections by full name, `database.collection`. */
export interface ShardingCatalog {
  /** The shard key of each sharded collection. */
  readonly shardKeys: ReadonlyMap<string, readonly IndexField[]>;
  /** The shards that hold chunks of each sharded collection. */
  readonly owners: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Beyond this the spread is unknown; a rotation over so many would take days. */
const mostRows = 200_000;

/**
 * Reads the shard keys and which shards hold what, through mongos.
 *
 * @see https://www.mongodb.com/docs/manual/reference/config-database/
 * @throws {CollectError} also `unsupported` when there are too many sharded collections.
 */
export async function readShardingCatalog(mongos: Member, asking: Asking): Promise<ShardingCatalog> {
  const shardKeys = new Map<string, readonly IndexField[]>();
  const names = new Map<string, string>();
  const find: Document = {
    find: 'collections',
    filter: {},
    projection: { _id: 1, key: 1, uuid: 1, dropped: 1, unsplittable: 1 },
  };
  for await (const row of mongos.client.query('config', find, asking)) {
    const name = textAt(row, '_id');
    const key = documentAt(row, 'key');
    // Since 8.0 collections that are not sharded may be listed too.
    const isSharded = booleanAt(row, 'dropped') !== true && booleanAt(row, 'unsplittable') !== true;
    if (name === undefined || key === undefined || !isSharded) continue;
    shardKeys.set(name, fieldsOf(key));
    names.set(identityOf(at(row, 'uuid')) ?? name, name);
    if (shardKeys.size > mostRows) throw tooMany(mongos);
  }
  return { shardKeys, owners: await readOwners(mongos, names, asking) };
}

async function readOwners(
  mongos: Member,
  names: ReadonlyMap<string, string>,
  asking: Asking,
): Promise<Map<string, Set<string>>> {
  const owners = new Map<string, Set<string>>();
  const aggregate: Document = {
    aggregate: 'chunks',
    pipeline: [{ $group: { _id: { collection: { $ifNull: ['$uuid', '$ns'] }, shard: '$shard' } } }],
  };
  let rows = 0;
  for await (const row of mongos.client.query('config', aggregate, asking)) {
    rows += 1;
    if (rows > mostRows) throw tooMany(mongos);
    const identity = at(row, '_id.collection');
    const name = names.get(identityOf(identity) ?? '');
    const shard = textAt(row, '_id.shard');
    if (name === undefined || shard === undefined) continue;
    const known = owners.get(name);
    if (known === undefined) owners.set(name, new Set([shard]));
    else known.add(shard);
  }
  return owners;
}

/** A UUID of chunks and collections (a name before 5.0) as text that compares; BSON values know how to be JSON. */
function identityOf(value: unknown): string | undefined {
  return typeof value === 'string' || value === undefined ? value : JSON.stringify(value);
}

function tooMany(mongos: Member): CollectError {
  return new CollectError(
    'unsupported',
    `${mongos.name} knows more than ${mostRows} sharded collections or owners of chunks: their indexes are not compared`,
  );
}
