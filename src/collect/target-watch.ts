import type { Collector, Engine } from '../core/engine.ts';
import { CollectError, type CollectErrorCode, toCollectError } from '../core/errors.ts';
import type { Clock, Random } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { GroupReading, ReadingError, Snapshot } from '../core/snapshot.ts';
import type { ServerIdentity, Target } from '../core/target.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { nextTryMs } from './backoff.ts';
import { Collection } from './collection.ts';
import { CollectionFaults } from './collection-faults.ts';
import { readGroup } from './group-context.ts';
import { type GroupInForce, groupsInForce } from './groups-in-force.ts';
import { KeptReadings } from './kept-readings.ts';
import { ownSamples } from './own-samples.ts';
import { withinBudget } from './series-budget.ts';

export interface WatchInput {
  readonly target: Target;
  readonly engine: Engine;
  readonly createCollector: () => Promise<Collector>;
  readonly publish: (snapshot: Snapshot) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** A span a collection, with a child a group. */
  readonly tracing: Tracing;
  /** Slow groups are first read at any time within this; 0 unless given, so that a single target is known at once. */
  readonly slowSpreadMs?: number;
  /** Text of errors passes through this before it is kept. */
  readonly redact: (text: string) => string;
}

/** Watches one target: keeps its collector, its latest readings, and what has gone wrong. One collection at a time. */
export class TargetWatch {
  readonly target: Target;
  readonly #input: WatchInput;
  readonly #groups: readonly GroupInForce[];
  readonly #readings: KeptReadings;
  readonly #lastSuccess = new Map<string, number>();
  readonly #faults: CollectionFaults;
  #collector: Collector | undefined;
  #server: ServerIdentity = {};
  /** Collections in a row that did not reach the target. */
  #failures = 0;
  #lastCode: CollectErrorCode = 'unreachable';
  #seriesDropped = 0;

  constructor(input: WatchInput) {
    this.target = input.target;
    this.#input = input;
    this.#groups = groupsInForce(input.engine, input.target);
    const { target, random, clock, slowSpreadMs = 0 } = input;
    const beganMs = clock.monotonicMs();
    this.#readings = new KeptReadings({ target, groups: this.#groups, random, beganMs, slowSpreadMs });
    this.#faults = new CollectionFaults(input.log.child({ target: input.target.id }));
  }

