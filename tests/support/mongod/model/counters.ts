import { type Doc, int, isDoc, long } from '../values.ts';

type Kind = 'long' | 'int';
type Row = readonly [path: string, kind: Kind, start: number, perOperation: number];

const cache = 'wiredTiger.cache';
const GIBIBYTE = 1024 ** 3;

/** What moves in serverStatus: start value, and what one operation of an invented workload adds (seven reads, two writes, one command). */
const rows: readonly Row[] = [
  ['opcounters.insert', 'long', 0, 0.1],
  ['opcounters.query', 'long', 0, 0.6],
  ['opcounters.update', 'long', 0, 0.1],
  ['opcounters.delete', 'long', 0, 0],
  ['opcounters.getmore', 'long', 0, 0.1],
  ['opcounters.command', 'long', 0, 0.1],
  ['opcountersRepl.insert', 'long', 0, 0],
  ['opcountersRepl.query', 'long', 0, 0],
  ['opcountersRepl.update', 'long', 0, 0],
  ['opcountersRepl.delete', 'long', 0, 0],
  ['opcountersRepl.getmore', 'long', 0, 0],
  ['opcountersRepl.command', 'long', 0, 0],
  ['opLatencies.reads.latency', 'long', 0, 0],
  ['opLatencies.reads.ops', 'long', 0, 0],
  ['opLatencies.writes.latency', 'long', 0, 0],
  ['opLatencies.writes.ops', 'long', 0, 0],
  ['opLatencies.commands.latency', 'long', 0, 0],
  ['opLatencies.commands.ops', 'long', 0, 0],
  ['opLatencies.transactions.latency', 'long', 0, 0],
  ['opLatencies.transactions.ops', 'long', 0, 0],
  ['asserts.regular', 'int', 0, 0],
  ['asserts.warning', 'int', 0, 0],
  ['asserts.msg', 'int', 0, 0],
  ['asserts.user', 'int', 0, 0],
  ['asserts.tripwire', 'int', 0, 0],
  ['asserts.rollovers', 'int', 0, 0],
  ['globalLock.currentQueue.total', 'int', 0, 0],
  ['globalLock.currentQueue.readers', 'int', 0, 0],
  ['globalLock.currentQueue.writers', 'int', 0, 0],
  ['globalLock.activeClients.total', 'int', 0, 0],
  ['globalLock.activeClients.readers', 'int', 0, 0],
  ['globalLock.activeClients.writers', 'int', 0, 0],
  ['network.bytesIn', 'long', 0, 300],
  ['network.bytesOut', 'long', 0, 2_000],
  ['network.physicalBytesIn', 'long', 0, 300],
  ['network.physicalBytesOut', 'long', 0, 2_000],
  ['network.numSlowDNSOperations', 'long', 0, 0],
  ['network.numSlowSSLOperations', 'long', 0, 0],
  ['network.numRequests', 'long', 0, 1],
  [`${cache}.bytes currently in the cache`, 'int', 0.6 * GIBIBYTE, 0],
  [`${cache}.maximum bytes configured`, 'int', GIBIBYTE, 0],
  [`${cache}.tracked dirty bytes in the cache`, 'int', 0.02 * GIBIBYTE, 0],
  [`${cache}.bytes read into cache`, 'int', 0, 400],
  [`${cache}.bytes written from cache`, 'int', 0, 200],
  [`${cache}.pages read into cache`, 'int', 0, 0.1],
  [`${cache}.pages requested from the cache`, 'int', 0, 10],
  [`${cache}.pages written from cache`, 'int', 0, 0.1],
  [`${cache}.pages evicted by application threads`, 'int', 0, 0],
  [`${cache}.unmodified pages evicted`, 'int', 0, 0],
  [`${cache}.modified pages evicted`, 'int', 0, 0],
  ['metrics.cursor.timedOut', 'long', 0, 0],
  ['metrics.cursor.totalOpened', 'long', 0, 0.6],
  ['metrics.cursor.open.noTimeout', 'long', 0, 0],
  ['metrics.cursor.open.pinned', 'long', 0, 0],
  ['metrics.cursor.open.total', 'long', 0, 0],
  ['metrics.document.deleted', 'long', 0, 0],
  ['metrics.document.inserted', 'long', 0, 0.1],
  ['metrics.document.returned', 'long', 0, 6],
  ['metrics.document.updated', 'long', 0, 0.1],
  ['metrics.operation.scanAndOrder', 'long', 0, 0],
  ['metrics.operation.writeConflicts', 'long', 0, 0],
  ['metrics.queryExecutor.scanned', 'long', 0, 6],
  ['metrics.queryExecutor.scannedObjects', 'long', 0, 12],
  ['metrics.queryExecutor.collectionScans.nonTailable', 'long', 0, 0],
  ['metrics.queryExecutor.collectionScans.total', 'long', 0, 0],
  ['metrics.ttl.deletedDocuments', 'long', 0, 0],
  ['metrics.ttl.passes', 'long', 0, 0],
  ['flowControl.isLaggedCount', 'int', 0, 0],
  ['flowControl.isLaggedTimeMicros', 'long', 0, 0],
  ['flowControl.timeAcquiringMicros', 'long', 0, 0],
  ['extra_info.page_faults', 'long', 0, 0],
  ['electionMetrics.electionTimeout.called', 'long', 0, 0],
  ['electionMetrics.electionTimeout.successful', 'long', 0, 0],
  ['electionMetrics.numStepDownsCausedByHigherTerm', 'long', 0, 0],
  ['metrics.repl.apply.ops', 'long', 0, 0],
  ['metrics.repl.buffer.count', 'long', 0, 0],
  ['metrics.repl.buffer.sizeBytes', 'long', 0, 0],
  ['metrics.repl.buffer.maxSizeBytes', 'long', 256 * 1024 ** 2, 0],
  ['metrics.repl.network.bytes', 'long', 0, 0],
  ['transactions.currentActive', 'long', 0, 0],
  ['transactions.currentInactive', 'long', 0, 0],
  ['transactions.currentOpen', 'long', 0, 0],
  ['transactions.totalStarted', 'long', 0, 0],
  ['transactions.totalAborted', 'long', 0, 0],
  ['transactions.totalCommitted', 'long', 0, 0],
  // Only on shards.
  ['shardingStatistics.countStaleConfigErrors', 'long', 0, 0],
  ['shardingStatistics.countDonorMoveChunkStarted', 'long', 0, 0],
  ['shardingStatistics.countDonorMoveChunkCommitted', 'long', 0, 0],
  ['shardingStatistics.countDonorMoveChunkAborted', 'long', 0, 0],
  ['shardingStatistics.unauthorizedDirectShardOps', 'long', 0, 0],
];

