import {
  type Clock,
  CollectError,
  CounterWindow,
  type DetailRow,
  type ServerIdentity,
  type Target,
} from '../../src/sdk.ts';
import {
  type Address,
  type Command,
  type Connect,
  type Connection,
  formatAddress,
  type Outcome,
} from './connection.ts';
import { type Info, parseInfo } from './info.ts';
import { type CommandHistograms, LatencyWindow, parseLatencyHistogram } from './latency-histogram.ts';
import { type LookupCounter, lookupCounters } from './lookup-counters.ts';
import { replicationSample } from './replication-info.ts';
import { ReplicationLag, resolutionMs } from './replication-lag.ts';

/** What one round trip to a server gave; all groups of a poll share it. */
export interface NodeReading {
  readonly info: Info;
  /** `denied`, or `unsupported` before 7.0. */
  readonly histograms: CommandHistograms | CollectError;
  /** Reply of SLOWLOG GET 1. */
  readonly slowlog: Outcome;
}

/** What is remembered of a server's slow log. */
export interface SlowLog {
  readonly runId: string | undefined;
  /** Id of the newest entry ever seen in this life of the server. */
  readonly newestId: number;
  readonly rows: readonly DetailRow[];
}

/** What ratios and percentiles are taken over unless the operator says otherwise. */
const usualWindowMs = 300_000;
/** Pause between two looks at a primary's offset. */
const samplingMs = 500;
/** A command that was denied is tried again after this long, so that the server's log of denials stays readable. */
const deniedPauseMs = 300_000;

const readings: readonly Command[] = [
  ['INFO', 'all'],
  ['LATENCY', 'HISTOGRAM'],
  ['SLOWLOG', 'GET', '1'],
];

/** One server of a deployment: its connection, its latest reading, and what is remembered from one to the next. */
export class RedisNode {
  readonly address: Address;
  /** `host:port`; the label `node`. */
  readonly name: string;
  readonly lookups: CounterWindow<LookupCounter>;
  readonly latency: LatencyWindow;
  readonly lag = new ReplicationLag();
  /** What the group that reads it saw last. */
  slowLog: SlowLog | undefined;
  readonly #connect: Connect;
  readonly #clock: Clock;
  readonly #end = new AbortController();
  readonly #pauses = new Map<string, { readonly untilMs: number; readonly error: CollectError }>();
  #connection: Connection | undefined;
  #fresh: Promise<NodeReading> | undefined;
  #shared: { readonly now: number; readonly reading: Promise<NodeReading> } | undefined;
  #sampling = false;

  /** A target that is polled less often than its windows has them from one poll to the next. */
  constructor(
    address: Address,
    connect: Connect,
    clock: Clock,
    { intervalMs, windowsMs }: Pick<Target, 'intervalMs' | 'windowsMs'>,
  ) {
    const { cache_hit_ratio = usualWindowMs, oltp_query_seconds = usualWindowMs } = windowsMs;
    this.lookups = new CounterWindow(Math.max(cache_hit_ratio, intervalMs));
    this.latency = new LatencyWindow(Math.max(oltp_query_seconds, intervalMs));
    this.address = address;
    this.name = formatAddress(address);
    this.#connect = connect;
    this.#clock = clock;
  }

  /** Connects if need be and takes the reading that the next poll shares. */
  refresh(signal: AbortSignal): Promise<NodeReading> {
    const reading = this.#take(signal);
    reading.catch(() => undefined); // whoever asks for it is told
    this.#fresh = reading;
    this.#shared = undefined;
    return reading;
  }

  /** The reading of the poll that began at `now`. */
  reading(now: number, signal: AbortSignal): Promise<NodeReading> {
    if (this.#shared?.now !== now) {
      this.#shared = { now, reading: this.#fresh ?? this.#take(signal) };
      this.#fresh = undefined;
    }
    return this.#shared.reading;
  }

