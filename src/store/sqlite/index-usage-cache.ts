import { setImmediate } from 'node:timers/promises';
import {
  foldIndexUsage,
  type IndexUsageReading,
  type IndexUse,
  type MemberIndexUsage,
} from '../../core/index-usage.ts';
import { type IndexUsageTable, type MemberHead, pageRows } from './index-usage-table.ts';
import type { ChangeSet, WriteBehind } from './write-behind.ts';

type Members = Map<string, MemberChanges>;

/**
 * Index usage in memory, per cluster and database, loaded when it is first asked for. Only what a reading changed is written: the
 * member's time goes after its indexes, so that a crash in between makes the watch look shorter, never longer.
 */
export class IndexUsageCache {
  readonly #table: IndexUsageTable;
  readonly #writes: WriteBehind;
  readonly #places = new Map<string, Promise<Members>>();

  constructor(table: IndexUsageTable, writes: WriteBehind) {
    this.#table = table;
    this.#writes = writes;
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

  async #load(cluster: string, database: string): Promise<Members> {
    const place = JSON.stringify([cluster, database]);
    const loaded = this.#places.get(place);
    if (loaded !== undefined) return loaded;
    const loading = this.#read(cluster, database);
    this.#places.set(place, loading);
    try {
      return await loading;
    } catch (thrown) {
      this.#places.delete(place);
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
