import { BSON } from 'mongodb';
import { failure } from '../errors.ts';
import { splitNamespace } from '../model/catalog.ts';
import { type Cluster, holdersOf, type ShardedCollection } from '../model/cluster.ts';
import { type Doc, docOf, isOn, long, textOf } from '../values.ts';
import { authorize } from './access.ts';
import type { Call, CommandTable } from './command.ts';
import { documentsOf } from './rows.ts';

/** @see https://www.mongodb.com/docs/manual/reference/command/nav-sharding/ */
export const shardingCommands: CommandTable = {
  listShards: {
    only: 'mongos',
    needs: { action: 'listShards', on: 'cluster' },
    run: ({ node }) => ({ shards: [...documentsOf(node, 'config', 'shards')] }),
  },
  balancerStatus: { only: 'mongos', run: balancerStatus },
  checkMetadataConsistency: {
    needs: { action: 'checkMetadataConsistency', on: 'cluster' },
    only: 'mongos',
    run: checkConsistency,
  },
};

function clusterOf(call: Call): Cluster {
  if (!call.node.role.cluster) throw failure('CommandNotFound', `no such command: '${call.name}'`);
  return call.node.role.cluster;
}

/** Who may read the balancer's settings may ask. */
function balancerStatus(call: Call): Doc {
  authorize(call, 'find', { database: 'config', collection: 'settings' });
  const { mode, inRound, rounds } = clusterOf(call).balancer;
  return { mode, inBalancerRound: inRound, numBalancerRounds: long(rounds), term: long(1) };
}

/** 7.0 and later; knows the one kind that differing indexes make, and only with `checkIndexes`. */
function checkConsistency(call: Call): Doc {
  const [major = 0] = call.node.shared.version.split('.').map(Number);
  if (major < 7) throw failure('CommandNotFound', `no such command: 'checkMetadataConsistency'`);
  const cluster = clusterOf(call);
  const named = textOf(call.body['checkMetadataConsistency']);
  const asked = [...cluster.collections.values()].filter(({ namespace }) => {
    const { database, name } = splitNamespace(namespace);
    return (
      (call.database === 'admin' || database === call.database) && (named === undefined || name === named)
    );
  });
  const found = isOn(call.body['checkIndexes']) ? asked.flatMap((one) => indexDifferences(cluster, one)) : [];
  return call.node.cursors.first(`${call.database}.$cmd.aggregate`, found, {
    batchSize: docOf(call.body['cursor'])['batchSize'],
  });
}

/** The specs that only some of a collection's shards have. */
export function indexDifferences(cluster: Cluster, { namespace }: ShardedCollection): readonly Doc[] {
  const { database, name } = splitNamespace(namespace);
  const holders = holdersOf(cluster, database, name);
  const variants = new Map<
    string,
    { readonly index: string; readonly spec: Doc; readonly shards: string[] }
  >();
  for (const { name: shard, set } of holders) {
    for (const [index, { spec }] of set.catalog.find(database, name)?.indexes ?? []) {
      const key = `${index} ${BSON.EJSON.stringify(spec)}`;
      const variant = variants.get(key) ?? { index, spec, shards: [] };
      variants.set(key, variant);
      variant.shards.push(shard);
    }
  }
  return [...variants.values()]
    .filter(({ shards }) => shards.length < holders.length)
    .map(({ index, spec, shards }) => ({
      type: 'InconsistentIndex',
      description: 'Found an index of a sharded collection that is inconsistent between different shards.',
      details: {
        namespace,
        info: {
          indexName: index,
          spec,
          missingFromShards: holders.map((one) => one.name).filter((one) => !shards.includes(one)),
        },
      },
    }));
}
