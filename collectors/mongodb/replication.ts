import { CollectError } from '../../src/sdk.ts';
import type { Deployment, ReplicaSet } from './deployment.ts';
import type { Member } from './member.ts';
import type { MongodbContext } from './metrics.ts';
import { type ReplicaReadings, replicating, type SetReadings } from './replica-readings.ts';
import type { ReplicaStatus } from './replica-status.ts';
import { type Lag, ReplicationLag } from './replication-lag.ts';

type NamedSet = ReplicaSet & { readonly name: string };

/** A member and what it says of itself. */
interface Reported {
  readonly member: Member;
  readonly status: ReplicaStatus;
}

/** What one poll found out about a set. */
export interface SetLags {
  readonly readings: SetReadings;
  /** Undefined when nobody is primary, when two are in the same term, and when another member knows a later term than the primary's. */
  readonly primary: Reported | undefined;
  /** Members that call themselves primary; a second one of an older term does not know yet that it was replaced. */
  readonly primaries: readonly Reported[];
  /** By replica; those that did not answer are missing. */
  readonly lags: ReadonlyMap<Member, Lag>;
}

/** Lags of all sets, computed once a poll. */
export class Replication {
  readonly #readings: ReplicaReadings;
  readonly #lags = new Map<string, ReplicationLag>();
  #latest: { readonly now: number; readonly sets: Map<string, Promise<SetLags>> } | undefined;

  constructor(readings: ReplicaReadings) {
    this.#readings = readings;
  }

  /** Never rejects. */
  of(set: NamedSet, context: Pick<MongodbContext, 'now' | 'signal'>): Promise<SetLags> {
    if (this.#latest?.now !== context.now) this.#latest = { now: context.now, sets: new Map() };
    const { sets } = this.#latest;
    const lags = sets.get(set.name) ?? this.#measure(set, context);
    sets.set(set.name, lags);
    return lags;
  }

  async #measure(set: NamedSet, { now, signal }: Pick<MongodbContext, 'now' | 'signal'>): Promise<SetLags> {
    const readings = await this.#readings.of(set, now, signal);
    const reported = [...readings].flatMap(([member, status]) =>
      status instanceof CollectError ? [] : [{ member, status }],
    );
    const primaries = reported.filter(({ status }) => status.state === 'PRIMARY');
    const primary = newestPrimary(primaries, reported);
    const tracker = this.#lags.get(set.name) ?? new ReplicationLag();
    this.#lags.set(set.name, tracker);
    const lags = new Map<Member, Lag>();
    if (primary === undefined) tracker.forgetPrimary();
    else {
      tracker.addPrimary(primary.member.name, primary.status);
      for (const { member, status } of reported) {
        if (member === primary.member) continue;
        const replica = { name: member.name, status, delaySeconds: member.facts.delaySeconds };
        lags.set(
          member,
          tracker.measure(
            replica,
            { name: nameAmongMembers(primary.member), status: primary.status },
            set.heartbeatMs,
          ),
        );
      }
    }
    tracker.keep(new Set(set.members.map(({ name }) => name)));
    return { readings, primary, primaries, lags };
  }
}

/** Lag, heartbeats and majority of every replica set; a standalone server has none. */
export async function readReplication(
  deployment: Deployment,
  context: MongodbContext,
  replication: Replication,
): Promise<void> {
  for (const set of replicating(deployment)) {
    const found = await replication.of(set, context);
    if (found.primary === undefined) findWithoutPrimary(set, found, context);
    for (const [member, status] of found.readings) {
      await context.attempt(member.name, async (inner) => {
        if (status instanceof CollectError) throw status;
        recordMember(member, status, found, inner);
      });
    }
    recordCommitLag(set, found, context);
  }
}

