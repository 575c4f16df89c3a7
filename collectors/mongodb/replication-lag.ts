/**
 * Lag of the replicas of one set in time, from what each member says of itself.
 *
 * T is the time at which the last operation that a member has applied was written on the primary. Every T is stamped by a primary's
 * clock, so that the clocks of replicas do not matter. Two statements about a replica hold at once, and the smaller is the lag:
 *
 * 1. It is at most `T(primary) - T(replica)` behind: what it lacks was written in between.
 * 2. It has everything the primary had at any moment when `T(primary)` was not yet beyond `T(replica)`. So it is at most as far behind
 *    as that moment is past. This is what keeps an idle set honest: its primary writes an empty operation every ten seconds, and for
 *    the milliseconds until a replica has that, the first statement alone says ten seconds.
 *
 * A primary's clock may be set back, or follow one that was fast: then a replica that lacks operations can bear the later time. The
 * places of operations show it, and only the second statement is left.
 *
 * Unknown, never 0: when there is no primary or there are two of the same term, in states without an applied operation, while a replica
 * rolls back, and when a replica has not heard of its primary for three heartbeats and stands still.
 */

import { comparePlaces, type Optime, type Place, type ReplicaStatus } from './replica-status.ts';

/** A replica's lag, or why it is unknown. */
export type Lag =
  | { readonly seconds: number }
  | { readonly unknown: 'no_optime' | 'state' | 'stale_heartbeat' | 'clocks' };

/** States in which the last applied operation says how far a member is: not another primary, whose own writes will be undone. */
const comparable = new Set(['SECONDARY', 'RECOVERING']);
/** The timestamps of a set never go back, so they run ahead of a clock that did; by less on any busy server. */
const clockSlackMs = 2_000;
const staleHeartbeats = 3;
/** Moments of the primary that are remembered. */
const mostPoints = 600;

/** Where a member stands. */
interface Stood {
  readonly appliedMs: number;
  readonly place: Place | undefined;
}

/** What is remembered of one set's primary, and of where each replica stood. */
export class ReplicationLag {
  #primary: { readonly name: string; readonly term: number | undefined } | undefined;
  #points: { readonly atMs: number; readonly stood: Stood }[] = [];
  readonly #stood = new Map<string, number>();

  /** Takes the primary's reading; another primary or term begins anew. */
  addPrimary(name: string, { term, applied, atMs }: ReplicaStatus): void {
    if (this.#primary?.name !== name || this.#primary.term !== term) this.#points = [];
    this.#primary = { name, term };
    const appliedMs = applied.wallMs ?? applied.dateMs;
    const last = this.#points.at(-1);
    if (appliedMs === undefined || (last !== undefined && atMs <= last.atMs)) return;
    const stood = { appliedMs, place: applied.place };
    if (last !== undefined && isBehind(stood, last.stood)) this.#points = [];
    this.#points.push({ atMs, stood });
    if (this.#points.length > mostPoints) this.#points.shift();
  }

  /** Without a primary nothing that was known of it holds. */
  forgetPrimary(): void {
    this.#primary = undefined;
    this.#points = [];
  }

  /** Forgets replicas that left. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#stood.keys()) if (!names.has(name)) this.#stood.delete(name);
  }

  /** The lag of a replica that was read after its primary. @param delaySeconds how far it is behind on purpose. */
  measure(
    replica: { readonly name: string; readonly status: ReplicaStatus; readonly delaySeconds: number },
    primary: { readonly name: string; readonly status: ReplicaStatus },
    heartbeatMs: number,
  ): Lag {
    const { name, status } = replica;
    if (!comparable.has(status.state)) return { unknown: 'state' };
    const pair = comparablePair(primary.status.applied, status.applied);
    if (pair === undefined) return { unknown: 'no_optime' };
    const stood = this.#stood.get(name);
    this.#stood.set(name, pair.replicaMs);
    const heardAgoMs = status.heardAgoMs.get(primary.name);
    const isStale = heardAgoMs === undefined || heardAgoMs > staleHeartbeats * heartbeatMs;
    if (isStale && (stood === undefined || stood === pair.replicaMs)) return { unknown: 'stale_heartbeat' };
    const [leader, follower] = [
      { appliedMs: pair.primaryMs, place: primary.status.applied.place },
      { appliedMs: pair.replicaMs, place: status.applied.place },
    ];
    const apartMs = Math.max(0, pair.primaryMs - pair.replicaMs);
    const isMisdated = apartMs === 0 && isBehind(follower, leader) && isDateDoubtful(follower, leader);
    const behindMs = Math.min(
      isMisdated ? Number.POSITIVE_INFINITY : apartMs,
      this.#sinceMs(follower, status.atMs),
    );
    if (behindMs === Number.POSITIVE_INFINITY) return { unknown: 'clocks' };
    return { seconds: Math.max(0, behindMs / 1000 - replica.delaySeconds) };
  }

  /** Time since the newest look at the primary that showed nothing the replica has not. */
  #sinceMs(replica: Stood, nowMs: number): number {
    const seen = this.#points.findLast(({ stood }) => !isBehind(replica, stood));
    return seen === undefined ? Number.POSITIVE_INFINITY : Math.max(0, nowMs - seen.atMs);
  }
}

/** Both to the millisecond, or both in whole seconds: mixed they would differ by up to a second. */
function comparablePair(
  primary: Optime,
  replica: Optime,
): { readonly primaryMs: number; readonly replicaMs: number } | undefined {
  if (primary.wallMs !== undefined && replica.wallMs !== undefined)
    return { primaryMs: primary.wallMs, replicaMs: replica.wallMs };
  if (primary.dateMs !== undefined && replica.dateMs !== undefined)
    return { primaryMs: primary.dateMs, replicaMs: replica.dateMs };
  return undefined;
}

/** Whether the first lacks something that the other has: by place, or by time where one has none. */
function isBehind(one: Stood, other: Stood): boolean {
  if (one.place !== undefined && other.place !== undefined) return comparePlaces(one.place, other.place) < 0;
  return one.appliedMs < other.appliedMs;
}

/** Whether a replica that is behind may bear a time that is not earlier: its operations are of an older term, or the primary's clock is slow. */
function isDateDoubtful(replica: Stood, primary: Stood): boolean {
  const [term, seconds] = primary.place ?? [];
  if (term === undefined || seconds === undefined) return false;
  return replica.place?.[0] !== term || seconds * 1000 - primary.appliedMs > clockSlackMs;
}
