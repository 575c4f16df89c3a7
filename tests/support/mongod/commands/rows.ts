import { ObjectId, UUID } from 'mongodb';
import type { Cluster } from '../model/cluster.ts';
import type { Node } from '../node.ts';
import { type Doc, int, long } from '../values.ts';
import { connectionString, partsOf } from './namespaces.ts';
import { timestamp } from './optime.ts';

/** The documents of a collection: what the test put there, and what the server keeps itself (oplog, config). */
export function documentsOf(node: Node, database: string, name: string): Iterable<Doc> {
  const kept = database === 'config' ? configDocuments(node, name) : undefined;
  if (kept) return kept;
  if (database === 'local' && name === 'oplog.rs') return oplogEntries(node);
  return partsOf(node, database, name).flatMap(({ set }) => set.catalog.find(database, name)?.rows ?? []);
}

/** The oldest and the newest entry, in natural order. */
function oplogEntries(node: Node): readonly Doc[] {
  if (node.role.kind === 'mongos') return [];
  const { set, member } = node.role;
  const latestMs = set.appliedAtMs(member, node.shared.nowMs());
  if (set.name === '' || latestMs === undefined) return [];
  const entry = (wallMs: number): Doc => ({
    op: 'n',
    ns: '',
    o: { msg: 'periodic noop' },
    ts: timestamp(wallMs),
    t: long(member.term),
    v: long(2),
    wall: new Date(wallMs),
  });
  return [entry(node.shared.nowMs() - member.oplogWindowMs), entry(latestMs)];
}

/** What config servers know; `undefined` for collections of config that a test keeps itself, and on nodes that are no config servers. */
function configDocuments(node: Node, name: string): Iterable<Doc> | undefined {
  const { cluster } = node.role;
  if (!cluster || (node.role.kind === 'mongod' && node.role.set !== cluster.config.set)) return undefined;
  return tables[name]?.(cluster, node);
}

const epoch = new ObjectId('65a000000000000000000001');

/** @see https://www.mongodb.com/docs/manual/reference/config-database/ */
const tables: Readonly<Record<string, (cluster: Cluster, node: Node) => Iterable<Doc>>> = {
  shards: ({ shards }, node) =>
    shards.map(({ name, set, draining }) => ({
      ...(draining && { draining: true }),
      _id: name,
      host: connectionString(set),
      state: 1,
      topologyTime: timestamp(node.startedAtMs),
    })),
  settings: ({ balancer }) => [{ _id: 'balancer', mode: balancer.mode, stopped: balancer.mode === 'off' }],
  version: () => [{ _id: 1, clusterId: new ObjectId('65a000000000000000000002') }],
  databases: ({ shards }) => {
    const names = new Set(
      shards.flatMap(({ set }) =>
        [...set.catalog.databases.keys()].filter((name) => name !== 'local' && name !== 'admin'),
      ),
    );
    return [...names].map((_id) => ({ _id, primary: shards[0]?.name, partitioned: true }));
  },
  collections: ({ collections }, node) =>
    [...collections.values()].map(({ namespace, key, unique }) => ({
      _id: namespace,
      lastmodEpoch: epoch,
      lastmod: new Date(node.startedAtMs),
      timestamp: timestamp(node.startedAtMs),
      uuid: uuidOf(namespace),
      key,
      unique,
      noBalance: false,
    })),
  chunks,
  mongos: ({ routers }, node) =>
    routers.map((router) => ({
      _id: router.address,
      advisoryHostFQDNs: [],
      created: new Date(router.startedAtMs),
      mongoVersion: node.shared.version,
      ping: new Date(node.shared.nowMs()),
      up: long(Math.floor((node.shared.nowMs() - router.startedAtMs) / 1000)),
      waiting: true,
    })),
};

function* chunks({ collections }: Cluster): Iterable<Doc> {
  for (const { namespace, chunks: perShard, jumbo } of collections.values()) {
    let at = 0;
    for (const [shard, count] of perShard) {
      for (let chunk = 0; chunk < count; chunk += 1) {
        yield {
          _id: `${namespace}-${at}`,
          uuid: uuidOf(namespace),
          min: { key: int(at * 1000) },
          max: { key: int((at + 1) * 1000) },
          shard,
          ...(chunk < (jumbo.get(shard) ?? 0) && { jumbo: true }),
          lastmod: timestamp(1000, at + 1),
        };
        at += 1;
      }
    }
  }
}

/** The same for the same namespace: collections and chunks join on it. */
function uuidOf(namespace: string): UUID {
  const hex = Buffer.from(namespace).toString('hex').padEnd(30, '0').slice(0, 30);
  const bytes = `${hex.slice(0, 12)}4${hex.slice(12, 15)}8${hex.slice(15, 30)}`;
  return new UUID(bytes);
}