function recordMember(member: Member, status: ReplicaStatus, found: SetLags, context: MongodbContext): void {
  const labels = { member: member.name };
  const appliedMs = status.applied.wallMs ?? status.applied.dateMs;
  if (appliedMs !== undefined) context.record('appliedTimestamp', appliedMs / 1000, labels);
  if (member.facts.delaySeconds > 0) context.record('delaySeconds', member.facts.delaySeconds, labels);
  const { primary } = found;
  if (primary === undefined || primary.member === member) return;
  const heardAgoMs = status.heardAgoMs.get(nameAmongMembers(primary.member));
  if (heardAgoMs !== undefined) context.record('heartbeatAgeSeconds', heardAgoMs / 1000, labels);
  const lag = found.lags.get(member);
  if (lag === undefined) return;
  if ('seconds' in lag) {
    context.record('lagSeconds', lag.seconds, { replica: member.name });
    return;
  }
  if (lag.unknown !== 'stale_heartbeat') return;
  context.find({
    code: 'replica_cut_off',
    severity: 'critical',
    subject: member.name,
    message: `has not heard from its primary ${primary.member.name} for ${heardAgoMs === undefined ? 'as long as it runs' : `${Math.round(heardAgoMs / 1000)} s`} and applies nothing; its lag is unknown`,
    remedy: '// look at the network between the two members and at the log of the replica',
  });
}

function findWithoutPrimary(set: NamedSet, { primaries, readings }: SetLags, context: MongodbContext): void {
  const [first, second] = byTerm(primaries);
  if (first !== undefined && first.status.term !== second?.status.term) {
    context.find({
      code: 'primary_outdated',
      severity: 'warning',
      subject: set.name,
      message: `${first.member.name} says that it is primary, and other members know a later term: who leads now does not answer here, and the lag of replicas is unknown`,
      remedy:
        '// rs.status() on a replica says whom it follows; look at the network between that member and Reeve',
    });
    return;
  }
  if (primaries.length > 1) {
    const names = primaries.map(({ member }) => member.name).join(' and ');
    context.find({
      code: 'two_primaries',
      severity: 'critical',
      subject: set.name,
      message: `${names} both say that they are primary in the same term, so that the lag of replicas is unknown`,
      remedy: '// compare rs.status() on both; members of two different sets may share the name',
    });
    return;
  }
  // Somebody who does not answer may be primary.
  const silent = [...readings].filter(([, status]) => status instanceof CollectError).length;
  context.find({
    code: 'no_primary',
    severity: 'critical',
    subject: set.name,
    message: `no member says that it is primary (${readings.size - silent} of ${readings.size} answered); nothing can be written and the lag of replicas is unknown`,
    remedy: '// rs.status() on a member says who votes and whom they reach',
  });
}

function recordCommitLag(set: NamedSet, { primary }: SetLags, context: MongodbContext): void {
  const appliedMs = primary?.status.applied.wallMs;
  const committedMs = primary?.status.committedMs;
  if (appliedMs === undefined || committedMs === undefined) return;
  context.record('commitLagSeconds', Math.max(0, appliedMs - committedMs) / 1000, { replica_set: set.name });
}

/**
 * The primary of the highest term; undefined when two share it, or when terms are not told. One whose term is over was replaced by a member
 * that does not answer here: compared with it, who follows the new one would seem to lack nothing.
 */
function newestPrimary(primaries: readonly Reported[], reported: readonly Reported[]): Reported | undefined {
  const [first, second] = byTerm(primaries);
  if (second !== undefined && first?.status.term === second.status.term) return undefined;
  const isOver = reported.some(({ status }) => (status.term ?? -1) > (first?.status.term ?? -1));
  return isOver ? undefined : first;
}

function nameAmongMembers({ name, facts }: Member): string {
  return facts.ownName ?? name;
}

/** The latest term first. */
function byTerm(primaries: readonly Reported[]): readonly Reported[] {
  return primaries.toSorted((a, b) => (b.status.term ?? -1) - (a.status.term ?? -1));
}
