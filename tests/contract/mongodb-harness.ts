import { join } from 'node:path';
import { engine } from '../../collectors/mongodb/index.ts';
import {
  type Deployment as Double,
  type ShardedDeployment,
  startReplicaSet,
  startSharded,
} from '../support/mongod/deployment.ts';
import { writeDump } from '../support/mongod/dump.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import type { Deployment, EngineHarness, TargetText } from './harness.ts';

/**
 * Not mongod, which cannot be installed here: a double of a replica set (a primary, a replica, a hidden and delayed one, an arbiter) and
 * of a sharded cluster, watched with the least-privileged login. What holds here holds for our client code and arithmetic alone.
 */

const password = 'a-good-password';
const reeve = { password, roles: ['clusterMonitor', 'read@local'] };
const onShards = { password, roles: [...reeve.roles, 'directShardOperations'] };
const readable = { documents: 1_000, indexes: [{ key: { customer: 1 } }, { key: { customer: 1, at: 1 } }] };

export const harness: EngineHarness = {
  engine,
  start: async () => {
    const set = await startReplicaSet({
      users: { reeve },
      databases: { shop: { orders: readable, carts: readable } },
      members: [{}, {}, { hidden: true, priority: 0, secondaryDelaySecs: 60 }, { state: 'ARBITER' }],
    });
    const cluster = await startSharded({
      users: { reeve },
      shardUsers: { reeve: onShards },
      databases: { shop: { orders: { ...readable, shardKey: { customer: 1 } } } },
      shards: [
        { name: 'shard0', members: [{}, {}] },
        { name: 'shard1', members: [{}, {}] },
      ],
    });
    const backups = await createTempDir('contract-mongodb');
    await writeDump(join(backups.path, 'nightly'), {
      databases: { shop: { orders: [{ _id: 1 }] } },
      oplog: [],
    });
    return createDeployment(set, cluster, backups);
  },
  version: '8.0.4',
  // The driver's heartbeats, the readings of a poll, and those that are read apart.
  connections: 3,
  unreachable: {
    collectionGrowthBytes:
      'it is told after an hour of watching; collectors/mongodb/storage.test.ts shows it',
    inconsistentMetadata:
      'it is asked for only with checkMetadata, by a login with a privilege beyond the grants; collectors/mongodb/sharding.test.ts shows it',
  },
};

function createDeployment(set: Double, cluster: ShardedDeployment, backups: TempDir): Deployment {
  const [primary] = set.members;
  if (primary === undefined) throw new Error('the double has no member');
  const watched = (url: string): TargetText => ({
    target: {
      url: { env: 'CONTRACT_URL' },
      unusedAfter: '1s',
      backups: { nightly: { kind: 'mongodump', path: backups.path } },
    },
    env: { CONTRACT_URL: url },
  });
  const at = (port: number, secret = password): TargetText =>
    watched(`mongodb://reeve:${secret}@127.0.0.1:${port}/?authSource=admin`);
  set.member(0).running({ namespace: 'shop.orders', seconds: 90, appName: 'checkout' });
  return {
    port: primary.listener.port,
    targets: [at(primary.listener.port), watched(cluster.uri)],
    through: (port) => at(port),
    withPassword: (canary) => at(primary.listener.port, canary),
    work: async () => {
      for (const node of [...set.nodes, ...cluster.nodes])
        if (node.role.kind === 'mongod' && node.role.member.state !== 'ARBITER')
          node.role.member.counters.work(1_000);
      for (const index of [0, 1]) set.use('shop.orders', 'customer_1_at_1', 5, index);
    },
    restart: () => primary.restart(),
    denyOne: async () => {
      set.setRoles('reeve', ['read@local']);
      return {
        unknown: [
          'reeve_mongodb_connections_current',
          'reeve_replication_lag_seconds',
          'reeve_mongodb_operation_latency_p95_seconds',
        ],
      };
    },
    agentConnections: async () =>
      primary.connections().filter(({ appName }) => appName?.startsWith('reeve/')).length,
    [Symbol.asyncDispose]: async () => {
      await cluster[Symbol.asyncDispose]();
      await set[Symbol.asyncDispose]();
      await backups.remove();
    },
  };
}
