/**
 * Proves that an index is not used by any member of its cluster. Engine-neutral and pure: engines give members, their links and counts
 * (see `index-usage.ts`), and add their own reasons for keeping an index.
 */

import { longestBlindMs, type MemberIndexUsage } from './index-usage.ts';

/**
 * Why an index is not proven unused, as far as its use is concerned.
 *
 * - `used`: this member used it within the window.
 * - `used_on_member`: another member did.
 * - `too_young`: the database is watched long enough, this index is not yet.
 * - `window_too_short`: the database itself is not watched long enough on some member, or its counters restarted too often.
 * - `member_not_collected`: a member that this one sees (now, or within the window) is no target, or was not read lately.
 * - `members_not_declared_complete`: the operator has not declared that every member is a target.
 */
export type UseReason =
  | 'used'
  | 'used_on_member'
  | 'too_young'
  | 'window_too_short'
  | 'member_not_collected'
  | 'members_not_declared_complete';

export interface ProofRequest {
  /** The member on whose behalf is asked: the primary. */
  readonly self: string;
  /** All that is remembered about the cluster, as `History.indexUsage` gives it. */
  readonly members: readonly MemberIndexUsage[];
  readonly membersComplete: boolean;
  readonly unusedAfterMs: number;
  /**
   * How old the reading of another member may be, in milliseconds: as long as its target's cadence promises, with room for one that fails,
   * such as three times the cadence. At least `longestBlindMs`, which is the default; at most a quarter of `unusedAfterMs`, because what a
   * member did since its last reading is not known.
   */
  readonly freshWithinMs?: number;
  /** Unix time in milliseconds. */
  readonly now: number;
}

/** What is known about the cluster as a whole, for judging one index after the other. */
export interface ClusterWatch {
  /** Why no index of this database can be proven unused now; empty when some can. */
  readonly blockers: readonly UseReason[];
  /** Names of members that were seen and not collected, in the engine's words. */
  readonly missing: readonly string[];
  /** Since when every counted member is watched; undefined when this member itself was never read. */
  readonly watchedSince: number | undefined;
  judge(key: string): IndexProof;
}

export interface IndexProof {
  /** Empty: proven unused by every member for the whole window. */
  readonly reasons: readonly UseReason[];
  /** The latest start of the watch over the members; undefined when some member does not know the index. */
  readonly watchedSince: number | undefined;
  /** The latest use by any member that was ever seen; undefined when none was. */
  readonly lastUsedAt: number | undefined;
}

/**
 * Which members count, and whether they are all there. Starting from this member, everything counts that it saw or that saw it within the
 * window, and so on from there: standbys, their own standbys, the primary before a failover. What is seen now must have been read lately,
 * be of the same generation, and be as many members as are seen. What is gone must have been watched until it went.
 */
export function watchCluster(request: ProofRequest): ClusterWatch {
  const self = request.members.find(({ member }) => member === request.self);
  const { counted, missing } = self === undefined ? nobody : linkMembers(self, request);
  const watchedSince = latestOf(counted.map(startOfWatch));
  const blockers: UseReason[] = [];
  if (watchedSince === undefined || request.now - watchedSince < request.unusedAfterMs)
    blockers.push('window_too_short');
  if (self === undefined || missing.length > 0) blockers.push('member_not_collected');
  if (!request.membersComplete) blockers.push('members_not_declared_complete');
  return { blockers, missing, watchedSince, judge: (key) => judge(key, request, counted, blockers) };
}

interface Linked {
  readonly counted: readonly MemberIndexUsage[];
  readonly missing: readonly string[];
}

const nobody: Linked = { counted: [], missing: [] };

