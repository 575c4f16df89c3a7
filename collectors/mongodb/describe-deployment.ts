import type { Deployment, ReplicaSet } from './deployment.ts';
import type { Member } from './member.ts';
import type { SetConfig } from './replica-config.ts';

/** What discovery found out so far. */
export interface Discovered {
  readonly members: ReadonlyMap<string, Member>;
  /** Configurations by the name of the set. */
  readonly configs: ReadonlyMap<string, SetConfig>;
  /** Replica set to shard. */
  readonly shards: ReadonlyMap<string, string>;
  /** The set of the config servers, unless it is a shard too. */
  readonly configSet: string | undefined;
}

/** The deployment as readers see it. */
export function describeDeployment({ members, configs, shards, configSet }: Discovered): Deployment {
  const all = [...members.values()];
  const mongoses = all.filter(({ facts }) => facts.kind === 'mongos');
  const sets = [...configs].map(([name, config]) => ({
    ...describeSet(name, config, members),
    shard: shards.get(name),
    isConfig: name === configSet,
  }));
  const alone = all
    .filter(({ facts, hello }) => facts.set === undefined && facts.kind !== 'mongos' && hello !== undefined)
    .map(standaloneSet);
  const found = [...sets, ...alone].filter((set) => set.members.length > 0);
  const described = new Set(found.flatMap(({ name }) => name ?? []));
  return {
    kind: mongoses.length > 0 || shards.size > 0 ? 'sharded' : sets.length > 0 ? 'replica_set' : 'standalone',
    sets: found,
    mongoses,
    members: [...found.flatMap((set) => set.members), ...mongoses],
    unknownShards: [...shards].flatMap(([set, id]) => (described.has(set) ? [] : [id])),
  };
}

function describeSet(
  name: string,
  config: SetConfig,
  known: ReadonlyMap<string, Member>,
): Omit<ReplicaSet, 'shard' | 'isConfig'> {
  const members = config.members.flatMap(({ host }) => known.get(host) ?? []);
  const primaries = members.filter(({ hello }) => hello?.isPrimary);
  return {
    name,
    id: config.id,
    members,
    isComplete: config.isComplete && members.length === config.members.length,
    primary: primaries.length === 1 ? primaries[0] : undefined,
    heartbeatMs: config.heartbeatMs,
  };
}

function standaloneSet(member: Member): ReplicaSet {
  return {
    name: undefined,
    shard: undefined,
    isConfig: false,
    id: undefined,
    members: [member],
    isComplete: true,
    primary: member.hello?.isPrimary ? member : undefined,
    heartbeatMs: 0,
  };
}