export type LatencyKind = 'reads' | 'writes' | 'commands' | 'transactions';

/** Lower bounds of the buckets in microseconds: powers of two, and the middles between them from 2048 to 2^20. */
const bounds = [
  0,
  ...Array.from({ length: 40 }, (_, power) => 2 ** (power + 1)).flatMap((bound) =>
    bound >= 2048 && bound < 2 ** 21 ? [bound, bound * 1.5] : [bound],
  ),
];

/** The numbers of one server's serverStatus. They go back to their start with {@link reset}, as with a restart. */
export class Counters {
  #values = new Map<string, { kind: Kind; value: number }>();
  readonly #histograms = new Map<LatencyKind, Map<number, number>>();
  /** Whole values or sections a test has put over the generated answer; `undefined` takes one away. */
  readonly overrides = new Map<string, unknown>();

  constructor() {
    this.reset();
  }

  reset(): void {
    this.#histograms.clear();
    this.#values = new Map(rows.map(([path, kind, start]) => [path, { kind, value: start }]));
  }

  get(path: string): number {
    return this.#values.get(path)?.value ?? 0;
  }

  /** Sets a counter or gauge of the table. */
  set(path: string, value: number): void {
    this.#values.set(path, { kind: this.#values.get(path)?.kind ?? 'long', value });
  }

  add(path: string, by: number): void {
    this.set(path, this.get(path) + by);
  }

  /** The invented workload of {@link rows}, `operations` times. */
  work(operations: number): void {
    for (const [path, , , perOperation] of rows) {
      if (perOperation > 0) this.add(path, perOperation * operations);
    }
    this.observe('reads', 500, operations * 0.7);
    this.observe('writes', 1000, operations * 0.2);
    this.observe('commands', 200, operations * 0.1);
  }

  /** Operations that took so long each: opLatencies and their histograms. */
  observe(kind: LatencyKind, micros: number, operations: number): void {
    this.add(`opLatencies.${kind}.ops`, operations);
    this.add(`opLatencies.${kind}.latency`, operations * micros);
    const bound = bounds.findLast((one) => one <= micros) ?? 0;
    const histogram = this.#histograms.get(kind) ?? new Map<number, number>();
    this.#histograms.set(kind, histogram);
    histogram.set(bound, (histogram.get(bound) ?? 0) + operations);
  }

  /** Buckets that are not empty, by their lower bound. */
  histogram(kind: LatencyKind): readonly Doc[] {
    const buckets = [...(this.#histograms.get(kind) ?? [])].toSorted(([a], [b]) => a - b);
    return buckets.map(([micros, count]) => ({
      micros: long(micros),
      count: long(Math.floor(count + 1e-6)),
    }));
  }

  /** Nested sections; counters are whole numbers. */
  sections(): Doc {
    const root: Doc = {};
    for (const [path, { kind, value }] of this.#values) {
      const whole = Math.floor(value + 1e-6);
      place(root, path, kind === 'long' ? long(whole) : int(whole));
    }
    return root;
  }

  applyOverrides(status: Doc): void {
    for (const [path, value] of this.overrides) place(status, path, value);
  }
}

/** Puts a value at a dotted path, making sections on the way; `undefined` removes it. */
export function place(root: Doc, path: string, value: unknown): void {
  const keys = path.split('.');
  const last = keys.pop() ?? path;
  let at = root;
  for (const key of keys) {
    const next = at[key];
    if (isDoc(next)) at = next;
    else {
      const made: Doc = {};
      at[key] = made;
      at = made;
    }
  }
  if (value === undefined) delete at[last];
  else at[last] = value;
}
