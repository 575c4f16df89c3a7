import { setImmediate } from 'node:timers/promises';
import {
  foldIndexUsage,
  type IndexUsageReading,
  type IndexUse,
  type MemberIndexUsage,
} from '../../core/index-usage.ts';
import { type IndexUsageTable, type MemberHead, pageRows } from './index-usage-table.ts';
import type { WriteBehind } from './write-behind.ts';

type Members = Map<string, MemberHead>;

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
    const usage = foldIndexUsage(known?.usage, reading);
    const { cluster, database } = reading;
    const head: MemberHead = { id: known?.id ?? this.#table.nextId(), cluster, database, usage };
    members.set(reading.member, head);
    const writeHead = (): void => this.#table.putMember(head);
    if (known === undefined) this.#writes.put(`new index member ${head.id}`, writeHead);
    this.#putChanges(head.id, known?.usage.indexes ?? new Map<string, IndexUse>(), usage);
    this.#writes.put(`index member ${head.id}`, writeHead);
  }

  async usage(cluster: string, database: string): Promise<MemberIndexUsage[]> {
    const members = await this.#load(cluster, database);
    return [...members.values()].map(({ usage }) => usage);
  }

  #putChanges(memberId: number, before: ReadonlyMap<string, IndexUse>, { indexes }: MemberIndexUsage): void {
    for (const [key, use] of indexes) {
      const known = before.get(key);
      if (known !== undefined && isSame(known, use)) continue;
      this.#writes.put(`index use ${memberId} ${key}`, () => this.#table.putUse(memberId, use));
    }
    for (const key of before.keys()) {
      if (indexes.has(key)) continue;
      this.#writes.put(`index use ${memberId} ${key}`, () => this.#table.dropUse(memberId, key));
    }
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
      members.set(head.usage.member, { ...head, usage: { ...head.usage, indexes } });
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

function isSame(one: IndexUse, other: IndexUse): boolean {
  return (
    one.scans === other.scans &&
    one.epoch === other.epoch &&
    one.lastUsedAt === other.lastUsedAt &&
    one.watchedSince === other.watchedSince &&
    one.scansSeen === other.scansSeen
  );
}
