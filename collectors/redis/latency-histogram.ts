/**
 * Latency of commands over a window, estimated from the cumulative histograms of `LATENCY HISTOGRAM`.
 *
 * The server counts each command's execution time in buckets whose bounds double (1, 2, 4 … 33 … microseconds). The growth of the
 * buckets between two readings, summed over commands, is the distribution of every call in between.
 */

import { CounterWindow } from '../../src/sdk.ts';

/** Upper bound in microseconds to calls in that bucket. */
export type Buckets = ReadonlyMap<number, number>;

/** Cumulative histogram of each command since the server's start. */
export type CommandHistograms = ReadonlyMap<string, Buckets>;

export interface LatencyQuantiles {
  readonly p50Seconds: number;
  readonly p99Seconds: number;
  readonly p999Seconds: number;
  /** Calls in the window. */
  readonly calls: number;
}

/**
 * Commands that Reeve itself sends, that only wait (their calls say nothing about the server), or that are the replication stream.
 * Clients that use `info` or `scan` themselves are left out too: nobody can tell the two apart.
 */
const leftOut = new Set(
  [
    'acl|whoami auth client|setname cluster|info cluster|nodes config|get hello info latency|histogram memory|usage ping scan select',
    'slowlog|get psync replconf blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin wait waitaof',
  ].flatMap((names) => names.split(' ')),
);

/** Parses the flat reply `[name, ['calls', n, 'histogram_usec', [bound, cumulative, …]], …]`; undefined when it is anything else. */
export function parseLatencyHistogram(reply: unknown): CommandHistograms | undefined {
  if (!Array.isArray(reply) || reply.length % 2 !== 0) return undefined;
  const commands = new Map<string, Buckets>();
  for (let index = 0; index < reply.length; index += 2) {
    const buckets = parseCommand(reply[index + 1]);
    if (buckets === undefined) return undefined;
    commands.set(String(reply[index]).toLowerCase(), buckets);
  }
  return commands;
}

/** Bounds double, so that the binary logarithm numbers the buckets; the server's longest is about a second (number 20). */
const bucketCount = 22;

/** Quantiles of the calls in a sliding window, from cumulative histograms. */
export class LatencyWindow {
  readonly #window: CounterWindow<string>;
  /** Upper bound in microseconds by bucket number, as far as the server has named it. */
  readonly #bounds: number[] = Array.from({ length: bucketCount }, (_, number) => 2 ** number);

  constructor(windowMs: number) {
    this.#window = new CounterWindow(windowMs);
  }

  /** Takes a reading; a restart of the server or a reset of its statistics begins anew. */
  add(atMs: number, commands: CommandHistograms, epoch: string): void {
    const total: number[] = Array.from({ length: bucketCount }, () => 0);
    for (const [name, buckets] of commands) {
      if (leftOut.has(name)) continue;
      for (const [bound, calls] of buckets) {
        const number = Math.min(bucketCount - 1, Math.round(Math.log2(Math.max(1, bound))));
        this.#bounds[number] = bound;
        total[number] = (total[number] ?? 0) + calls;
      }
    }
    this.#window.add(atMs, Object.fromEntries(total.map((calls, number) => [String(number), calls])), epoch);
  }

  /** Undefined before the second reading and when nothing was called between. */
  quantiles(): LatencyQuantiles | undefined {
    const delta = this.#window.delta();
    if (delta === undefined) return undefined;
    const growth: readonly (readonly [number, number])[] = this.#bounds.map((bound, number) => [
      bound,
      delta.growth[String(number)] ?? 0,
    ]);
    const calls = growth.reduce((sum, [, count]) => sum + count, 0);
    if (calls <= 0) return undefined;
    return {
      p50Seconds: quantile(growth, calls, 0.5),
      p99Seconds: quantile(growth, calls, 0.99),
      p999Seconds: quantile(growth, calls, 0.999),
      calls,
    };
  }
}

/** Linear within the bucket that holds the quantile, as Prometheus does; a bucket begins at half its bound. */
function quantile(growth: readonly (readonly [number, number])[], calls: number, part: number): number {
  const rank = part * calls;
  let below = 0;
  for (const [bound, count] of growth) {
    if (count > 0 && below + count >= rank) {
      const from = bound <= 1 ? 0 : bound / 2;
      return (from + (bound - from) * ((rank - below) / count)) / 1e6;
    }
    below += count;
  }
  return (growth.at(-1)?.[0] ?? Number.NaN) / 1e6;
}

/** The reply is cumulative within a command as well: each bound counts all calls up to it. */
function parseCommand(reply: unknown): Buckets | undefined {
  if (!Array.isArray(reply)) return undefined;
  const list: unknown = reply[reply.indexOf('histogram_usec') + 1];
  if (!Array.isArray(list)) return undefined;
  const buckets = new Map<number, number>();
  let before = 0;
  for (let index = 0; index + 1 < list.length; index += 2) {
    const bound = Number(list[index]);
    const cumulative = Number(list[index + 1]);
    if (!Number.isFinite(bound) || !Number.isFinite(cumulative)) return undefined;
    buckets.set(bound, cumulative - before);
    before = cumulative;
  }
  return buckets;
}
