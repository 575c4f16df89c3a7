import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../../core/ports/clock.ts';
import type { Sweep } from './housekeeping.ts';
import { readOptionalNumber } from './row.ts';

export interface AgingTable {
  readonly table: 'objective_state' | 'breach' | 'objective_event' | 'alert_delivery' | 'proof';
  /** Column that says how old a row is; rows in which it is NULL stay. */
  readonly at: 'at' | 'closed_at';
  readonly keepMs: number;
  /** How many there may be of each target, or in all; the oldest go. */
  readonly most?: { readonly rows: number; readonly of: 'target' | 'all' };
}

/** Rows deleted at once. */
const stepRows = 250;

/**
 * Deletes rows that are old, and the oldest where there are too many; a few at a time. Old is measured against the latest row, so that a
 * store that was not in use for years loses nothing when it is opened, and never against a time that is still to come: a clock that was
 * ahead for a while does not make the rest old.
 */
export class Aging implements Sweep {
  readonly #clock: Clock;
  readonly #keepMs: number;
  readonly #newest: StatementSync;
  readonly #dropOld: StatementSync;
  readonly #dropExcess: StatementSync | undefined;
  readonly #ofTarget: boolean;
  readonly #touched = new Set<string>();

  constructor(database: DatabaseSync, clock: Clock, { table, at, keepMs, most }: AgingTable) {
    this.#clock = clock;
    this.#keepMs = keepMs;
    this.#newest = database.prepare(`SELECT max(${at}) AS at FROM ${table}`);
    this.#dropOld = database.prepare(
      `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${at} <= ? LIMIT ${stepRows})`,
    );
    this.#ofTarget = most?.of === 'target';
    const which = this.#ofTarget ? `target = ?` : `? IS NOT NULL`;
    this.#dropExcess =
      most === undefined
        ? undefined
        : database.prepare(
            `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${which} AND ${at} IS NOT NULL
             ORDER BY ${at} DESC LIMIT ${stepRows} OFFSET ${most.rows})`,
          );
  }

  /** To be called with the target of every new row. */
  touch(target: string): void {
    if (this.#dropExcess !== undefined) this.#touched.add(this.#ofTarget ? target : '');
  }

  step(): boolean {
    const newest = Math.min(readOptionalNumber(this.#newest.get(), 'at') ?? 0, this.#clock.now());
    if (Number(this.#dropOld.run(newest - this.#keepMs).changes) > 0) return true;
    const [target] = this.#touched;
    if (target === undefined || this.#dropExcess === undefined) return false;
    if (Number(this.#dropExcess.run(target).changes) < stepRows) this.#touched.delete(target);
    return true;
  }
}
