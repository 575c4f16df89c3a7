import { type Background, type Clock, CollectError, toCollectError } from '../../src/sdk.ts';
import type { Command, Connection } from './connection.ts';

/** A key and the memory it takes with everything it holds. */
export interface SizedKey {
  /** Number of the database. */
  readonly database: string;
  readonly key: string;
  readonly bytes: number;
}

export interface ScanBudget {
  /** How many of the biggest keys are kept. */
  readonly top: number;
  /** Time of the server in each second, measured as the time until the answer. */
  readonly serverTimeMs: number;
  readonly keysPerSecond: number;
  /** Rest between two walks; a server without keys is looked at again after a minute. */
  readonly everyMs: number;
}

export interface ScanState {
  /** Biggest first: of the last whole walk, or of the first one as far as it has come. */
  readonly biggest: readonly SizedKey[];
  /** Keys seen by the walk behind `biggest`. */
  readonly seen: number;
  /** Unix time in milliseconds at which the last whole walk ended. */
  readonly finishedAt: number | undefined;
}

const sliceEveryMs = 1_000;
/** A walk over nothing says nothing about the keys that come. */
const emptyRestMs = 60_000;
const fewestKeys = 10;
/** SCAN may give more keys than it was asked for; one pipeline measures no more than this many. */
const largestBatch = 5_000;

/**
 * Walks over all keys in slices and keeps the biggest. Uses SCAN without TYPE and MEMORY USAGE only: these two count neither as hits nor
 * as misses and do not touch a key's idle time; any other command on a key would falsify the hit ratio.
 */
export class KeyScan {
  readonly #connection: () => Connection;
  readonly #databases: () => Promise<readonly string[]>;
  readonly #clock: Clock;
  readonly #budget: ScanBudget;
  readonly #background: Background;
  #walk = newWalk();
  #finished: Walk | undefined;
  #finishedAt: number | undefined;
  #finishedMs = 0;
  #batch = 32;
  #running = false;
  #failure: CollectError | undefined;

  constructor(
    connection: () => Connection,
    databases: () => Promise<readonly string[]>,
    clock: Clock,
    budget: ScanBudget,
    background: Background,
  ) {
    this.#connection = connection;
    this.#databases = databases;
    this.#clock = clock;
    this.#budget = budget;
    this.#background = background;
  }

