import type { Collector, Engine } from '../core/engine.ts';
import { CollectError, type CollectErrorCode, toCollectError } from '../core/errors.ts';
import type { Clock, Random } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { Memory } from '../core/ports/memory.ts';
import type { GroupReading, ReadingError, Snapshot } from '../core/snapshot.ts';
import type { ServerIdentity, Target } from '../core/target.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import { ApartLane } from './apart-lane.ts';
import { ApartTurns } from './apart-turns.ts';
import { askedPauseMs, nextTryMs } from './backoff.ts';
import { Collection } from './collection.ts';
import { CollectionFaults } from './collection-faults.ts';
import { leftBehindReading, readingError } from './group-context.ts';
import { type GroupInForce, groupsInForce } from './groups-in-force.ts';
import { KeptReadings } from './kept-readings.ts';
import { ownSamples } from './own-samples.ts';
import { ReadingMemory } from './reading-memory.ts';
import { withinBudget } from './series-budget.ts';
import { takeReading } from './take-reading.ts';

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
  /** What is shared with other targets: readings apart that are under way; of its own when absent. */
  readonly apartTurns?: ApartTurns;
  /** Where readings that cost money outlive the process; forgotten with it when absent. */
  readonly memory?: Memory;
  /** Differs when the target's options do: remembered values are then dropped, though not how long they hold off the next reading. */
  readonly fingerprint?: string;
}

/** Reads all groups, due or not. */
export interface EveryGroup {
  readonly every: true;
  /** Also those that cost money, however lately they were read: whoever asks for this answers for it. */
  readonly paid: boolean;
}

/** Watches one target: keeps its collector, its latest readings, and what has gone wrong. One collection at a time. */
export class TargetWatch {
  readonly target: Target;
  readonly #input: WatchInput;
  readonly #groups: readonly GroupInForce[];
  readonly #readings: KeptReadings;
  readonly #apart: ApartLane;
  readonly #faults: CollectionFaults;
  #collector: Collector | undefined;
  #server: ServerIdentity = {};
  /** Collections in a row that did not reach the target. */
  #failures = 0;
  #lastCode: CollectErrorCode = 'unreachable';
  #notBeforeMs = 0;
  #isRetired = false;
  #seriesDropped = 0;

  constructor(input: WatchInput) {
    this.target = input.target;
    this.#input = input;
    this.#groups = groupsInForce(input.engine, input.target);
    const { target, random, clock, slowSpreadMs = 0, apartTurns = new ApartTurns() } = input;
    const log = input.log.child({ target: target.id });
    const memory = readingMemory(input, log);
    this.#readings = new KeptReadings({ target, groups: this.#groups, random, clock, slowSpreadMs, memory });
    this.#apart = new ApartLane(clock, apartTurns, log);
    this.#faults = new CollectionFaults(log);
  }

  /** The service wants no collection before this, in milliseconds that only grow. */
  get notBeforeMs(): number {
    return this.#notBeforeMs;
  }

