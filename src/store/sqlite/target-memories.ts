import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { rememberMs } from '../../core/index-usage.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Memory } from '../../core/ports/memory.ts';
import { checkValue } from '../memory-value.ts';
import { readText } from './row.ts';
import type { ChangeSet, WriteBehind } from './write-behind.ts';

/** Small values by target and key: read once a target, kept, and written behind. */
export class TargetMemories {
  readonly #writes: WriteBehind;
  readonly #clock: Clock;
  readonly #read: StatementSync;
  readonly #put: StatementSync;
  readonly #targets = new Map<string, Memory>();

  /** Forgets targets that wrote nothing for 400 days before the latest write. */
  constructor(database: DatabaseSync, writes: WriteBehind, clock: Clock) {
    this.#writes = writes;
    this.#clock = clock;
    database
      .prepare('DELETE FROM target_memory WHERE written_at < (SELECT max(written_at) FROM target_memory) - ?')
      .run(rememberMs);
    this.#read = database.prepare('SELECT key, value FROM target_memory WHERE target = ?');
    this.#put = database.prepare(
      `INSERT INTO target_memory (target, key, value, written_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (target, key) DO UPDATE SET value = excluded.value, written_at = excluded.written_at`,
    );
  }

  of(target: string): Memory {
    const memory = this.#targets.get(target) ?? this.#open(target);
    this.#targets.set(target, memory);
    return memory;
  }

  #open(target: string): Memory {
    let values: Map<string, string> | undefined;
    const known = (): Map<string, string> => (values ??= this.#load(target));
    const changes: ChangeSet = {
      changed: new Set(),
      write: (key) => {
        const value = known().get(key);
        if (value !== undefined) this.#put.run(target, key, value, this.#clock.now());
      },
      finish: () => undefined,
    };
    return {
      read: (key) => known().get(key),
      write: (key, value, when) => {
        checkValue(key, value);
        if (known().get(key) === value) return;
        known().set(key, value);
        if (when === 'now' && this.#putNow(target, key, value)) return;
        changes.changed.add(key);
        this.#writes.add(changes);
      },
    };
  }

  /** Whether it could be written; what could not is left to the writes behind, which say so. */
  #putNow(target: string, key: string, value: string): boolean {
    try {
      this.#put.run(target, key, value, this.#clock.now());
      return true;
    } catch {
      return false;
    }
  }

  #load(target: string): Map<string, string> {
    const values = new Map<string, string>();
    for (const row of this.#read.iterate(target)) values.set(readText(row, 'key'), readText(row, 'value'));
    return values;
  }
}
