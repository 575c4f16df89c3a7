import type { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../../core/errors.ts';
import { StoreError } from '../store-error.ts';
import { explainDamage } from './database.ts';
import { isBusy, isDamage, isSqliteError } from './sqlite-error.ts';

/**
 * Transactions of one step each, on a connection that others write with too: all of it happens before the event loop goes on, so none ever
 * begins within another.
 */
export class Transactions {
  readonly #database: DatabaseSync;
  readonly #file: string;

  constructor(database: DatabaseSync, file: string) {
    this.#database = database;
    this.#file = file;
  }

  /**
   * All of it is on disk when this returns, also for a machine that loses its power then, or nothing of it.
   *
   * @throws {StoreError} `unusable` when the disk refuses, `damaged` when the file does not hold what was written; what `work` throws.
   * @see https://www.sqlite.org/pragma.html#pragma_synchronous
   */
  write<T>(work: () => T): T {
    const database = this.#database;
    try {
      // In WAL mode NORMAL, which is enough for readings, commits without waiting for the disk.
      database.exec('PRAGMA synchronous = FULL');
      database.exec('BEGIN IMMEDIATE');
      const answer = work();
      database.exec('COMMIT');
      return answer;
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw this.#explain(thrown, 'written');
    } finally {
      database.exec('PRAGMA synchronous = NORMAL');
    }
  }

  /** @throws {StoreError} `damaged` or `unusable`. */
  read<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw this.#explain(thrown, 'read');
    }
  }

  #explain(thrown: unknown, what: 'written' | 'read'): unknown {
    if (isDamage(thrown) || thrown instanceof StoreError) return explainDamage(this.#file, thrown);
    if (!isSqliteError(thrown)) return thrown;
    const todo = isBusy(thrown)
      ? 'another program has it open and writes to it: end that one'
      : 'its disk must have free space and this user must be allowed to write there';
    return new StoreError(
      'unusable',
      `the store ${this.#file} cannot be ${what}: ${messageOf(thrown)}; ${todo}; until then nothing is remediated`,
      { cause: thrown },
    );
  }
}
