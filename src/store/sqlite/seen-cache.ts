import type { FirstSeen } from '../../core/ports/history.ts';
import { foldFirstSeen, type SeenScope } from '../first-seen.ts';
import type { SeenTable } from './seen-table.ts';
import type { WriteBehind } from './write-behind.ts';

interface KnownScope extends SeenScope {
  readonly id: number;
}

/** First sight of keys in memory, per scope, loaded when a scope is first asked for. */
export class SeenCache {
  readonly #table: SeenTable;
  readonly #writes: WriteBehind;
  readonly #scopes = new Map<string, KnownScope>();

  constructor(table: SeenTable, writes: WriteBehind) {
    this.#table = table;
    this.#writes = writes;
  }

  firstSeen(scope: string, keys: readonly string[], at: number): FirstSeen {
    const known = this.#scopes.get(scope) ?? this.#load(scope) ?? this.#create(scope, at);
    this.#scopes.set(scope, known);
    const { seen, written, dropped } = foldFirstSeen(known, keys, at);
    for (const key of dropped) this.#put(known, key);
    for (const key of written) this.#put(known, key);
    return seen;
  }

  /** Writes the key as it is by then, or that it is gone. */
  #put({ id, keys }: KnownScope, key: string): void {
    this.#writes.put(`seen key ${id} ${key}`, () => {
      const times = keys.get(key);
      if (times === undefined) this.#table.dropKey(id, key);
      else this.#table.putKey(id, key, times);
    });
  }

  #load(scope: string): KnownScope | undefined {
    const head = this.#table.scope(scope);
    return head === undefined ? undefined : { ...head, keys: this.#table.keys(head.id) };
  }

  #create(scope: string, at: number): KnownScope {
    const head = { id: this.#table.nextId(), baseline: at };
    this.#writes.put(`seen scope ${head.id}`, () => this.#table.putScope(scope, head));
    return { ...head, keys: new Map() };
  }
}
