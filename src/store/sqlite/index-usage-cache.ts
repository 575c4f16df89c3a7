import { setImmediate } from 'node:timers/promises';
import {
  foldIndexUsage,
  type IndexUsageReading,
  type IndexUse,
  type MemberIndexUsage,
} from '../../core/index-usage.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { PrunedCache } from './housekeeping.ts';
import { type IndexUsageTable, type MemberHead, pageRows } from './index-usage-table.ts';
import type { ChangeSet, WriteBehind } from './write-behind.ts';

type Members = Map<string, MemberChanges>;

/** The members of one cluster for one database. */
interface Place {
  readonly loading: Promise<Members>;
  /** Undefined until they are loaded. */
  members: Members | undefined;
  askedMs: number;
}

/**
 * Index usage in memory, per cluster and database, loaded when it is asked for and not there. Only what a reading changed is written: the
 * member's time goes after its indexes, so that a crash in between makes the watch look shorter, never longer.
 */
export class IndexUsageCache implements PrunedCache {
  readonly #table: IndexUsageTable;
  readonly #writes: WriteBehind;
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();

  constructor(table: IndexUsageTable, writes: WriteBehind, clock: Clock) {
    this.#table = table;
    this.#writes = writes;
    this.#clock = clock;
  }

  async observe(reading: IndexUsageReading): Promise<void> {
    const members = await this.#load(reading.cluster, reading.database);
    const known = members.get(reading.member);
    const usage = foldIndexUsage(known?.head.usage, reading);
    const member = known ?? new MemberChanges(this.#table, createHead(this.#table.nextId(), reading));
    members.set(reading.member, member);
    member.replace(usage);
    this.#writes.add(member);
  }

  async usage(cluster: string, database: string): Promise<MemberIndexUsage[]> {
    const members = await this.#load(cluster, database);
    return [...members.values()].map(({ head }) => head.usage);
  }

  evict(notAskedSinceMs: number, unseenSince: number): void {
    for (const [name, { members, askedMs }] of this.#places) {
      if (members === undefined) continue;
      const waiting = [...members.values()].filter((member) => this.#writes.isPending(member));
      if (askedMs <= notAskedSinceMs && waiting.length === 0) this.#places.delete(name);
      for (const [key, member] of members)
        if (member.head.usage.at <= unseenSince && !waiting.includes(member)) members.delete(key);
    }
  }

  holds(id: number): boolean {
    for (const { members } of this.#places.values())
      for (const { head } of members?.values() ?? []) if (head.id === id) return true;
    return false;
  }

  async #load(cluster: string, database: string): Promise<Members> {
    const name = JSON.stringify([cluster, database]);
    const askedMs = this.#clock.monotonicMs();
    let place = this.#places.get(name);
    if (place === undefined) {
      place = { loading: this.#read(cluster, database), members: undefined, askedMs };
      this.#places.set(name, place);
    }
    place.askedMs = askedMs;
    try {
      place.members = await place.loading;
      return place.members;
    } catch (thrown) {
      this.#places.delete(name);
      throw thrown;
    }
  }

  async #read(cluster: string, database: string): Promise<Members> {
    const members: Members = new Map();
    for (const head of this.#table.members(cluster, database)) {
      const indexes = await this.#readUses(head.id);
      const usage = { ...head.usage, indexes };
      members.set(usage.member, new MemberChanges(this.#table, { ...head, usage }));
    }
    return members;
  }

  async #readUses(memberId: number): Promise<Map<string, IndexUse>> {
    const indexes = new Map<string, IndexUse>();
    let page: readonly IndexUse[];
    let fromKey = '';
    do {
      page = this.#table.page(memberId, fromKey);
      for (const use of page) indexes.set(use.key, use);
      // The smallest text after the last key.
      fromKey = `${page.at(-1)?.key ?? ''}\0`;
      await setImmediate();
    } while (page.length === pageRows);
    return indexes;
  }
}

/** One member's indexes in one database, and which of them are not yet on disk. */
class MemberChanges implements ChangeSet {
  readonly changed = new Set<string>();
  readonly #table: IndexUsageTable;
  #head: MemberHead;

  constructor(table: IndexUsageTable, head: MemberHead) {
    this.#table = table;
    this.#head = head;
  }

  get head(): MemberHead {
    return this.#head;
  }

  replace(usage: MemberIndexUsage): void {
    const before = this.#head.usage.indexes;
    for (const [key, use] of usage.indexes) if (before.get(key) !== use) this.changed.add(key);
    for (const key of before.keys()) if (!usage.indexes.has(key)) this.changed.add(key);
    this.#head = { ...this.#head, usage };
  }

  write(key: string): void {
    const use = this.#head.usage.indexes.get(key);
    if (use === undefined) this.#table.dropUse(this.#head.id, key);
    else this.#table.putUse(this.#head.id, use);
  }

  finish(): void {
    this.#table.putMember(this.#head);
  }
}

function createHead(
  id: number,
  { cluster, database, member, generation, at }: IndexUsageReading,
): MemberHead {
  return { id, cluster, database, usage: { member, generation, at, indexes: new Map() } };
}