  /** Milliseconds that only grow, as the node's windows and history use them. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** The open connection. @throws {CollectError} when there is none. */
  connection(): Connection {
    if (this.#connection?.isOpen) return this.#connection;
    throw new CollectError('unreachable', `no connection to ${this.name}`);
  }

  call(command: Command, signal: AbortSignal): Promise<unknown> {
    return this.connection().call(command, signal);
  }

  close(): void {
    this.#end.abort();
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #take(signal: AbortSignal): Promise<NodeReading> {
    if (!this.#connection?.isOpen) {
      this.#connection?.close();
      this.#connection = undefined;
      this.#pauses.clear();
      this.#connection = await this.#connect(this.address, 'server', signal);
      if (this.#end.signal.aborted) this.close();
    }
    const startMs = this.nowMs();
    const [info, histogram, slowlog] = await this.#ask(readings, signal);
    const endMs = this.nowMs();
    if (info?.error) throw info.error;
    if (typeof info?.reply !== 'string')
      throw new CollectError('malformed', `INFO on ${this.name} is not text`);
    const reading = {
      info: parseInfo(info.reply),
      histograms: this.#histograms(histogram),
      slowlog: slowlog ?? { error: missing(this.name) },
    };
    if (reading.info.text('run_id') === undefined)
      throw new CollectError('malformed', `INFO on ${this.name} names no run_id`);
    this.#remember(reading, startMs, endMs);
    return reading;
  }

  /** Leaves out what this connection was denied or does not know. */
  async #ask(commands: readonly Command[], signal: AbortSignal): Promise<readonly Outcome[]> {
    const nowMs = this.nowMs();
    const paused = commands.map((command) => {
      const pause = this.#pauses.get(command[0]);
      return pause !== undefined && pause.untilMs > nowMs ? pause.error : undefined;
    });
    const sent = commands.filter((_, index) => paused[index] === undefined);
    const outcomes = [...(await this.connection().pipeline(sent, signal))];
    return commands.map((command, index) => {
      const error = paused[index];
      const outcome: Outcome = error ? { error } : (outcomes.shift() ?? { error: missing(this.name) });
      if (outcome.error && !error) this.#pause(command[0], outcome.error, nowMs);
      return outcome;
    });
  }

  #pause(name: string, error: CollectError, nowMs: number): void {
    if (error.code === 'unsupported') this.#pauses.set(name, { untilMs: Number.POSITIVE_INFINITY, error });
    if (error.code === 'denied') this.#pauses.set(name, { untilMs: nowMs + deniedPauseMs, error });
  }

  #histograms(outcome: Outcome | undefined): CommandHistograms | CollectError {
    if (outcome === undefined || outcome.error) return outcome?.error ?? missing(this.name);
    return (
      parseLatencyHistogram(outcome.reply) ??
      new CollectError('malformed', `LATENCY HISTOGRAM on ${this.name} has an unknown shape`)
    );
  }

  #remember({ info, histograms }: NodeReading, startMs: number, endMs: number): void {
    const epoch = info.text('run_id') ?? '';
    const lookups = lookupCounters(info);
    if (lookups !== undefined) this.lookups.add(endMs, lookups, epoch);
    if (!(histograms instanceof CollectError)) this.latency.add(endMs, histograms, epoch);
    this.#addToLag(info, startMs, endMs);
    if (info.text('role') === 'master' && (info.number('connected_slaves') ?? 0) > 0) void this.#sample();
  }

  #addToLag(info: Info, startMs: number, endMs: number): void {
    const sample = replicationSample(info, (startMs + endMs) / 2);
    if (sample === undefined) this.lag.reset();
    // Of an answer that took longer nobody knows when it was true.
    else if (endMs - startMs <= resolutionMs) this.lag.add(sample);
  }

  /** Follows a primary's offset for as long as it has replicas and the connection holds; the next reading begins anew. */
  async #sample(): Promise<void> {
    if (this.#sampling) return;
    this.#sampling = true;
    const { signal } = this.#end;
    try {
      for (;;) {
        await this.#clock.sleep(samplingMs, signal);
        const startMs = this.nowMs();
        const reply = await this.call(['INFO', 'replication'], signal);
        const info = parseInfo(String(reply));
        this.#addToLag(info, startMs, this.nowMs());
        if ((info.number('connected_slaves') ?? 0) === 0) break;
      }
    } catch {
      // The connection ended, or the node was closed. What is known grows old and is then unknown; the next poll says why.
    } finally {
      this.#sampling = false;
    }
  }
}

/** What is at the other end, as far as one reading tells. */
export function identityOf(node: RedisNode, { info }: NodeReading): ServerIdentity {
  const version = info.text('valkey_version') ?? info.text('redis_version');
  const isPrimary = info.text('role') === 'master';
  const isAlone = (info.number('connected_slaves') ?? 0) === 0 && info.number('cluster_enabled') !== 1;
  return {
    address: node.address.host,
    port: node.address.port,
    ...(version === undefined ? {} : { version }),
    role: isPrimary ? (isAlone ? 'standalone' : 'primary') : 'replica',
  };
}

function missing(server: string): CollectError {
  return new CollectError('malformed', `a reply of ${server} is missing`);
}
