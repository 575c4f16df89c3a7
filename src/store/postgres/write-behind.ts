import { messageOf } from '../../core/errors.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StoreClient, StoreSession } from './client.ts';

/** Changes of one kind that wait to be written, each as it is by then. */
export interface PendingChanges {
  readonly size: number;
  /** Takes all that waits; what changes from now on waits for the next round. Undefined when nothing waits. */
  take(): TakenChanges | undefined;
}

export interface TakenChanges {
  write(session: StoreSession): Promise<void>;
  /** They are on the server. */
  done(): void;
  /** They are not written after all: they wait again, unless they changed meanwhile. */
  giveBack(): void;
}

export interface WriteBehindOptions {
  readonly client: StoreClient;
  readonly clock: Clock;
  readonly log: Log;
  /** Called for every attempt that failed. */
  readonly onError: (error: unknown) => void;
}

/** The longest that a change waits before it is written; what a killed process loses. */
const delayMs = 1_000;
/** While the server is away, the wait doubles up to this. */
const longestDelayMs = 30_000;

/**
 * Writes changes after the fact: at most one transaction a second, all that waits or nothing of it. What cannot be written stays and is
 * tried again for as long as it takes.
 */
export class WriteBehind {
  readonly #options: WriteBehindOptions;
  readonly #closing = new AbortController();
  readonly #kinds: PendingChanges[] = [];
  #rounds: Promise<void> | undefined;
  #hurry = new AbortController();
  #failures = 0;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
  }

  /** Kinds are written in the order in which they were added. */
  add(kind: PendingChanges): void {
    this.#kinds.push(kind);
  }

  /** Says that something waits. */
  wake(): void {
    this.#rounds ??= this.#runRounds();
  }

  /** Whether the latest attempt failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Says that something waits that should not: the next round begins at once, unless the server is away. */
  wakeNow(): void {
    if (this.#failures === 0) this.#hurry.abort();
    this.wake();
  }

  /** Writes all that waits; what cannot be written is lost, and the log says how much. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#rounds;
    if (this.#waiting() > 0) await this.#writeAll();
    const rows = this.#waiting();
    const { client, log } = this.#options;
    if (rows > 0) log.error('changes lost at shutdown', { store: client.name, rows });
  }

  async #runRounds(): Promise<void> {
    while (this.#waiting() > 0 && !this.#closing.signal.aborted) {
      await this.#wait(Math.min(longestDelayMs, delayMs * 2 ** this.#failures));
      if (!this.#closing.signal.aborted) await this.#writeAll();
    }
    this.#rounds = undefined;
  }

  #waiting(): number {
    return this.#kinds.reduce((sum, { size }) => sum + size, 0);
  }

  async #wait(waitMs: number): Promise<void> {
    const early = AbortSignal.any([this.#closing.signal, this.#hurry.signal]);
    try {
      await this.#options.clock.sleep(waitMs, early);
    } catch (thrown) {
      if (!early.aborted) throw thrown;
    }
    this.#hurry = new AbortController();
  }

  async #writeAll(): Promise<void> {
    const taken = this.#kinds.map((kind) => kind.take()).filter((changes) => changes !== undefined);
    try {
      await this.#options.client.transaction(async (session) => {
        for (const changes of taken) await changes.write(session);
      });
    } catch (thrown) {
      for (const changes of taken) changes.giveBack();
      this.#fail(thrown);
      return;
    }
    for (const changes of taken) changes.done();
    if (this.#failures > 0)
      this.#options.log.info('store writes again', { store: this.#options.client.name });
    this.#failures = 0;
  }

  #fail(thrown: unknown): void {
    const { client, log, onError } = this.#options;
    if (this.#failures === 0)
      log.error('store write failed, retrying; history is kept in memory meanwhile', {
        store: client.name,
        error: messageOf(thrown),
      });
    this.#failures += 1;
    onError(thrown);
  }
}
