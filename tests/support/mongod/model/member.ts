import type { Catalog, CollectionEntry, IndexEntry } from './catalog.ts';
import { Counters } from './counters.ts';

/** The numbers of the server. @see https://www.mongodb.com/docs/manual/reference/replica-states/ */
export const stateNumbers = {
  STARTUP: 0,
  PRIMARY: 1,
  SECONDARY: 2,
  RECOVERING: 3,
  STARTUP2: 5,
  UNKNOWN: 6,
  ARBITER: 7,
  DOWN: 8,
  ROLLBACK: 9,
  REMOVED: 10,
} as const;

export type MemberState = keyof typeof stateNumbers;

export interface MemberSetup {
  /** Default: the first member is PRIMARY, the others SECONDARY. */
  readonly state?: MemberState;
  readonly hidden?: boolean;
  readonly priority?: number;
  readonly votes?: number;
  readonly secondaryDelaySecs?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

/** An operation that runs until it is killed; {@link Member.running} makes it visible in $currentOp. */
export interface RunningOperation {
  readonly opid: number;
  readonly namespace: string;
  readonly startedAtMs: number;
  /** query, insert, update, remove, getmore, command, none. */
  readonly kind: string;
  readonly command: Readonly<Record<string, unknown>>;
  readonly appName: string | undefined;
  readonly client: string;
  readonly planSummary: string | undefined;
  readonly waitingForLock: boolean;
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface OperationSetup {
  readonly namespace: string;
  /** How long it has been running. */
  readonly seconds: number;
  readonly kind?: string;
  readonly command?: Readonly<Record<string, unknown>>;
  readonly appName?: string;
  readonly planSummary?: string;
  readonly waitingForLock?: boolean;
  /** Further fields, such as `msg` and `progress` of an index build. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** An index as one member has it: `spec` may be older than the entry's. */
export interface HeldIndex {
  readonly entry: IndexEntry;
  readonly spec: IndexEntry['spec'];
  readonly building: boolean;
}

/** Since the process began. */
export interface Reads {
  readonly operations: number;
  readonly micros: number;
}

export interface Usage {
  ops: number;
  sinceMs: number;
}

/** The state of one mongod process: what is its own and not its replica set's. */
export class Member {
  readonly index: number;
  readonly setup: MemberSetup;
  readonly catalog: Catalog;
  readonly counters = new Counters();
  readonly operations = new Map<number, RunningOperation>();
  /** Whether fsyncLock was taken and not released. */
  writesLocked = false;
  state: MemberState;
  /** The term this member believes in. */
  term = 1;
  startedAtMs: number;
  pid: number;
  /** How far its applied operations are behind the newest write, beside its configured delay. */
  lagMs = 0;
  /** The applied wall time it is stuck at. */
  appliedStuckAtMs: number | undefined;
  /** Age of the oldest operation in its oplog. */
  oplogWindowMs = 48 * 3600_000;
  syncSource: number | undefined;
  readonly #nowMs: () => number;
  readonly #usage = new Map<IndexEntry, Usage>();
  readonly #reads = new Map<CollectionEntry, Reads>();
  #frozen: ReadonlyMap<CollectionEntry, readonly HeldIndex[]> | undefined;
  #nextOperation = 1000;

  constructor(index: number, setup: MemberSetup, catalog: Catalog, nowMs: () => number) {
    this.index = index;
    this.setup = setup;
    this.catalog = catalog;
    this.state = setup.state ?? (index === 0 ? 'PRIMARY' : 'SECONDARY');
    this.#nowMs = nowMs;
    this.startedAtMs = nowMs() - 40 * 86_400_000;
    this.pid = 4000 + index;
  }

  get dataBearing(): boolean {
    return this.state !== 'ARBITER';
  }

  /** A new process: uptime, counters and index usage begin again. */
  reborn(): void {
    this.startedAtMs = this.#nowMs();
    this.pid += 100;
    this.counters.reset();
    this.operations.clear();
    this.writesLocked = false;
    this.#usage.clear();
    this.#reads.clear();
  }

  /** From now on this member applies no change of indexes, until {@link thawIndexes}: one that does not follow. */
  freezeIndexes(): void {
    const all = [...this.catalog.databases.values()].flatMap((collections) => [...collections.values()]);
    this.#frozen = new Map(all.map((collection) => [collection, held(collection)]));
  }

  thawIndexes(): void {
    this.#frozen = undefined;
  }

  /** The indexes of a collection as this member has them. */
  indexesOf(collection: CollectionEntry): readonly HeldIndex[] {
    return this.#frozen?.get(collection) ?? held(collection);
  }

  /** Reads of a collection that took so long each: what `latencyStats` counts. */
  observeReads(collection: CollectionEntry, micros: number, operations: number): void {
    const before = this.readsOf(collection);
    this.#reads.set(collection, {
      operations: before.operations + operations,
      micros: before.micros + micros * operations,
    });
  }

  readsOf(collection: CollectionEntry): Reads {
    return this.#reads.get(collection) ?? { operations: 0, micros: 0 };
  }

  usageOf(index: IndexEntry): Usage {
    return this.#usage.get(index) ?? { ops: 0, sinceMs: Math.max(this.startedAtMs, index.countedSinceMs) };
  }

  /** Counts `ops` uses of an index on this member. */
  use(collection: CollectionEntry, indexName: string, ops: number): void {
    const index = collection.indexes.get(indexName);
    if (!index)
      throw new Error(`no index ${indexName} on ${collection.database}.${collection.name} in this double`);
    const { ops: before, sinceMs } = this.usageOf(index);
    this.#usage.set(index, { ops: before + ops, sinceMs });
    this.observeReads(collection, 120, ops);
  }

  /** As hiding and unhiding do. */
  resetUsage(index: IndexEntry): void {
    this.#usage.set(index, { ops: 0, sinceMs: this.#nowMs() });
  }

  running(setup: OperationSetup): number {
    this.#nextOperation += 1;
    this.operations.set(this.#nextOperation, {
      opid: this.#nextOperation,
      namespace: setup.namespace,
      startedAtMs: this.#nowMs() - setup.seconds * 1000,
      kind: setup.kind ?? 'query',
      command: setup.command ?? { find: setup.namespace.slice(setup.namespace.indexOf('.') + 1), filter: {} },
      appName: setup.appName,
      client: '127.0.0.1:50000',
      planSummary: setup.planSummary ?? 'COLLSCAN',
      waitingForLock: setup.waitingForLock ?? false,
      extra: setup.extra ?? {},
    });
    return this.#nextOperation;
  }
}

function held(collection: CollectionEntry): readonly HeldIndex[] {
  return [...collection.indexes.values()].map((entry) => ({
    entry,
    spec: entry.spec,
    building: entry.building,
  }));
}