function linkMembers(self: MemberIndexUsage, request: ProofRequest): Linked {
  const counted = [self];
  const missing = new Set<string>();
  const windowStart = request.now - request.unusedAfterMs;
  const freshMs = freshnessOf(request);
  const add = (member: MemberIndexUsage): void => {
    if (!counted.includes(member)) counted.push(member);
  };
  // The list grows while it is walked.
  for (const member of counted) {
    if (member === self || isLive(member, self, request)) {
      for (const name of unmatchedNow(member, self, request)) missing.add(name);
    }
    for (const [name, seenAt] of since(member.links?.lastSeen, windowStart)) {
      const bearers = request.members.filter((other) => bore(other, name, seenAt - freshMs));
      if (bearers.length === 0) missing.add(name);
      bearers.forEach(add);
    }
    for (const [name, borneAt] of since(member.links?.lastBorne, windowStart)) {
      const isSeer = (other: MemberIndexUsage): boolean => saw(other, name, borneAt - freshMs);
      if (counted.some(isSeer)) continue;
      const seers = request.members.filter(isSeer);
      if (seers.length === 0) missing.add(`upstream of ${name}`);
      seers.forEach(add);
    }
  }
  return { counted, missing: [...missing] };
}

/** The names this member sees now that no member bears now; equal names need as many members. */
function unmatchedNow(seer: MemberIndexUsage, self: MemberIndexUsage, request: ProofRequest): string[] {
  const free = request.members.filter(
    (member) => member !== self && member !== seer && isLive(member, self, request),
  );
  return (seer.links?.sees ?? []).filter((name) => {
    const match = free.findIndex((member) => member.links?.names.includes(name));
    if (match >= 0) free.splice(match, 1);
    return match < 0;
  });
}

/** Read lately, and on the same timeline. */
function isLive(member: MemberIndexUsage, self: MemberIndexUsage, request: ProofRequest): boolean {
  return request.now - member.at <= freshnessOf(request) && member.generation === self.generation;
}

function freshnessOf({ freshWithinMs = longestBlindMs, unusedAfterMs }: ProofRequest): number {
  return Math.max(longestBlindMs, Math.min(freshWithinMs, unusedAfterMs / 4));
}

function bore(member: MemberIndexUsage, name: string, at: number): boolean {
  return (member.links?.lastBorne[name] ?? Number.NEGATIVE_INFINITY) >= at;
}

function saw(member: MemberIndexUsage, name: string, at: number): boolean {
  return (member.links?.lastSeen[name] ?? Number.NEGATIVE_INFINITY) >= at;
}

function since(times: Readonly<Record<string, number>> | undefined, start: number): [string, number][] {
  return Object.entries(times ?? {}).filter(([, at]) => at >= start);
}

function judge(
  key: string,
  request: ProofRequest,
  counted: readonly MemberIndexUsage[],
  blockers: readonly UseReason[],
): IndexProof {
  const windowStart = request.now - request.unusedAfterMs;
  const uses = counted.map(({ indexes }) => indexes.get(key));
  const known = uses.filter((use) => use !== undefined);
  const watchedSince =
    known.length < uses.length ? undefined : latestOf(known.map((use) => use.watchedSince));
  const reasons = new Set<UseReason>();
  counted.forEach((member, position) => {
    if ((uses[position]?.lastUsedAt ?? Number.NEGATIVE_INFINITY) > windowStart)
      reasons.add(member.member === request.self ? 'used' : 'used_on_member');
  });
  const isTooShort = watchedSince === undefined || watchedSince > windowStart;
  if (isTooShort && !blockers.includes('window_too_short')) reasons.add('too_young');
  for (const blocker of blockers) reasons.add(blocker);
  return { reasons: [...reasons], watchedSince, lastUsedAt: latestOf(known.map((use) => use.lastUsedAt)) };
}

/** A member is watched since its longest-watched index is; without indexes, where nothing depends on it, since its latest reading. */
function startOfWatch({ indexes, at }: MemberIndexUsage): number {
  let start = at;
  for (const { watchedSince } of indexes.values()) start = Math.min(start, watchedSince);
  return start;
}

function latestOf(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
