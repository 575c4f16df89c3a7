import type { ChangeSet, WriteBehind } from './write-behind.ts';

export interface PendingRowsOptions<Row> {
  readonly put: (row: Row) => void;
  /** The longest that may wait while the disk refuses; then the oldest are given up. No end when absent. */
  readonly most?: number;
}

/** Rows by key that wait to be written, each once and as it is by then; a reader lays them over what is on disk. */
export class PendingRows<Row> implements ChangeSet {
  readonly changed = new Set<string>();
  readonly #rows = new Map<string, Row>();
  readonly #writes: WriteBehind;
  readonly #put: (row: Row) => void;
  readonly #most: number;

  constructor(writes: WriteBehind, { put, most = Number.POSITIVE_INFINITY }: PendingRowsOptions<Row>) {
    this.#writes = writes;
    this.#put = put;
    this.#most = most;
  }

  /** Writes it within about a second. */
  add(key: string, row: Row): void {
    this.#rows.set(key, row);
    this.changed.add(key);
    const [oldest] = this.changed;
    if (this.changed.size > this.#most && oldest !== undefined) {
      this.changed.delete(oldest);
      this.#rows.delete(oldest);
    }
    this.#writes.add(this);
  }

  /** Writes it before it returns, so that not even a process that is killed forgets it. A disk that refuses is tried again, as with `add`. */
  addNow(key: string, row: Row): void {
    try {
      this.#put(row);
      this.changed.delete(key);
      this.#rows.delete(key);
    } catch {
      // What could not be written is left to the writes behind, which say so.
      this.add(key, row);
    }
  }

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  /** In the order in which they were added. */
  rows(): readonly Row[] {
    return [...this.#rows.values()];
  }

  write(key: string): void {
    const row = this.#rows.get(key);
    if (row !== undefined) this.#put(row);
  }

  finish(): void {}

  written(key: string): void {
    this.#rows.delete(key);
  }
}
