import { type ClusterWatch, type History, type MemberLinks, watchCluster } from '../../src/sdk.ts';
import { useKey } from './index-spec.ts';
import type { IndexStat } from './index-stats.ts';
import type { Member } from './member.ts';

/** Of a member that left its set. */
const leftEpoch = 'left';

/** A replica set, or a standalone server, as the history of index use knows it. Each shard is one of its own. */
export interface WatchedSet {
  /** As the operator knows it: the shard, the set or the server. */
  readonly name: string;
  /** Identity over renames and restarts, for the history. */
  readonly cluster: string;
  /** All data-bearing members, hidden and delayed ones too. */
  readonly members: readonly Member[];
  /** Whether `members` is all there are. */
  readonly isComplete: boolean;
  readonly primary: Member | undefined;
}

/** Remembers what one member counts. */
export async function observeMember(
  history: History,
  set: WatchedSet,
  member: Member,
  reading: { readonly scope: string; readonly at: number; readonly stats: Iterable<IndexStat> },
): Promise<void> {
  await history.observeIndexes({
    cluster: set.cluster,
    member: memberKey(set, member),
    generation: 'one',
    database: reading.scope,
    at: reading.at,
    links: linksOf(set, member),
    indexes: [...reading.stats].map(({ collection, spec, ops, since }) => ({
      key: useKey(collection, spec),
      scans: ops,
      // Changes with a restart, and when the index is changed in place or built again.
      epoch: String(since),
    })),
  });
}

/** What can be proven about one scope of a set. */
export async function watchSet(
  history: History,
  set: WatchedSet,
  request: {
    readonly scope: string;
    readonly now: number;
    readonly unusedAfterMs: number;
    readonly freshWithinMs: number;
  },
): Promise<ClusterWatch> {
  const { scope, ...times } = request;
  if (set.isComplete) await closeLeavers(history, set, scope, request.now);
  return watchCluster({
    ...times,
    self: memberKey(set, anchorOf(set)),
    members: await history.indexUsage(set.cluster, scope),
    // The configuration of the set lists every member; where it could not be read, the caller knows.
    membersComplete: true,
  });
}

/**
 * What a member served between its last reading and the moment it left the set is not known. So its counts end as those of a member that
 * restarts do: when that was long, because Reeve was not running, its watch begins again now, and nothing is proven before the window is over.
 */
async function closeLeavers(history: History, set: WatchedSet, scope: string, now: number): Promise<void> {
  const present = new Set(set.members.map((member) => memberKey(set, member)));
  for (const { member, indexes } of await history.indexUsage(set.cluster, scope)) {
    const uses = [...indexes.values()];
    // Sets that were made from one backup have the same identity.
    const isOfSet = member.startsWith(memberPrefix(set));
    if (!isOfSet || present.has(member) || uses.every(({ epoch }) => epoch === leftEpoch)) continue;
    await history.observeIndexes({
      cluster: set.cluster,
      member,
      generation: 'one',
      database: scope,
      at: now,
      links: { names: [], sees: [] },
      indexes: uses.map(({ key }) => ({ key, scans: 0, epoch: leftEpoch })),
    });
  }
}

/**
 * The member on whose behalf is judged: it sees all others, so that one that is not read, or was not read lately, is missing in the proof.
 * Not the primary, and not who happens to answer: what is remembered must not depend on who was asked when.
 */
function anchorOf({ members }: WatchedSet): Member | undefined {
  return members.toSorted((one, other) => (one.name < other.name ? -1 : 1))[0];
}

function linksOf(set: WatchedSet, member: Member): MemberLinks {
  if (member !== anchorOf(set)) return { names: [memberKey(set, member)], sees: [] };
  const others = set.members.filter((other) => other !== member);
  return { names: [], sees: others.map((other) => memberKey(set, other)) };
}

function memberKey(set: WatchedSet, member: Member | undefined): string {
  return member === undefined ? '' : `${memberPrefix(set)}${member.name}`;
}

function memberPrefix({ members, name }: WatchedSet): string {
  return `${members[0]?.facts.set ?? name}/`;
}
