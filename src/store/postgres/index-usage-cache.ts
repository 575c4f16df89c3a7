import {
  foldIndexUsage,
  type IndexUsageReading,
  longestBlindMs,
  type MemberIndexUsage,
} from '../../core/index-usage.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { StoreClient } from './client.ts';
import { type MemberWrite, readMembers, readUses, writeMember } from './index-usage-table.ts';
import type { PendingChanges, TakenChanges, WriteBehind } from './write-behind.ts';

/** One member's indexes in one database. */
interface KnownMember {
  usage: MemberIndexUsage;
  /** When this agent last read it itself, monotonic; undefined while only others do. */
  observedMs: number | undefined;
  /** Keys that are not yet written, and whether the member itself is not. */
  changed: Set<string>;
  isPending: boolean;
}

/** The members of one cluster for one database. */
interface Place {
  readonly cluster: string;
  readonly database: string;
  readonly members: Map<string, KnownMember>;
  refreshedMs: number;
  askedMs: number;
  refreshing: Promise<void> | undefined;
}

/** What other agents read of a cluster is looked up at most this often. */
const refreshEveryMs = 30_000;
/** What nobody asked for in this time is read again when somebody does. */
const idleMs = 3_600_000;

/**
 * Index usage per cluster and database. Of the members that this agent reads, memory is ahead of the server; those that other agents read
 * come from the server, at most half a minute late, and their own time says how old they are.
 */
export class IndexUsageCache implements PendingChanges {
  readonly #client: StoreClient;
  readonly #writes: WriteBehind;
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();

  constructor(client: StoreClient, writes: WriteBehind, clock: Clock) {
    this.#client = client;
    this.#writes = writes;
    this.#clock = clock;
    writes.add(this);
  }

  async observe(reading: IndexUsageReading): Promise<void> {
    const place = await this.#place(reading.cluster, reading.database);
    const known = place.members.get(reading.member);
    // Another agent may have read it meanwhile.
    if (known !== undefined && !this.#isOurs(known)) await this.#refresh(place);
    const before = place.members.get(reading.member);
    const usage = foldIndexUsage(before?.usage, reading);
    const changed = before?.changed ?? new Set<string>();
    addChanged(changed, before?.usage, usage);
    const observedMs = this.#clock.monotonicMs();
    place.members.set(reading.member, { usage, observedMs, changed, isPending: true });
    this.#writes.wake();
  }

  async usage(cluster: string, database: string): Promise<MemberIndexUsage[]> {
    const place = await this.#place(cluster, database);
    return [...place.members.values()].map(({ usage }) => usage);
  }

  get size(): number {
    return this.#pending().reduce((sum, { member }) => sum + 1 + member.changed.size, 0);
  }

  take(): TakenChanges | undefined {
    this.#evict();
    const pending = this.#pending();
    if (pending.length === 0) return undefined;
    const taken = pending.map(({ place, member }) => {
      const { changed, usage } = member;
      member.changed = new Set();
      member.isPending = false;
      const write: MemberWrite = { cluster: place.cluster, database: place.database, usage, changed };
      return { place, write };
    });
    return {
      async write(session) {
        for (const { write } of taken) await writeMember(session, write);
      },
      done: () => undefined,
      giveBack() {
        for (const { place, write } of taken) {
          const member = place.members.get(write.usage.member);
          if (member === undefined) continue;
          for (const key of write.changed) member.changed.add(key);
          member.isPending = true;
        }
      },
    };
  }

  #pending(): { readonly place: Place; readonly member: KnownMember }[] {
    return [...this.#places.values()].flatMap((place) =>
      [...place.members.values()].filter(({ isPending }) => isPending).map((member) => ({ place, member })),
    );
  }

  #isOurs({ observedMs, isPending }: KnownMember): boolean {
    if (isPending) return true;
    return observedMs !== undefined && this.#clock.monotonicMs() - observedMs < longestBlindMs;
  }

  async #place(cluster: string, database: string): Promise<Place> {
    const name = JSON.stringify([cluster, database]);
    const nowMs = this.#clock.monotonicMs();
    const known = this.#places.get(name);
    const place: Place = known ?? {
      cluster,
      database,
      members: new Map(),
      refreshedMs: Number.NEGATIVE_INFINITY,
      askedMs: nowMs,
      refreshing: undefined,
    };
    place.askedMs = nowMs;
    if (nowMs - place.refreshedMs >= refreshEveryMs) {
      // While the server is away, what is known goes on; only what was never read cannot be told from what is not there.
      if (Number.isFinite(place.refreshedMs)) await this.#refresh(place).catch(() => undefined);
      else await this.#refresh(place);
    }
    const now = this.#places.get(name) ?? place;
    this.#places.set(name, now);
    return now;
  }

  /** Takes over what other agents wrote. */
  #refresh(place: Place): Promise<void> {
    place.refreshing ??= this.#read(place).finally(() => {
      place.refreshing = undefined;
    });
    return place.refreshing;
  }

  async #read(place: Place): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    for (const { id, usage } of await readMembers(this.#client, place.cluster, place.database)) {
      const known = place.members.get(usage.member);
      if (known !== undefined && (this.#isOurs(known) || known.usage.at === usage.at)) continue;
      const indexes = await readUses(this.#client, id);
      const meanwhile = place.members.get(usage.member);
      if (meanwhile !== undefined && this.#isOurs(meanwhile)) continue;
      const member = { usage: { ...usage, indexes }, observedMs: undefined, changed: new Set<string>() };
      place.members.set(usage.member, { ...member, isPending: false });
    }
    place.refreshedMs = startedMs;
  }

  #evict(): void {
    const beforeMs = this.#clock.monotonicMs() - idleMs;
    for (const [name, { members, askedMs }] of this.#places)
      if (askedMs <= beforeMs && [...members.values()].every(({ isPending }) => !isPending))
        this.#places.delete(name);
  }
}

function addChanged(
  changed: Set<string>,
  before: MemberIndexUsage | undefined,
  after: MemberIndexUsage,
): void {
  for (const [key, use] of after.indexes) if (before?.indexes.get(key) !== use) changed.add(key);
  for (const key of before?.indexes.keys() ?? []) if (!after.indexes.has(key)) changed.add(key);
}
