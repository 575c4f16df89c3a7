import { formatDuration } from '../core/duration.ts';
import type { Collector, Engine } from '../core/engine.ts';
import { CollectError, type CollectErrorCode, toCollectError } from '../core/errors.ts';
import type { Clock, Random } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { GroupReading, ReadingError, Snapshot } from '../core/snapshot.ts';
import type { ServerIdentity, Target } from '../core/target.ts';
import type { Span, Tracing } from '../telemetry/tracing.ts';
import { nextTryMs } from './backoff.ts';
import { CollectionFaults } from './collection-faults.ts';
import { readGroup } from './group-context.ts';
import { type GroupInForce, groupsInForce } from './groups-in-force.ts';
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
  /** Text of errors passes through this before it is kept. */
  readonly redact: (text: string) => string;
}

/** A latest reading and when it was made, in milliseconds that only grow. */
interface Kept {
  readonly reading: GroupReading;
  readonly atMs: number;
}

/** A collector that does not heed its abort is left behind this long after the deadline. */
const graceMs = 2_000;
/** A slow group that failed is tried again after this long, if its own cadence is not shorter. */
const retrySlowMs = 60_000;

/** Watches one target: keeps its collector, its latest readings, and what has gone wrong. One collection at a time. */
export class TargetWatch {
  readonly target: Target;
  readonly #input: WatchInput;
  readonly #groups: readonly GroupInForce[];
  readonly #kept = new Map<string, Kept>();
  readonly #lastSuccess = new Map<string, number>();
  readonly #faults: CollectionFaults;
  #collector: Collector | undefined;
  #server: ServerIdentity = {};
  #failures = 0;
  #lastCode: CollectErrorCode = 'unreachable';
  #seriesDropped = 0;
  #shutdown: AbortSignal | undefined;
  /** Collections that went on past their deadline; whatever they still bring is ignored. */
  readonly #abandoned = new WeakSet<AbortSignal>();

  constructor(input: WatchInput) {
    this.target = input.target;
    this.#input = input;
    this.#groups = groupsInForce(input.engine, input.target);
    this.#faults = new CollectionFaults(input.log.child({ target: input.target.id }));
  }

  /** Milliseconds from the beginning of the collection that just ended to the next one. */
  nextDelayMs(): number {
    const { intervalMs } = this.target;
    if (this.#failures === 0) return intervalMs;
    return nextTryMs(intervalMs, this.#failures, this.#lastCode, this.#input.random);
  }

  /**
   * Takes one collection and publishes what came of it: once after the groups of every poll, and again after slow ones. Never throws.
   * `every` reads all groups, due or not.
   */
  async collect(shutdown: AbortSignal, every = false): Promise<void> {
    const deadline = new AbortController();
    const done = new AbortController();
    const signal = AbortSignal.any([shutdown, deadline.signal]);
    this.#shutdown = shutdown;
    const work = this.#trace(signal, every);
    const abandoned = this.#endAt(deadline, shutdown, done.signal).then(
      () => this.#abandon(signal),
      () => undefined,
    );
    try {
      await Promise.race([work, abandoned]);
    } finally {
      done.abort();
    }
  }

  /** Aborts the collection at its deadline or at shutdown, and resolves when it had time to heed that; rejects when it is done. */
  async #endAt(deadline: AbortController, shutdown: AbortSignal, done: AbortSignal): Promise<void> {
    const { clock, target } = this.#input;
    const either = AbortSignal.any([shutdown, done]);
    await clock.sleep(target.deadlineMs, either).catch(() => undefined);
    deadline.abort(new CollectError('timeout', `no answer within ${formatDuration(target.deadlineMs)}`));
    await clock.sleep(graceMs, done);
  }

  /** Ends the collector. */
  async close(): Promise<void> {
    const collector = this.#collector;
    this.#collector = undefined;
    await collector?.close();
  }

