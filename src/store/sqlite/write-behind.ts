import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../../core/errors.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Log } from '../../core/ports/log.ts';

/** Things of one owner that wait to be written, each as it is by then. */
export interface ChangeSet {
  readonly changed: Set<string>;
  /** Writes one of them. */
  write(key: string): void;
  /** Writes what must not be newer on disk than any of them; called when all are written. */
  finish(): void;
  /** Called when one of them is on disk. */
  written?(key: string): void;
}

export interface WriteBehindOptions {
  readonly database: DatabaseSync;
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called for every attempt that failed. */
  readonly onError: (error: unknown) => void;
}

interface SlicePart {
  readonly changes: ChangeSet;
  readonly keys: readonly string[];
  readonly isLast: boolean;
}

/** The longest that a change waits before it is written; what a killed process loses. */
const delayMs = 1_000;
/** While writes fail, the wait doubles up to this. */
const longestDelayMs = 60_000;
/** Rows in one transaction: few enough that the event loop is held for some milliseconds only. */
const sliceRows = 250;

/**
 * Writes changes after the fact: at most one round a second, in short transactions with the event loop running between them. What
 * changes again before it is written is written once. What cannot be written stays and is tried again.
 */
export class WriteBehind {
  readonly #options: WriteBehindOptions;
  readonly #pending = new Set<ChangeSet>();
  readonly #closing = new AbortController();
  #round: Promise<void> | undefined;
  #failures = 0;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
  }

  /** Says that the set has something to write, if only its finish. */
  add(changes: ChangeSet): void {
    this.#pending.add(changes);
    this.#round ??= this.#runRounds();
  }

  /** Whether the set has something to write. */
  isPending(changes: ChangeSet): boolean {
    return this.#pending.has(changes);
  }

  /** Writes all that waits; what still cannot be written is lost, and the log says how much. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#round;
    await this.#writeAll();
    if (this.#pending.size === 0) return;
    let rows = 0;
    for (const { changed } of this.#pending) rows += changed.size;
    this.#options.log.error('changes lost at shutdown', { path: this.#options.file, rows });
  }

  async #runRounds(): Promise<void> {
    while (this.#pending.size > 0 && !this.#closing.signal.aborted) {
      await this.#wait(Math.min(longestDelayMs, delayMs * 2 ** this.#failures));
      if (!this.#closing.signal.aborted) await this.#writeAll();
    }
    this.#round = undefined;
  }

  async #wait(waitMs: number): Promise<void> {
    try {
      await this.#options.clock.sleep(waitMs, this.#closing.signal);
    } catch (thrown) {
      if (!this.#closing.signal.aborted) throw thrown;
    }
  }

  /** Writes until nothing waits or a slice fails. */
  async #writeAll(): Promise<void> {
    while (this.#pending.size > 0 && this.#writeSlice()) await setImmediate();
  }

  #writeSlice(): boolean {
    const { database } = this.#options;
    const slice = this.#nextSlice();
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const { changes, keys, isLast } of slice) {
        for (const key of keys) changes.write(key);
        if (isLast) changes.finish();
      }
      database.exec('COMMIT');
    } catch (thrown) {
      this.#fail(thrown);
      return false;
    }
    for (const { changes, keys, isLast } of slice) {
      for (const key of keys) {
        changes.changed.delete(key);
        changes.written?.(key);
      }
      if (isLast) this.#pending.delete(changes);
    }
    this.#recover();
    return true;
  }

  #nextSlice(): SlicePart[] {
    const slice: SlicePart[] = [];
    let room = sliceRows;
    for (const changes of this.#pending) {
      if (room <= 0) break;
      const keys = firstOf(changes.changed, room);
      slice.push({ changes, keys, isLast: keys.length === changes.changed.size });
      room -= keys.length + 1;
    }
    return slice;
  }

  #fail(thrown: unknown): void {
    const { database, file, log, onError } = this.#options;
    if (database.isTransaction) database.exec('ROLLBACK');
    if (this.#failures === 0)
      log.error('store write failed, retrying; history is kept in memory meanwhile', {
        path: file,
        error: messageOf(thrown),
      });
    this.#failures += 1;
    onError(thrown);
  }

  #recover(): void {
    if (this.#failures > 0) this.#options.log.info('store writes again', { path: this.#options.file });
    this.#failures = 0;
  }
}

function firstOf<T>(values: Iterable<T>, count: number): T[] {
  const first: T[] = [];
  for (const value of values) {
    if (first.length === count) break;
    first.push(value);
  }
  return first;
}
