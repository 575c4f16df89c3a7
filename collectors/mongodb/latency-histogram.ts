/**
 * Latency of operations over a window, estimated from the cumulative histograms of `opLatencies: {histograms: true}`.
 *
 * The server counts operations in buckets that it names by their inclusive lower bound in microseconds: 0, 2, 4 … 2048, 3072, 4096,
 * 6144 … 2097152, 4194304 … and leaves out empty ones. The growth of the buckets between two readings is the distribution of every
 * operation in between.
 *
 * @see https://www.mongodb.com/docs/manual/reference/operator/aggregation/collStats/#latencystats-document
 */

import { CounterWindow } from '../../src/sdk.ts';
import { at, type Document, listAt, numberAt } from './document.ts';

export interface LatencyQuantiles {
  readonly p50Seconds: number;
  readonly p95Seconds: number;
  readonly p99Seconds: number;
  /** Operations in the window. */
  readonly operations: number;
}

/** What applications wait for. Commands are left out, the agent's own among them, and transactions, which wait for the application. */
const kinds = ['reads', 'writes'] as const;

/** Lower bounds in microseconds: powers of two, with one more in the middle from 2048 to 2^20; an operation longer than 12 days is in the last. */
export const lowerBounds: readonly number[] = [
  0,
  ...Array.from({ length: 10 }, (_, power) => 2 ** (power + 1)),
  ...Array.from({ length: 10 }, (_, power) => [2 ** (power + 11), 2 ** (power + 11) * 1.5]).flat(),
  ...Array.from({ length: 20 }, (_, power) => 2 ** (power + 21)),
];

/** Operations by the number of their bucket. */
export type Buckets = Readonly<Record<string, number>>;

/** Cumulative buckets of reads and writes together; undefined when the server sent no histograms (mongos, other engines). */
export function parseHistograms(status: Document): Buckets | undefined {
  const total: Record<string, number> = Object.fromEntries(
    lowerBounds.map((_, bucket) => [String(bucket), 0]),
  );
  for (const kind of kinds) {
    if (!Array.isArray(at(status, `opLatencies.${kind}.histogram`))) return undefined;
    for (const entry of listAt(status, `opLatencies.${kind}.histogram`)) {
      const micros = numberAt(entry, 'micros');
      const count = numberAt(entry, 'count');
      if (micros === undefined || count === undefined) return undefined;
      const bucket = String(bucketOf(micros));
      total[bucket] = (total[bucket] ?? 0) + count;
    }
  }
  return total;
}

/** Quantiles of the operations in a sliding window, from cumulative histograms. */
export class LatencyWindow {
  readonly #window: CounterWindow<string>;

  constructor(windowMs: number) {
    this.#window = new CounterWindow(windowMs);
  }

  /** Takes a reading; a restart of the server begins anew. */
  add(atMs: number, buckets: Buckets, epoch: string): void {
    this.#window.add(atMs, buckets, epoch);
  }

  /** Undefined before the second reading and when nothing was done between. */
  quantiles(): LatencyQuantiles | undefined {
    const growth = this.#window.delta()?.growth;
    if (growth === undefined) return undefined;
    const counts = lowerBounds.map((_, bucket) => growth[String(bucket)] ?? 0);
    const operations = counts.reduce((sum, count) => sum + count, 0);
    if (operations <= 0) return undefined;
    return {
      p50Seconds: quantile(counts, operations * 0.5),
      p95Seconds: quantile(counts, operations * 0.95),
      p99Seconds: quantile(counts, operations * 0.99),
      operations,
    };
  }
}

/** A bound that a later version invents counts for the bucket it lies in. */
function bucketOf(micros: number): number {
  const index = lowerBounds.findIndex((bound) => bound > micros);
  return index < 0 ? lowerBounds.length - 1 : Math.max(0, index - 1);
}

/** Linear within the bucket that holds the rank, as Prometheus does. */
function quantile(counts: readonly number[], rank: number): number {
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const from = lowerBounds[bucket] ?? 0;
      const to = lowerBounds[bucket + 1] ?? from * 2;
      return (from + (to - from) * ((rank - below) / count)) / 1e6;
    }
    below += count;
  }
  return (lowerBounds.at(-1) ?? Number.NaN) / 1e6;
}
