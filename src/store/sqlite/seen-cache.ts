import type { FirstSeen } from '../../core/ports/history.ts';
import { foldFirstSeen, type SeenScope } from '../first-seen.ts';
import type { SeenTable } from './seen-table.ts';
import type { ChangeSet, WriteBehind } from './write-behind.ts';

interface KnownScope extends SeenScope, ChangeSet {}

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
    const known = this.#scopes.get(scope) ?? this.#load(scope, at);
    const isNew = !this.#scopes.has(scope) && known.keys.size === 0;
    this.#scopes.set(scope, known);
    const { seen, written, dropped } = foldFirstSeen(known, keys, at);
    for (const key of dropped) known.changed.add(key);
    for (const key of written) known.changed.add(key);
    if (isNew || known.changed.size > 0) this.#writes.add(known);
    return seen;
  }

  #load(scope: string, at: number): KnownScope {
    const table = this.#table;
    const stored = table.scope(scope);
    const head = stored ?? { id: table.nextId(), baseline: at };
    const keys = stored === undefined ? new Map() : table.keys(head.id);
    return {
      baseline: head.baseline,
      keys,
      changed: new Set(),
      write(key) {
        const times = keys.get(key);
        if (times === undefined) table.dropKey(head.id, key);
        else table.putKey(head.id, key, times);
      },
      finish: () => table.putScope(scope, head),
    };
  }
}
