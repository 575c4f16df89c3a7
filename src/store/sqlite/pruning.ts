import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { readNumber, readOptionalNumber } from './row.ts';

/** A table of heads and the table of rows that refer to them by number. */
export interface HeadedTables {
  readonly heads: 'index_member' | 'seen_scope';
  /** Column of `heads` that says when it was last seen, Unix time in milliseconds. */
  readonly seenAt: 'at' | 'last_at';
  readonly rows: 'index_use' | 'seen_key';
  /** Column of `rows` that holds the number of the head. */
  readonly headId: 'member_id' | 'scope_id';
}

/** Rows deleted at once. */
const stepRows = 250;

/**
 * Deletes heads that were not seen for long, with their rows, and rows that lost their head when a process died between the two; a few
 * rows at a time. A head goes after its rows, so that a crash in between leaves no row behind.
 */
export class Pruning {
  readonly #newest: StatementSync;
  readonly #dead: StatementSync;
  readonly #dropRows: StatementSync;
  readonly #dropHead: StatementSync;
  readonly #orphans: number[];

  constructor(database: DatabaseSync, { heads, seenAt, rows, headId }: HeadedTables) {
    this.#newest = database.prepare(`SELECT max(${seenAt}) AS at FROM ${heads}`);
    this.#dead = database.prepare(`SELECT id FROM ${heads} WHERE ${seenAt} <= ?`);
    this.#dropRows = database.prepare(
      `DELETE FROM ${rows} WHERE ${headId} = ?1 AND key IN (SELECT key FROM ${rows} WHERE ${headId} = ?1 LIMIT ${stepRows})`,
    );
    this.#dropHead = database.prepare(`DELETE FROM ${heads} WHERE id = ?`);
    // Read once, before any new row can wait for its head.
    this.#orphans = database
      .prepare(
        `SELECT DISTINCT ${headId} AS id FROM ${rows} WHERE ${headId} NOT IN (SELECT id FROM ${heads})`,
      )
      .all()
      .map((row) => readNumber(row, 'id'));
  }

  /** When the latest of all heads was seen: the time against which the others are old. Undefined without heads. */
  newestAt(): number | undefined {
    return readOptionalNumber(this.#newest.get(), 'at');
  }

  /** One step, in the transaction of the caller; true when it deleted something. Heads that are held in memory stay. */
  step(unseenSince: number, isHeld: (id: number) => boolean): boolean {
    const [orphan] = this.#orphans;
    if (orphan !== undefined) {
      if (this.#dropSome(orphan)) this.#orphans.shift();
      return true;
    }
    for (const row of this.#dead.iterate(unseenSince)) {
      const id = readNumber(row, 'id');
      if (isHeld(id)) continue;
      if (this.#dropSome(id)) this.#dropHead.run(id);
      return true;
    }
    return false;
  }

  /** True when no row is left. */
  #dropSome(id: number): boolean {
    return Number(this.#dropRows.run(id).changes) < stepRows;
  }
}