  async #trace(signal: AbortSignal, every: boolean): Promise<void> {
    const { id, engine } = this.target;
    const span = this.#input.tracing.start('collect', { target: id, engine });
    try {
      await this.#collect(signal, every, span);
    } finally {
      span.end();
    }
  }

  async #collect(signal: AbortSignal, every: boolean, span: Span): Promise<void> {
    const { clock } = this.#input;
    const now = clock.now();
    const collector = await this.#open(signal, span);
    if (collector === undefined || this.#abandoned.has(signal)) return;
    const [slow, fast] = partition(this.#groups, ({ everyMs }) => everyMs > 0);
    const readings: GroupReading[] = [];
    for (const { group } of fast) readings.push(await this.#read(collector, group, now, signal, span));
    if (this.#abandoned.has(signal)) return;
    const cutOff = readings.length > 0 && readings.every(isCutOff) ? readings[0]?.errors[0] : undefined;
    if (cutOff !== undefined) {
      this.#fail(new CollectError(cutOff.code, cutOff.message), signal);
      return;
    }
    const due = slow.filter(({ group, everyMs }) => every || this.#isDue(group, everyMs));
    this.#publish(due.length === 0);
    if (due.length === 0) return;
    for (const { group } of due) {
      if (!signal.aborted) await this.#read(collector, group, now, signal, span);
    }
    if (!this.#abandoned.has(signal)) this.#publish(true);
  }

  async #open(signal: AbortSignal, span: Span): Promise<Collector | undefined> {
    try {
      this.#collector ??= await this.#input.createCollector();
      const collector = this.#collector;
      this.#server = await collector.open(signal);
      this.#failures = 0;
      this.#faults.end('target');
      return collector;
    } catch (thrown) {
      if (!this.#abandoned.has(signal)) this.#fail(thrown, signal);
      span.fail(this.#lastCode, this.#input.redact(toCollectError(thrown).message));
      return undefined;
    }
  }

  #fail(thrown: unknown, signal: AbortSignal): void {
    if (this.#shutdown?.aborted === true) return;
    const error = toCollectError(thrown);
    const code = signal.aborted && error.code === 'internal' ? 'timeout' : error.code;
    this.#failures += 1;
    this.#lastCode = code;
    const failure = { subject: '', code, message: this.#input.redact(error.message) };
    this.#faults.add('target', [failure]);
    this.#publish(true, failure);
  }

  async #read(
    collector: Collector,
    group: string,
    now: number,
    signal: AbortSignal,
    parent: Span,
  ): Promise<GroupReading> {
    const { clock, engine, redact } = this.#input;
    const span = parent.child('read', { group });
    const raw = await readGroup({
      group,
      metrics: engine.metrics,
      now,
      signal,
      monotonicMs: () => clock.monotonicMs(),
      read: (context) => collector.read(group, context),
    });
    const reading = {
      ...raw,
      errors: raw.errors.map((error) => ({ ...error, message: redact(error.message) })),
    };
    for (const { code, message } of reading.errors) span.fail(code, message);
    span.end();
    if (this.#abandoned.has(signal)) return reading;
    this.#kept.set(group, { reading, atMs: clock.monotonicMs() });
    this.#faults.add(group, reading.errors);
    if (reading.errors.length === 0) this.#lastSuccess.set(group, reading.at);
    return reading;
  }

  #isDue(group: string, everyMs: number): boolean {
    const kept = this.#kept.get(group);
    if (kept === undefined) return true;
    const pauseMs = kept.reading.state === 'ok' ? everyMs : Math.min(everyMs, retrySlowMs);
    // A little early is better than a whole interval late.
    return this.#input.clock.monotonicMs() - kept.atMs >= pauseMs - this.target.intervalMs / 2;
  }

  /** Readings that are young enough to be told; a group that has not been read for two of its cadences is not known any more. */
  #living(): readonly GroupReading[] {
    const nowMs = this.#input.clock.monotonicMs();
    const living: GroupReading[] = [];
    for (const { group, everyMs } of this.#groups) {
      const kept = this.#kept.get(group);
      const lifeMs = 2 * Math.max(everyMs, this.target.intervalMs) + this.target.deadlineMs;
      if (kept !== undefined && nowMs - kept.atMs <= lifeMs) living.push(kept.reading);
    }
    return living;
  }

  #publish(last: boolean, failure?: ReadingError): void {
    // A collection that the shutdown cut short says nothing about the target.
    if (this.#shutdown?.aborted === true) return;
    const up = failure === undefined;
    const readings = up ? this.#living() : [];
    const { samples, dropped } = withinBudget(samplesOf(readings), this.target.maxSeries);
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
      at: this.#input.clock.now(),
      readings,
      samples: [...own, ...samples],
    });
  }

  /** Gives up on a collection that went on past its deadline; its collector is not used again. */
  #abandon(signal: AbortSignal): void {
    this.#abandoned.add(signal);
    const collector = this.#collector;
    this.#collector = undefined;
    this.#fail(
      new CollectError('timeout', 'the collection did not end at its deadline and was abandoned'),
      signal,
    );
    collector?.close().catch((thrown: unknown) => {
      const reason = toCollectError(thrown).message;
      this.#input.log.debug('abandoned collector did not close', { target: this.target.id, reason });
    });
  }
}

function isCutOff(reading: GroupReading): boolean {
  return (
    reading.state === 'failed' &&
    reading.errors.every(({ code }) => code === 'unreachable' || code === 'timeout')
  );
}

function* samplesOf(readings: readonly GroupReading[]): Iterable<GroupReading['samples'][number]> {
  for (const reading of readings) yield* reading.samples;
}

function partition<T>(items: readonly T[], belongs: (item: T) => boolean): readonly [T[], T[]] {
  const yes: T[] = [];
  const no: T[] = [];
  for (const item of items) (belongs(item) ? yes : no).push(item);
  return [yes, no];
}
