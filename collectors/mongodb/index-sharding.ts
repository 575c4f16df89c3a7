import { CollectError, toCollectError } from '../../src/sdk.ts';
import type { BoundedAsking } from './collections.ts';
import { type Deployment, dataMembers } from './deployment.ts';
import { textAt } from './document.ts';
import type { Member } from './member.ts';
import type { MongodbContext } from './metrics.ts';
import { shardingStatusCommand } from './shard-map.ts';
import { readShardingCatalog, type ShardingCatalog } from './sharding-catalog.ts';

/**
 * Shard keys and owners of chunks; undefined where nothing is sharded. `unknown` where they could not be read, and for a shard whose
 * cluster the target does not name: its shard keys are not known, and neither is what other shards do. Then nothing is proven.
 */
export async function readSharding(
  deployment: Deployment,
  asking: BoundedAsking,
  problems: Map<string, CollectError>,
): Promise<ShardingCatalog | 'unknown' | undefined> {
  const { kind, mongoses } = deployment;
  if (kind === 'standalone') return undefined;
  const mongos = mongoses.find(({ hello }) => hello !== undefined);
  const subject = mongos?.name ?? 'shard keys';
  try {
    if (kind === 'replica_set') return (await isOfCluster(deployment, asking)) ? 'unknown' : undefined;
    if (mongos === undefined)
      throw new CollectError('unreachable', 'no mongos of the target answers, so no index is proven unused');
    return await readShardingCatalog(mongos, asking);
  } catch (thrown) {
    if (asking.signal.aborted) throw thrown;
    problems.set(subject, toCollectError(thrown));
    return 'unknown';
  }
}

/** Says that a target names a shard and not its cluster. */
export function findLoneShard({ kind, sets }: Deployment, context: MongodbContext): void {
  if (kind === 'sharded') return;
  context.find({
    code: 'shard_without_cluster',
    severity: 'warning',
    subject: sets[0]?.name ?? '',
    message:
      'is a shard, and the target names no mongos of its cluster: none of its indexes is proven unused',
    remedy: '// give the address of a mongos as the url of the target; it leads to all shards',
  });
}

/**
 * A member of a shard knows its config servers. Every set says so by one member that answers.
 *
 * @see https://www.mongodb.com/docs/manual/reference/command/serverStatus/#sharding
 */
async function isOfCluster(deployment: Deployment, asking: BoundedAsking): Promise<boolean> {
  let problem: CollectError | undefined;
  let isAnswered = false;
  for (const member of dataMembers(deployment)) {
    if (member.hello === undefined || isAnswered) continue;
    try {
      if (await knowsConfigServers(member, asking)) return true;
      isAnswered = true;
    } catch (thrown) {
      if (asking.signal.aborted) throw thrown;
      problem = toCollectError(thrown);
    }
  }
  if (!isAnswered && problem !== undefined) throw problem;
  return false;
}

async function knowsConfigServers(member: Member, asking: BoundedAsking): Promise<boolean> {
  const status = await member.client.command('admin', shardingStatusCommand, asking);
  return textAt(status, 'sharding.configsvrConnectionString') !== undefined;
}
