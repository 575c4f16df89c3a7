import { toNumber } from './info.ts';
import type { RedisContext } from './metrics.ts';
import type { SentinelReading } from './topology.ts';

const downFlags = ['s_down', 'o_down', 'disconnected'];

/** The primary, its replicas and the other Sentinels as one Sentinel sees them. */
export function recordSentinel({ primary, replicas, quorum }: SentinelReading, context: RedisContext): void {
  context.record('sentinelPrimaryUp', isUp(primary), {});
  context.record('sentinelQuorum', toNumber(primary.get('quorum')), {});
  const others = toNumber(primary.get('num-other-sentinels'));
  if (others !== undefined) context.record('sentinels', others + 1, {});
  const up = replicas.filter((replica) => isUp(replica) === 1).length;
  context.record('sentinelReplicas', up, { state: 'up' });
  context.record('sentinelReplicas', replicas.length - up, { state: 'down' });
  const isNoQuorum = quorum.error !== undefined && /NOQUORUM|NOGOODSLAVE/.test(quorum.error.message);
  if (quorum.error && !isNoQuorum) throw quorum.error;
  context.record('sentinelQuorumOk', quorum.error ? 0 : 1, {});
}

/** Undefined when Sentinel gives no flags. */
function isUp(fields: ReadonlyMap<string, string>): number | undefined {
  const flags = fields.get('flags')?.split(',');
  return flags === undefined ? undefined : Number(!downFlags.some((flag) => flags.includes(flag)));
}
