import { ObjectId } from 'mongodb';
import type { CommandError } from '../errors.ts';
import type { Catalog } from './catalog.ts';
import { Member, type MemberSetup, type MemberState } from './member.ts';

const NOOP_MS = 10_000;

/** What one member knows of another by heartbeats. */
export interface View {
  readonly state: MemberState;
  readonly healthy: boolean;
  readonly appliedAtMs: number | undefined;
  /** Last answer to a heartbeat of ours, and last heartbeat of its own that reached us. */
  readonly heartbeatAtMs: number;
  readonly receivedAtMs: number;
  readonly term: number;
}

export interface BuildGate {
  readonly ended: Promise<CommandError | undefined>;
  readonly end: (error: CommandError | undefined) => void;
}

interface Frozen {
  readonly atMs: number;
  readonly state: MemberState;
  readonly appliedAtMs: number | undefined;
}

/**
 * Who leads, who has applied what, and what the members know of each other.
 *
 * Writes are a stream in time: steady (the newest is "now"), idle (the server's no-op every 10 s) or stopped. What a member has applied
 * follows from the stream, its lag and its configured delay, so all numbers agree with each other at every moment.
 */
export class ReplicaSet {
  readonly name: string;
  readonly catalog: Catalog;
  version = 1;
  term = 1;
  electedAtMs: number;
  writes: 'steady' | 'idle' = 'steady';
  /** How often members hear of each other: what one knows of another is up to so much old. */
  heartbeatMs = 2_000;
  /** `settings.replicaSetId`: each set has its own. */
  readonly id = new ObjectId();
  /** Members report lastAppliedWallTime and lastDurableWallTime of each other (5.2 and back-ports). */
  wallTimes = true;
  readonly #members: Member[];
  readonly #nowMs: () => number;
  readonly #frozen = new Map<number, Frozen>();
  /** Since when. */
  readonly #unreachable = new Map<number, number>();
  /** By member, `host:port`; filled when the nodes listen. */
  readonly addresses: string[] = [];
  /** Builds wait behind it: see {@link holdBuilds}. */
  builds: BuildGate | undefined;
  #stoppedAtMs: number | undefined;
  #changed = Promise.withResolvers<void>();
  #topology = 0;

  constructor(name: string, members: readonly MemberSetup[], catalog: Catalog, nowMs: () => number) {
    this.name = name;
    this.catalog = catalog;
    this.#nowMs = nowMs;
    this.#members = members.map((setup, index) => new Member(index, setup, catalog, nowMs));
    this.electedAtMs = nowMs() - 30 * 86_400_000;
  }

  get members(): readonly Member[] {
    return this.#members;
  }

  /** Grows with every change a hello tells of. */
  get topology(): number {
    return this.#topology;
  }

  now(): number {
    return this.#nowMs();
  }

