import type { Member } from './member.ts';

/**
 * What one target is made of. Readers get it as it was found at the beginning of the poll:
 *
 * - a standalone server: one set without a name, with one member;
 * - a replica set: one set;
 * - a sharded cluster: one set a shard and one of the config servers (`isConfig`), and the mongos that the URL names.
 */
export interface Deployment {
  readonly kind: 'standalone' | 'replica_set' | 'sharded';
  readonly sets: readonly ReplicaSet[];
  readonly mongoses: readonly Member[];
  /** All of them: those of the sets in order, then mongos. */
  readonly members: readonly Member[];
  /** Names of shards whose members are not known, because nobody could be asked. */
  readonly unknownShards: readonly string[];
}

export interface ReplicaSet {
  /** `rs0`; undefined for a standalone server. */
  readonly name: string | undefined;
  /** Id of the shard, `config` for the config servers; undefined outside a sharded cluster. */
  readonly shard: string | undefined;
  readonly isConfig: boolean;
  /** `settings.replicaSetId` in hexadecimal: outlives changes of name and members; undefined when nobody may or could say. */
  readonly id: string | undefined;
  /** Data-bearing, hidden, delayed and arbiters. */
  readonly members: readonly Member[];
  /**
   * Whether `members` is the whole configuration. False when replSetGetConfig was denied or no member answered yet (hidden members are
   * then not known), or when the operator excluded one.
   */
  readonly isComplete: boolean;
  /** The member that says it is primary; undefined when none or more than one does. */
  readonly primary: Member | undefined;
  /** Heartbeat interval in milliseconds. */
  readonly heartbeatMs: number;
}

/** Members with data, of all shards; config servers too unless left out. */
export function dataMembers(deployment: Deployment, { config = true } = {}): readonly Member[] {
  return deployment.sets
    .filter(({ isConfig }) => config || !isConfig)
    .flatMap(({ members }) => members.filter(({ facts }) => facts.kind === 'data'));
}