  /** @throws {CollectError} why the walk stopped, once; the next `run` goes on where it was. */
  state(): ScanState {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure;
    const walk = this.#finished ?? this.#walk;
    return { biggest: walk.biggest, seen: walk.seen, finishedAt: this.#finishedAt };
  }

  /**
   * Does one slice now if a walk is due, and goes on in the background until the walk is over, at most a slice a second, in turn with the
   * walks of other targets. Returns after the first slice.
   *
   * @throws {CollectError} `denied` without scan, memory|usage and a key pattern.
   */
  async run(signal: AbortSignal, background: AbortSignal): Promise<void> {
    if (this.#running || !this.#isDue()) return;
    this.#running = true;
    try {
      const over = await this.slice(signal);
      if (!over) {
        void this.#goOn(background);
        return;
      }
    } catch (thrown) {
      this.#running = false;
      throw thrown;
    }
    this.#running = false;
  }

  /** One slice within the budget; true when the walk is over. */
  async slice(signal: AbortSignal): Promise<boolean> {
    let keysLeft = this.#budget.keysPerSecond;
    let timeLeftMs = this.#budget.serverTimeMs;
    while (keysLeft > 0 && timeLeftMs > 0) {
      if (this.#walk.db === undefined && !(await this.#nextDatabase())) return this.#finish();
      const batch = Math.min(this.#batch, keysLeft);
      const startMs = this.#clock.monotonicMs();
      const keys = await this.#step(batch, signal);
      const tookMs = this.#clock.monotonicMs() - startMs;
      keysLeft -= Math.max(1, keys);
      timeLeftMs -= tookMs;
      this.#adapt(tookMs);
    }
    return this.#walk.db === undefined && this.#walk.databases?.length === 0 ? this.#finish() : false;
  }

  async #goOn(signal: AbortSignal): Promise<void> {
    try {
      do await this.#clock.sleep(sliceEveryMs, signal);
      while (!(await this.#background.turn(() => this.slice(signal), signal)));
    } catch (thrown) {
      // Told at the next reading, unless the collector is closing.
      if (!signal.aborted) this.#failure = toCollectError(thrown);
    } finally {
      this.#running = false;
    }
  }

  #isDue(): boolean {
    if (this.#finishedAt === undefined || this.#walk.databases !== undefined) return true;
    const { everyMs } = this.#budget;
    const restMs = this.#finished?.seen === 0 ? Math.min(emptyRestMs, everyMs) : everyMs;
    return this.#clock.monotonicMs() - this.#finishedMs >= restMs;
  }

  /** A batch takes about a third of the budget, so that one slow step overdraws it little. */
  #adapt(tookMs: number): void {
    const aimMs = this.#budget.serverTimeMs / 3;
    if (tookMs > aimMs) this.#batch = Math.max(fewestKeys, Math.floor(this.#batch / 2));
    else if (tookMs < aimMs / 2) this.#batch = Math.min(this.#budget.keysPerSecond, this.#batch * 2);
  }

  /** Two round trips: which keys come next, and how big they are. */
  async #step(batch: number, signal: AbortSignal): Promise<number> {
    const { db = '0', cursor } = this.#walk;
    const connection = this.#connection();
    const scan: readonly Command[] = [...this.#select(db), ['SCAN', cursor, 'COUNT', String(batch)]];
    const reply = replyOf((await connection.pipelineBytes(scan, signal)).at(-1));
    const { next, keys } = parseScan(reply);
    for (let from = 0; from < keys.length; from += largestBatch) {
      const some = keys.slice(from, from + largestBatch);
      const commands = some.map((key): Command => ['MEMORY', 'USAGE', key]);
      const sizes = await connection.pipelineBytes([...this.#select(db), ...commands], signal);
      const offset = sizes.length - some.length;
      for (const [index, key] of some.entries()) this.#take(db, key, replyOf(sizes[index + offset]));
    }
    this.#walk.cursor = next;
    if (next === '0') this.#walk.db = undefined;
    return keys.length;
  }

  /** Other groups send nothing that depends on the selected database, so it is chosen anew with each batch, and only when needed. */
  #select(db: string): readonly Command[] {
    return this.#walk.selects ? [['SELECT', db]] : [];
  }

  #take(db: string, key: Buffer, reply: unknown): void {
    this.#walk.seen += 1;
    // A key that has gone since has no size.
    if (typeof reply !== 'number') return;
    const { biggest } = this.#walk;
    const smallest = biggest.at(-1);
    const isFull = biggest.length >= this.#budget.top;
    if (isFull && smallest !== undefined && smallest.bytes >= reply) return;
    // SCAN may give a key twice.
    const name = printable(key);
    const known = biggest.findIndex((other) => other.key === name && other.database === db);
    if (known >= 0) biggest.splice(known, 1);
    else if (isFull) biggest.pop();
    const place = biggest.findIndex(({ bytes }) => bytes < reply);
    biggest.splice(place < 0 ? biggest.length : place, 0, { database: db, key: name, bytes: reply });
  }

  async #nextDatabase(): Promise<boolean> {
    this.#walk.databases ??= [...(await this.#databases())];
    if (this.#walk.databases.some((db) => db !== '0')) this.#walk.selects = true;
    this.#walk.db = this.#walk.databases.shift();
    this.#walk.cursor = '0';
    return this.#walk.db !== undefined;
  }

  #finish(): true {
    this.#finished = this.#walk;
    this.#finishedAt = this.#clock.now();
    this.#finishedMs = this.#clock.monotonicMs();
    this.#walk = newWalk();
    return true;
  }
}

interface Walk {
  /** Databases still to be walked; undefined before the walk begins. */
  databases: string[] | undefined;
  db: string | undefined;
  cursor: string;
  /** Whether databases beside 0 hold keys. */
  selects: boolean;
  seen: number;
  readonly biggest: SizedKey[];
}

function newWalk(): Walk {
  return { databases: undefined, db: undefined, cursor: '0', selects: false, seen: 0, biggest: [] };
}

function parseScan(reply: unknown): { readonly next: string; readonly keys: readonly Buffer[] } {
  if (!Array.isArray(reply) || !Array.isArray(reply[1]))
    throw new CollectError('malformed', 'SCAN gave an unknown reply');
  const keys = reply[1].filter((key: unknown): key is Buffer => Buffer.isBuffer(key));
  return { next: String(reply[0]), keys };
}

function replyOf(
  outcome: { readonly reply?: unknown; readonly error?: CollectError | undefined } | undefined,
): unknown {
  if (outcome?.error) throw outcome.error;
  return outcome?.reply;
}

/** The key for people: control characters and what is not UTF-8 are replaced, long names are cut. */
function printable(key: Buffer): string {
  const text = key
    .subarray(0, 1_024)
    .toString('utf8')
    .replaceAll(/\p{Cc}/gu, '\uFFFD');
  return text.length > 256 ? `${text.slice(0, 256)}…` : text;
}
