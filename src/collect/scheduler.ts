import { messageOf } from '../core/errors.ts';
import { fnv1a } from '../core/hash.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { TargetWatch } from './target-watch.ts';

export interface SchedulerInput {
  readonly clock: Clock;
  readonly log: Log;
  /** Collections under way at once; each holds its place until it ends. */
  readonly concurrency: number;
  /** Called with how much later than due each collection began. */
  readonly onLateness?: (latenessMs: number) => void;
  /** Called when a collection was due while the previous one of its target still ran. */
  readonly onSkipped?: () => void;
}

interface Entry {
  readonly watch: TargetWatch;
  /** Offset within the interval at which this target is collected in the long run; spreads the load. */
  readonly phaseMs: number;
  dueAtMs: number;
  running: Promise<void> | undefined;
}

/** First collections follow each other this closely, so that a small fleet is known at once and a large one does not stampede. */
const firstGapMs = 15;

/** Collects every target on its own interval, never twice at once, never more than `concurrency` in all. */
export class Scheduler {
  readonly #input: SchedulerInput;
  readonly #entries = new Map<string, Entry>();
  readonly #stop = new AbortController();
  /** Collections that wait for a slot, first come first served. */
  readonly #waiting: (() => void)[] = [];
  #wake = new AbortController();
  #running = 0;
  #loop: Promise<void> | undefined;

  constructor(input: SchedulerInput) {
    this.#input = input;
  }

  /** Begins to collect; targets may be added before and after. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Adds targets; their first collections begin at once, spread over a moment. */
  add(watches: readonly TargetWatch[]): void {
    const nowMs = this.#input.clock.monotonicMs();
    for (const [index, watch] of watches.entries()) {
      const { id, intervalMs } = watch.target;
      const gapMs = Math.min(firstGapMs, intervalMs / watches.length);
      const phaseMs = fnv1a(id) % intervalMs;
      this.#entries.set(id, { watch, phaseMs, dueAtMs: nowMs + index * gapMs, running: undefined });
    }
    this.#wake.abort();
  }

  /** Stops collecting a target; a collection under way goes on to its end, without slow groups, before the collector is closed. */
  async remove(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    entry.watch.retire();
    await entry.running;
    await entry.watch.close();
  }

  /** Aborts what is under way, waits for it, and closes every collector. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#loop;
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(({ running }) => running ?? Promise.resolve()));
    const closed = await Promise.allSettled(entries.map(({ watch }) => watch.close()));
    for (const outcome of closed) {
      if (outcome.status === 'rejected') {
        this.#input.log.warn('collector did not close', { reason: messageOf(outcome.reason) });
      }
    }
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const nowMs = this.#input.clock.monotonicMs();
      let nextMs = nowMs + 1_000;
      for (const entry of this.#entries.values()) {
        if (entry.dueAtMs <= nowMs) this.#begin(entry, nowMs);
        nextMs = Math.min(nextMs, entry.dueAtMs);
      }
      this.#wake = new AbortController();
      // `close` wakes it too.
      await this.#input.clock.sleep(Math.max(0, nextMs - nowMs), this.#wake.signal).catch(() => undefined);
    }
  }

  #begin(entry: Entry, nowMs: number): void {
    if (entry.running !== undefined) {
      this.#input.onSkipped?.();
      entry.dueAtMs = nowMs + entry.watch.target.intervalMs;
      return;
    }
    const dueAtMs = entry.dueAtMs;
    entry.dueAtMs = this.#nextDue(entry, nowMs, entry.watch.target.intervalMs);
    entry.running = this.#collect(entry, dueAtMs);
  }

  async #collect(entry: Entry, dueAtMs: number): Promise<void> {
    await this.#slot();
    try {
      this.#input.onLateness?.(this.#input.clock.monotonicMs() - dueAtMs);
      await entry.watch.collect(this.#stop.signal);
      this.#postpone(entry, dueAtMs);
    } catch (thrown) {
      const target = entry.watch.target.id;
      this.#input.log.error('collection ended by a fault of the agent', {
        target,
        reason: messageOf(thrown),
      });
    } finally {
      entry.running = undefined;
      this.#free();
    }
  }

  /** After failures the watch asks for a longer pause than the interval, and so may the service. */
  #postpone(entry: Entry, begunMs: number): void {
    const delayMs = entry.watch.nextDelayMs();
    if (delayMs > entry.watch.target.intervalMs) entry.dueAtMs = begunMs + delayMs;
    entry.dueAtMs = Math.max(entry.dueAtMs, entry.watch.notBeforeMs);
  }

  /** On the target's phase, at least half an interval away. */
  #nextDue(entry: Entry, nowMs: number, intervalMs: number): number {
    const earliest = nowMs + intervalMs / 2;
    return earliest + ((((entry.phaseMs - earliest) % intervalMs) + intervalMs) % intervalMs);
  }

  async #slot(): Promise<void> {
    if (this.#running < this.#input.concurrency) {
      this.#running += 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    await promise;
  }

  /** Hands the slot to the next in line, or gives it back. */
  #free(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