  /** Resolves at the next change of the topology: what a streaming hello waits for. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** The primary of the highest term, if any is up. */
  get primary(): Member | undefined {
    return this.members
      .filter(({ state, index }) => state === 'PRIMARY' && !this.#unreachable.has(index))
      .toSorted((a, b) => b.term - a.term)[0];
  }

  member(index: number): Member {
    const found = this.members[index];
    if (!found) throw new Error(`no member ${index} in set ${this.name}`);
    return found;
  }

  setState(index: number, state: MemberState): void {
    this.member(index).state = state;
    this.#announce();
  }

  /** The primary becomes a secondary and nobody leads until {@link elect}. */
  stepDown(): void {
    this.#stoppedAtMs ??= this.#nowMs();
    for (const member of this.members) if (member.state === 'PRIMARY') member.state = 'SECONDARY';
    this.#announce();
  }

  /** A new term. With `keepOld` the old primary goes on believing in its own: two primaries, as behind a partition. */
  elect(index: number, options: { readonly keepOld?: boolean } = {}): void {
    if (!options.keepOld)
      for (const member of this.members) if (member.state === 'PRIMARY') member.state = 'SECONDARY';
    this.term += 1;
    for (const member of this.members)
      if (!(options.keepOld && member.state === 'PRIMARY')) member.term = this.term;
    const chosen = this.member(index);
    chosen.counters.add('electionMetrics.electionTimeout.called', 1);
    chosen.counters.add('electionMetrics.electionTimeout.successful', 1);
    chosen.state = 'PRIMARY';
    chosen.lagMs = 0;
    chosen.appliedStuckAtMs = undefined;
    this.electedAtMs = this.#nowMs();
    this.#stoppedAtMs = undefined;
    this.#announce();
  }

  /** A member falls behind by a constant time. */
  lag(index: number, seconds: number): void {
    this.member(index).lagMs = seconds * 1000;
  }

  /** A member stops applying, or stopped `ageMs` ago: its lag grows with the clock until {@link thawReplication}. */
  freezeReplication(index: number, ageMs = 0): void {
    const member = this.member(index);
    member.appliedStuckAtMs ??= this.appliedAtMs(member, this.#nowMs() - ageMs);
  }

  thawReplication(index: number): void {
    this.member(index).appliedStuckAtMs = undefined;
  }

  /** The last member leaves the set by a new configuration; stop its node. */
  removeLast(): void {
    this.#members.pop();
    this.addresses.pop();
    this.version += 1;
    this.#announce();
  }

  isReachable(index: number): boolean {
    return !this.#unreachable.has(index);
  }

  /** Index builds begin and do not end until they are let go, with an error if one is given, or until their index is dropped. */
  holdBuilds(): void {
    const { promise, resolve } = Promise.withResolvers<CommandError | undefined>();
    this.builds = { ended: promise, end: resolve };
  }

  releaseBuilds(error?: CommandError): void {
    this.builds?.end(error);
    this.builds = undefined;
  }

  /** No heartbeat from or to this member any more, or since `ageMs`: everybody's view of it, and its view of everybody, stays as it is. */
  freezeHeartbeats(index: number, ageMs = 0): void {
    const atMs = this.#nowMs() - ageMs;
    const member = this.member(index);
    this.#frozen.set(index, { atMs, state: member.state, appliedAtMs: this.appliedAtMs(member, atMs) });
  }

  thawHeartbeats(index: number): void {
    this.#frozen.delete(index);
  }

  /** The others see it as DOWN (health 0); told by the node when it stops. */
  setReachable(index: number, reachable: boolean): void {
    if (reachable) this.#unreachable.delete(index);
    else this.#unreachable.set(index, this.#nowMs());
    this.#announce();
  }

  /** Writes cease; the newest stays where it is. */
  stopWrites(): void {
    this.#stoppedAtMs ??= this.#nowMs();
  }

  resumeWrites(): void {
    this.#stoppedAtMs = undefined;
  }

  /** Wall time of the newest write of the set, as of `atMs`. */
  newestWriteMs(atMs: number): number {
    const untilMs = Math.min(atMs, this.#stoppedAtMs ?? atMs);
    return this.writes === 'steady' ? untilMs : Math.floor(untilMs / NOOP_MS) * NOOP_MS;
  }

  /** Wall time of the last operation a member had applied at `atMs`; `undefined` where it has none. */
  appliedAtMs(member: Member, atMs: number): number | undefined {
    if (!hasOptime(member.state)) return undefined;
    if (member.state === 'PRIMARY') return this.newestWriteMs(atMs);
    const delayMs = (member.setup.secondaryDelaySecs ?? 0) * 1000;
    const followedMs = this.newestWriteMs(atMs - member.lagMs - delayMs);
    return Math.min(followedMs, member.appliedStuckAtMs ?? followedMs);
  }

  view(observer: Member, subject: Member): View {
    const nowMs = this.#nowMs();
    const atMs =
      this.#frozen.get(observer.index)?.atMs ?? Math.floor(nowMs / this.heartbeatMs) * this.heartbeatMs;
    const heartbeat = { heartbeatAtMs: atMs, receivedAtMs: atMs };
    const frozen = this.#frozen.get(subject.index);
    if (frozen) {
      const { state, appliedAtMs } = frozen;
      return {
        state,
        healthy: true,
        appliedAtMs,
        heartbeatAtMs: frozen.atMs,
        receivedAtMs: frozen.atMs,
        term: subject.term,
      };
    }
    const lostAtMs = this.#unreachable.get(subject.index);
    if (lostAtMs !== undefined) {
      return {
        state: 'DOWN',
        healthy: false,
        appliedAtMs: undefined,
        heartbeatAtMs: atMs,
        receivedAtMs: lostAtMs,
        term: -1,
      };
    }
    return {
      state: subject.state,
      healthy: true,
      appliedAtMs: this.appliedAtMs(subject, atMs),
      ...heartbeat,
      term: subject.term,
    };
  }

  #announce(): void {
    this.#topology += 1;
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }
}

function hasOptime(state: MemberState): boolean {
  return state === 'PRIMARY' || state === 'SECONDARY' || state === 'RECOVERING' || state === 'ROLLBACK';
}