  /** Milliseconds from the beginning of the collection that just ended to the next one. */
  nextDelayMs(): number {
    const { intervalMs } = this.target;
    if (this.#failures === 0) return intervalMs;
    return nextTryMs(intervalMs, this.#failures, this.#lastCode, this.#input.random);
  }

  /**
   * Takes one collection and publishes what came of it: once after the groups of every collection, and again after slow ones. `every`
   * reads all groups, due or not.
   */
  async collect(shutdown: AbortSignal, every = false): Promise<void> {
    const { clock, tracing } = this.#input;
    const collection = new Collection(clock, shutdown, tracing, this.target);
    const work = (): Promise<void> => this.#collect(collection, every);
    await collection.run(work, this.target.deadlineMs, () => this.#abandon(collection));
  }

  /** Ends the collector. */
  async close(): Promise<void> {
    const collector = this.#collector;
    this.#collector = undefined;
    await collector?.close();
  }

  async #collect(collection: Collection, every: boolean): Promise<void> {
    const collector = await this.#open(collection);
    if (collector === undefined) return;
    const fast = this.#groups.filter(({ everyMs }) => everyMs === 0);
    let last: GroupReading | undefined;
    for (const { group } of fast) last = await this.#read(collector, group, collection);
    if (!collection.counts) return;
    const lost = connectionLost(last, collection.signal);
    if (lost !== undefined) {
      this.#fail(lost, collection);
      return;
    }
    this.#failures = 0;
    this.#faults.end('target');
    const nowMs = this.#input.clock.monotonicMs();
    const due = this.#groups.filter(
      (group) => group.everyMs > 0 && (every || this.#readings.isDue(group, nowMs)),
    );
    this.#publish(due.length === 0);
    if (due.length === 0) return;
    for (const { group } of due) {
      if (!collection.signal.aborted) await this.#read(collector, group, collection);
    }
    if (collection.counts) this.#publish(true);
  }

  async #open(collection: Collection): Promise<Collector | undefined> {
    try {
      const collector = this.#collector ?? (await this.#input.createCollector());
      if (!collection.counts) {
        if (collector !== this.#collector) await collector.close();
        return undefined;
      }
      this.#collector = collector;
      const server = await collector.open(collection.signal);
      if (!collection.counts) return undefined;
      this.#server = server;
      return collector;
    } catch (thrown) {
      if (collection.counts) this.#fail(thrown, collection);
      return undefined;
    }
  }

  /** The target was not reached: says so, and tells no values. */
  #fail(thrown: unknown, collection: Collection): void {
    const error = toCollectError(thrown);
    const code = collection.signal.aborted && error.code === 'internal' ? 'timeout' : error.code;
    const failure = { subject: '', code, message: this.#input.redact(error.message) };
    this.#failures += 1;
    this.#lastCode = code;
    this.#faults.add('target', [failure]);
    collection.span.fail(code, failure.message);
    this.#publish(true, failure);
  }

  async #read(collector: Collector, group: string, collection: Collection): Promise<GroupReading> {
    const { clock, engine, redact } = this.#input;
    const { now, monotonicMs, signal } = collection;
    const span = collection.span.child('read', { group });
    const raw = await readGroup({
      group,
      metrics: engine.metrics,
      now,
      monotonicMs,
      clock,
      signal,
      read: (context) => collector.read(group, context),
    });
    const errors = raw.errors.map((error) => ({ ...error, message: redact(error.message) }));
    for (const { code, message } of errors) span.fail(code, message);
    span.end();
    const reading = { ...raw, errors };
    if (!collection.counts) return reading;
    this.#readings.keep(reading, clock.monotonicMs());
    this.#faults.add(group, errors);
    if (errors.length === 0) this.#lastSuccess.set(group, reading.at);
    return reading;
  }

  #publish(last: boolean, failure?: ReadingError): void {
    const { clock } = this.#input;
    const up = failure === undefined;
    const readings = up ? this.#readings.living(clock.monotonicMs()) : [];
    const { samples, dropped, repeated } = withinBudget(samplesOf(readings), this.target.maxSeries);
    this.#faults.repeated(repeated);
    if (last) this.#seriesDropped += dropped;
    const own = ownSamples({
      up,
      server: this.#server,
      readings,
      errors: this.#faults.counts,
      lastSuccess: this.#lastSuccess,
      seriesDropped: this.#seriesDropped,
    });
    this.#input.publish({
      target: this.target,
      server: up ? this.#server : {},
      up,
      failure,
      at: clock.now(),
      readings,
      samples: [...own, ...samples],
    });
  }

  /** Gives up on a collection that went on past its deadline; its collector is not used again. */
  #abandon(collection: Collection): void {
    const collector = this.#collector;
    this.#collector = undefined;
    if (collection.counts) {
      this.#fail(
        new CollectError('timeout', 'the collection did not end at its deadline and was left behind'),
        collection,
      );
    }
    collector?.close().catch((thrown: unknown) => {
      const reason = toCollectError(thrown).message;
      this.#input.log.debug('abandoned collector did not close', { target: this.target.id, reason });
    });
  }
}

/**
 * Why the target counts as down although it could be opened: the last cheap group found no connection, or the deadline passed in it. One
 * statement that timed out by itself is no such reason.
 */
function connectionLost(last: GroupReading | undefined, signal: AbortSignal): CollectError | undefined {
  if (last === undefined || last.state !== 'failed') return undefined;
  const isCutOff = last.errors.every(
    ({ code }) => code === 'unreachable' || (code === 'timeout' && signal.aborted),
  );
  const [first] = last.errors;
  return isCutOff && first !== undefined ? new CollectError(first.code, first.message) : undefined;
}

function* samplesOf(readings: readonly GroupReading[]): Iterable<GroupReading['samples'][number]> {
  for (const reading of readings) yield* reading.samples;
}
