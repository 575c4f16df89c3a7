import { failure } from '../errors.ts';
import { type CollectionEntry } from '../model/catalog.ts';
import { holdersOf, type Shard } from '../model/cluster.ts';
import type { Member } from '../model/member.ts';
import type { ReplicaSet } from '../model/replica-set.ts';
import type { Node } from '../node.ts';

/** One member that answers for a part of a namespace: a mongod for itself, a mongos through one member of each shard. */
export interface Part {
  readonly shard: string | undefined;
  readonly set: ReplicaSet;
  readonly member: Member;
}

/** Who answers about a database or collection, seen from this node. */
export function partsOf(node: Node, database: string, collection?: string): readonly Part[] {
  const { role } = node;
  if (role.kind === 'mongod') return [{ shard: shardName(node), set: role.set, member: role.member }];
  return holdersOf(role.cluster, database, collection).map(partOf);
}

/** The collections of a database as this node lists them, each once. */
export function collectionsOf(node: Node, database: string): readonly CollectionEntry[] {
  const seen = new Map<string, CollectionEntry>();
  for (const { set } of partsOf(node, database)) {
    for (const [name, collection] of set.catalog.databases.get(database) ?? [])
      if (!seen.has(name)) seen.set(name, collection);
  }
  return [...seen.values()];
}

export function findCollection(node: Node, database: string, name: string): CollectionEntry | undefined {
  return partsOf(node, database, name)
    .map(({ set }) => set.catalog.find(database, name))
    .find((found) => found !== undefined);
}

/** `set/host:port,host:port`: how routers name a shard in raw answers. */
export function connectionString(set: ReplicaSet): string {
  return `${set.name}/${set.addresses.join(',')}`;
}

export function shardName(node: Node): string | undefined {
  const { role } = node;
  if (role.kind === 'mongos' || !role.cluster) return undefined;
  return role.cluster.shards.find(({ set }) => set === role.set)?.name;
}

/** @throws {CommandError} 133 when no member of the shard can answer: a router never leaves a shard out in silence. */
function partOf({ name, set }: Shard): Part {
  const member =
    set.primary ?? set.members.find(({ state, index }) => state === 'SECONDARY' && set.isReachable(index));
  if (!member)
    throw failure(
      'FailedToSatisfyReadPreference',
      `Could not find host matching read preference { mode: "nearest" } for set ${set.name}`,
    );
  return { shard: name, set, member };
}
