import { type CollectError, toCollectError } from '../../src/sdk.ts';
import type { MemberClient } from './client.ts';
import { at, type Document, numberAt, textAt } from './document.ts';
import { type Hello, parseHello } from './hello.ts';

/** What the configuration of its replica set says about a member. */
export interface MemberFacts {
  /** `data`: a mongod with data, hidden and delayed ones included. */
  readonly kind: 'data' | 'arbiter' | 'mongos';
  /** Name of its replica set; undefined for a standalone server and for mongos. */
  readonly set: string | undefined;
  /** Its shard in a sharded cluster, `config` for a config server; undefined otherwise. */
  readonly shard: string | undefined;
  /** Its name in the configuration, by which other members call it; another than its own name here where horizons are in use. */
  readonly ownName: string | undefined;
  readonly hidden: boolean;
  /** Seconds that it keeps behind the primary on purpose; 0 for most. */
  readonly delaySeconds: number;
  readonly priority: number | undefined;
  readonly votes: number | undefined;
}

/** One reading of serverStatus, shared by the groups of a poll. */
export interface StatusReading {
  readonly status: Document;
  /** When the answer came, in milliseconds that only grow. */
  readonly atMs: number;
  /** Changes when the process was restarted; windows of counters begin anew then. */
  readonly epoch: string;
}

/** A clock may be set back by so much between two polls without looking like a restart. */
const clockSlackMs = 5_000;

const statusCommand: Document = {
  serverStatus: 1,
  opLatencies: { histograms: true },
  // Long sections that nothing reads.
  locks: 0,
  tcmalloc: 0,
  mirroredReads: 0,
  hedgingMetrics: 0,
  readConcernCounters: 0,
  readPreferenceCounters: 0,
  transportSecurity: 0,
  logicalSessionRecordCache: 0,
};

/** One server of a deployment: its client, what is known of it, and its readings, of which the groups of a poll share one. */
export class Member {
  /** `host:port`, as the deployment calls it; the label `member`. */
  readonly name: string;
  readonly client: MemberClient;
  facts: MemberFacts;
  /** Of the latest poll; undefined while it does not answer. */
  hello: Hello | undefined;
  /** `7.0.14`; undefined until it answered once. */
  version: string | undefined;
  /** Why it did not answer in the latest poll. */
  failure: CollectError | undefined;
  readonly #monotonicMs: () => number;
  #life:
    | { readonly pid: string; readonly uptimeMs: number; readonly atMs: number; readonly count: number }
    | undefined;
  #status: { readonly now: number; readonly reading: Promise<StatusReading> } | undefined;

  constructor(name: string, client: MemberClient, facts: MemberFacts, monotonicMs: () => number) {
    this.name = name;
    this.client = client;
    this.facts = facts;
    this.#monotonicMs = monotonicMs;
  }

  /** Asks who it is. Failure is kept, not thrown. */
  async greet(signal: AbortSignal): Promise<Hello | undefined> {
    const before = this.hello;
    this.hello = undefined;
    try {
      this.hello = await this.#ask(signal, before !== undefined);
      this.failure = undefined;
    } catch (thrown) {
      this.failure = toCollectError(thrown);
      return undefined;
    }
    const { processId } = this.hello;
    if (this.version === undefined || processId === undefined || processId !== before?.processId) {
      this.version = await this.#readVersion(signal);
    }
    return this.hello;
  }

  /** @param again whether it answered before: a connection that broke in the meantime is no outage. */
  async #ask(signal: AbortSignal, again: boolean): Promise<Hello> {
    const command = (): Promise<Document> =>
      this.client.command('admin', { hello: 1 }, { signal, group: 'availability' });
    try {
      return parseHello(await command());
    } catch (thrown) {
      if (!again || toCollectError(thrown).code !== 'unreachable') throw thrown;
      return parseHello(await command());
    }
  }

  /** Undefined where it is not told: from 8.1 on an arbiter says it to nobody, because nobody can log in there. */
  async #readVersion(signal: AbortSignal): Promise<string | undefined> {
    const options = { signal, group: 'availability' };
    try {
      return textAt(await this.client.command('admin', { buildInfo: 1 }, options), 'version');
    } catch {
      // Of no consequence: what cannot be read for another reason fails again with the readings, and says why.
      return undefined;
    }
  }

  /** serverStatus of the poll that began at `now`. @throws {CollectError} */
  status(now: number, signal: AbortSignal): Promise<StatusReading> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.#status?.now !== now) {
      const reading = this.#readStatus(signal);
      reading.catch(() => undefined); // whoever asks for it is told
      this.#status = { now, reading };
    }
    return this.#status.reading;
  }

  async #readStatus(signal: AbortSignal): Promise<StatusReading> {
    const status = await this.client.command('admin', statusCommand, { signal, group: 'status' });
    const atMs = this.#monotonicMs();
    return { status, atMs, epoch: this.#epoch(status, atMs) };
  }

  /**
   * A process id can repeat in a container, and a start that is computed from two clocks wavers; so a restart is told from an uptime
   * that grew less than the time between two readings.
   */
  #epoch(status: Document, atMs: number): string {
    const pid = String(at(status, 'pid'));
    const uptimeMs = numberAt(status, 'uptimeMillis') ?? (numberAt(status, 'uptime') ?? 0) * 1000;
    const last = this.#life;
    const isSame = last?.pid === pid && uptimeMs - last.uptimeMs >= atMs - last.atMs - clockSlackMs;
    this.#life = { pid, uptimeMs, atMs, count: isSame ? last.count : (last?.count ?? 0) + 1 };
    return `${this.hello?.processId ?? pid}/${this.#life.count}`;
  }
}

/** Whether a member holds data that applications read or write. */
export function bearsData({ facts }: Member): boolean {
  return facts.kind === 'data';
}
