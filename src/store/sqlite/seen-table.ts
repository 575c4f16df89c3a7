import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SeenTimes } from '../first-seen.ts';
import { readNumber, readText } from './row.ts';

/** A scope's row: what its keys refer to. */
export interface ScopeHead {
  readonly id: number;
  readonly baseline: number;
  /** When somebody last asked, Unix time in milliseconds; see `lastSeenResolutionMs`. */
  readonly lastAt: number;
}

/** Keys may be there without their scope, where a process died in between; their number is not given out again. */
const lastIdSql = `SELECT max(
  coalesce((SELECT max(id) FROM seen_scope), 0), coalesce((SELECT max(scope_id) FROM seen_key), 0)) AS id`;

/** The statements on `seen_scope` and `seen_key`, prepared once. */
export class SeenTable {
  readonly #scope: StatementSync;
  readonly #keys: StatementSync;
  readonly #putScope: StatementSync;
  readonly #putKey: StatementSync;
  readonly #dropKey: StatementSync;
  #lastId: number;

  constructor(database: DatabaseSync) {
    this.#lastId = readNumber(database.prepare(lastIdSql).get(), 'id');
    this.#scope = database.prepare('SELECT id, baseline, last_at FROM seen_scope WHERE scope = ?');
    this.#keys = database.prepare('SELECT key, first_at, last_at FROM seen_key WHERE scope_id = ?');
    this.#putScope = database.prepare(
      `INSERT INTO seen_scope (id, scope, baseline, last_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET baseline = excluded.baseline, last_at = excluded.last_at`,
    );
    this.#putKey = database.prepare(
      `INSERT INTO seen_key (scope_id, key, first_at, last_at) VALUES (?, ?, ?, ?)
       ON CONFLICT (scope_id, key) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at`,
    );
    this.#dropKey = database.prepare('DELETE FROM seen_key WHERE scope_id = ? AND key = ?');
  }

  /** A number for a new scope. */
  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  scope(scope: string): ScopeHead | undefined {
    const row = this.#scope.get(scope);
    return row === undefined
      ? undefined
      : {
          id: readNumber(row, 'id'),
          baseline: readNumber(row, 'baseline'),
          lastAt: readNumber(row, 'last_at'),
        };
  }

  /** As many as a scope holds. */
  keys(scopeId: number): Map<string, SeenTimes> {
    const keys = new Map<string, SeenTimes>();
    for (const row of this.#keys.iterate(scopeId)) {
      keys.set(readText(row, 'key'), {
        firstAt: readNumber(row, 'first_at'),
        lastAt: readNumber(row, 'last_at'),
      });
    }
    return keys;
  }

  putScope(scope: string, { id, baseline, lastAt }: ScopeHead): void {
    this.#putScope.run(id, scope, baseline, lastAt);
  }

  putKey(scopeId: number, key: string, { firstAt, lastAt }: SeenTimes): void {
    this.#putKey.run(scopeId, key, firstAt, lastAt);
  }

  dropKey(scopeId: number, key: string): void {
    this.#dropKey.run(scopeId, key);
  }
}
