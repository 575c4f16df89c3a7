import type { StoreSession } from './client.ts';
import type { PendingChanges, TakenChanges, WriteBehind } from './write-behind.ts';

export interface PendingRowsOptions<Row> {
  /** Writes them, in the transaction of the round. */
  readonly put: (session: StoreSession, rows: readonly Row[]) => Promise<void>;
  /** The longest that may wait while the server is away; then the oldest are given up. No end when absent. */
  readonly most?: number;
}

/** Rows by key that wait to be written, each once and as it is by then. */
export class PendingRows<Row> implements PendingChanges {
  readonly #writes: WriteBehind;
  readonly #put: PendingRowsOptions<Row>['put'];
  readonly #most: number;
  #rows = new Map<string, Row>();
  #inFlight: ReadonlyMap<string, Row> = new Map();

  constructor(writes: WriteBehind, { put, most = Number.POSITIVE_INFINITY }: PendingRowsOptions<Row>) {
    this.#writes = writes;
    this.#put = put;
    this.#most = most;
    writes.add(this);
  }

  get size(): number {
    return this.#rows.size;
  }

  add(key: string, row: Row): void {
    this.#rows.set(key, row);
    this.#trim();
    this.#writes.wake();
  }

  /** Sends it at once, without waiting for that. */
  addNow(key: string, row: Row): void {
    this.add(key, row);
    this.#writes.wakeNow();
  }

  /** Whether something is not yet on the server. */
  has(key: string): boolean {
    return this.#rows.has(key) || this.#inFlight.has(key);
  }

  take(): TakenChanges | undefined {
    if (this.#rows.size === 0) return undefined;
    const taken = this.#rows;
    this.#rows = new Map();
    this.#inFlight = taken;
    return {
      write: async (session) => {
        await this.#put(session, [...taken.values()]);
      },
      done: () => {
        this.#inFlight = new Map();
      },
      giveBack: () => {
        this.#inFlight = new Map();
        this.#rows = new Map([...taken, ...this.#rows]);
        this.#trim();
      },
    };
  }

  #trim(): void {
    while (this.#rows.size > this.#most) {
      const [oldest] = this.#rows.keys();
      if (oldest === undefined) return;
      this.#rows.delete(oldest);
    }
  }
}