  /** Milliseconds from the beginning of the collection that just ended to the next one. */
  nextDelayMs(): number {
    const { intervalMs } = this.target;
    if (this.#failures === 0) return intervalMs;
    return nextTryMs(intervalMs, this.#failures, this.#lastCode, this.#input.random);
  }

  /**
   * Takes one collection and publishes what came of it: once after the groups of every collection, and again after slow ones. Groups that
   * are read apart are only begun, and published when they end; `choice` waits for them.
   */
  async collect(shutdown: AbortSignal, choice?: EveryGroup): Promise<void> {
    const { clock, tracing } = this.#input;
    const collection = new Collection(clock, shutdown, tracing, this.target);
    const work = (): Promise<void> => this.#collect(collection, shutdown, choice);
    await collection.run(work, this.target.deadlineMs, () => this.#abandon(collection));
    if (choice !== undefined) await this.#apart.idle();
  }

  /** Begins no slow group any more and gives up what is read apart; a collection under way goes on. */
  retire(): void {
    this.#isRetired = true;
    this.#apart.abort();
  }

  /** Ends what is read apart, and the collector. */
  async close(): Promise<void> {
    this.retire();
    await this.#apart.idle();
    const collector = this.#collector;
    this.#collector = undefined;
    await collector?.close();
  }

  async #collect(
    collection: Collection,
    shutdown: AbortSignal,
    choice: EveryGroup | undefined,
  ): Promise<void> {
    const collector = await this.#open(collection);
    if (collector === undefined) return;
    const last = await this.#readFast(collector, collection);
    if (!collection.isAwaited) return;
    const lost = connectionLost(last, collection.signal);
    if (lost !== undefined) {
      this.#fail(lost, collection);
      return;
    }
    this.#failures = 0;
    this.#notBeforeMs = 0;
    this.#faults.end('target');
    const due = this.#due(choice);
    const within = due.filter(({ apartDeadlineMs }) => apartDeadlineMs === undefined);
    this.#publish(within.length === 0);
    for (const group of due) this.#readApart(collector, group, shutdown);
    if (within.length === 0) return;
    for (const group of within) {
      if (!collection.signal.aborted && !this.#isRetired) await this.#read(collector, group, collection);
    }
    if (collection.isAwaited) this.#publish(true);
  }

  /** The last reading, if any. */
  async #readFast(collector: Collector, collection: Collection): Promise<GroupReading | undefined> {
    let last: GroupReading | undefined;
    for (const group of this.#groups) {
      if (group.everyMs > 0 || this.#readings.isThrottled(group, collection.monotonicMs)) continue;
      last = await this.#read(collector, group, collection);
    }
    return last;
  }

  #due(choice: EveryGroup | undefined): readonly GroupInForce[] {
    if (this.#isRetired) return [];
    const nowMs = this.#input.clock.monotonicMs();
    return this.#groups.filter((group) => {
      if (group.everyMs === 0) return false;
      if (choice === undefined) return this.#readings.isDue(group, nowMs);
      if (group.paidEveryMs !== undefined && !choice.paid) return false;
      return !this.#readings.isThrottled(group, nowMs);
    });
  }

  async #open(collection: Collection): Promise<Collector | undefined> {
    try {
      const collector = this.#collector ?? (await this.#input.createCollector());
      if (!collection.isAwaited) {
        if (collector !== this.#collector) await collector.close();
        return undefined;
      }
      this.#collector = collector;
      const server = await collector.open(collection.signal);
      if (!collection.isAwaited) return undefined;
      this.#server = server;
      return collector;
    } catch (thrown) {
      if (collection.isAwaited) this.#fail(thrown, collection);
      return undefined;
    }
  }

  /** The target was not reached: says so, and tells no values. */
  #fail(thrown: unknown, collection: Collection): void {
    const error = readingError('', thrown, collection.signal);
    const failure = { ...error, message: this.#input.redact(error.message) };
    this.#failures += 1;
    this.#lastCode = failure.code;
    const pauseMs = askedPauseMs([failure]);
    this.#notBeforeMs = pauseMs === 0 ? 0 : this.#input.clock.monotonicMs() + pauseMs;
    this.#faults.add('target', [failure]);
    collection.span.fail(failure.code, failure.message);
    this.#publish(true, failure);
  }

  async #read(collector: Collector, group: GroupInForce, collection: Collection): Promise<GroupReading> {
    this.#readings.begin(group);
    const span = collection.span.child('read', { group: group.group });
    const { engine, clock, redact } = this.#input;
    const request = { collector, engine, group: group.group, moment: collection, clock, span, redact };
    const reading = await takeReading(request);
    if (collection.isAwaited) this.#keep(group, reading);
    return reading;
  }

  /** Begins to read a group beside the collections; does nothing for one that has its place in them, or that is being read. */
  #readApart(collector: Collector, group: GroupInForce, shutdown: AbortSignal): void {
    const { apartDeadlineMs: deadlineMs } = group;
    if (deadlineMs === undefined) return;
    const { clock, tracing, engine, redact } = this.#input;
    let beganMs = clock.monotonicMs();
    this.#apart.add({
      group: group.group,
      deadlineMs,
      shutdown,
      read: (signal) => {
        this.#readings.begin(group);
        beganMs = clock.monotonicMs();
        const span = tracing.start('read', {
          target: this.target.id,
          engine: engine.id,
          group: group.group,
        });
        const moment = { now: clock.now(), monotonicMs: beganMs, signal };
        return takeReading({ collector, engine, group: group.group, moment, clock, span, redact });
      },
      ended: (reading = leftBehindReading(group.group, clock, beganMs)) => {
        this.#keep(group, reading);
        if (this.#failures === 0) this.#publish(false);
      },
    });
  }

  #keep(group: GroupInForce, reading: GroupReading): void {
    this.#readings.keep(group, reading);
    this.#faults.add(group.group, reading.errors);
  }

  #publish(last: boolean, failure?: ReadingError): void {
    const { clock } = this.#input;
    const up = failure === undefined;
    const readings = up ? this.#readings.living(clock.monotonicMs()) : [];
    const { samples, dropped, repeated } = withinBudget(samplesOf(readings), this.target.maxSeries);
    this.#faults.repeated(repeated);
    if (last) this.#seriesDropped += dropped;
    const own = ownSamples({
      intervalMs: this.target.intervalMs,
      up,
      server: this.#server,
      readings,
      errors: this.#faults.counts,
      lastSuccess: this.#readings.lastSuccess,
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
    this.#apart.abort();
    const collector = this.#collector;
    this.#collector = undefined;
    if (collection.isAwaited) {
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

/** Only for an engine that has something to remember. */
function readingMemory(
  { engine, memory, fingerprint = '' }: WatchInput,
  log: Log,
): ReadingMemory | undefined {
  const isPaid = Object.values(engine.groups).some(({ paidEveryMs }) => paidEveryMs !== undefined);
  if (memory === undefined || !isPaid) return undefined;
  return new ReadingMemory({ memory, metrics: engine.metrics, fingerprint, log });
}

function* samplesOf(readings: readonly GroupReading[]): Iterable<GroupReading['samples'][number]> {
  for (const reading of readings) yield* reading.samples;
}
