import { ApartTurns } from '../collect/apart-turns.ts';
import type { LatestSnapshots } from '../collect/latest-snapshots.ts';
import type { Scheduler } from '../collect/scheduler.ts';
import { TargetWatch, type WatchInput } from '../collect/target-watch.ts';
import type { ConfiguredTarget } from '../config/config.ts';
import { fingerprint } from '../config/fingerprint.ts';
import type { Snapshot } from '../core/snapshot.ts';
import type { TargetEngine } from './collector-factory.ts';

export interface TargetFleetInput
  extends Pick<WatchInput, 'clock' | 'random' | 'log' | 'tracing' | 'redact'> {
  readonly scheduler: Scheduler;
  readonly snapshots: LatestSnapshots;
  readonly engineOf: (configured: ConfiguredTarget) => TargetEngine;
  /** Adds to a snapshot what is thought of it, before it is published. */
  readonly judged: (snapshot: Snapshot) => Snapshot;
}

/** What became of the targets, by id. */
export interface FleetChange {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
}

interface Member {
  readonly fingerprint: string;
  readonly watch: TargetWatch;
}

/** A fleet first reads its slow groups spread over this long a target, and over five minutes at most: together they would starve the others. */
const slowSpreadPerTargetMs = 250;
const longestSlowSpreadMs = 300_000;

/** The targets that are being watched. A new set of targets leaves those alone whose configuration is the same. */
export class TargetFleet {
  readonly #input: TargetFleetInput;
  readonly #members = new Map<string, Member>();
  readonly #apartTurns = new ApartTurns();

  constructor(input: TargetFleetInput) {
    this.#input = input;
  }

  /** Watches these targets and no others. Collectors of targets that are gone close in the background, after their last collection. */
  apply(targets: readonly ConfiguredTarget[]): FleetChange {
    const wanted = new Map(targets.map((configured) => [configured.target.id, configured]));
    const removed = [...this.#members.keys()].filter((id) => !wanted.has(id));
    const fresh = targets.filter(({ target }) => !this.#members.has(target.id));
    const changed = targets.filter(({ target, fingerprint }) => {
      const member = this.#members.get(target.id);
      return member !== undefined && member.fingerprint !== fingerprint;
    });
    for (const id of [...removed, ...changed.map(({ target }) => target.id)]) this.#drop(id);
    const slowSpreadMs = Math.min(longestSlowSpreadMs, targets.length * slowSpreadPerTargetMs);
    const watches = [...changed, ...fresh].map((configured) => this.#watch(configured, slowSpreadMs));
    this.#input.scheduler.add(watches);
    const touched = new Set([...changed, ...fresh].map(({ target }) => target.id));
    return {
      added: fresh.map(({ target }) => target.id),
      changed: changed.map(({ target }) => target.id),
      removed,
      unchanged: [...wanted.keys()].filter((id) => !touched.has(id)),
    };
  }

  /** Targets whose first collection has not ended yet. */
  awaited(): readonly string[] {
    const known = new Set(this.#input.snapshots.latest().map(({ target }) => target.id));
    return [...this.#members.keys()].filter((id) => !known.has(id));
  }

  #watch(configured: ConfiguredTarget, slowSpreadMs: number): TargetWatch {
    const { clock, random, log, tracing, redact, snapshots, judged } = this.#input;
    const { target } = configured;
    const { engine, create, memory } = this.#input.engineOf(configured);
    const watch: TargetWatch = new TargetWatch({
      target,
      engine,
      createCollector: create,
      // A collection that ends after its target was dropped or replaced says nothing about what is watched now.
      publish: (snapshot) => {
        if (this.#members.get(target.id)?.watch === watch) snapshots.publish(judged(snapshot));
      },
      clock,
      random,
      log: log.child({ target: target.id, engine: engine.id }),
      tracing,
      slowSpreadMs,
      redact,
      apartTurns: this.#apartTurns,
      memory,
      fingerprint: fingerprint(configured.options),
    });
    this.#members.set(target.id, { fingerprint: configured.fingerprint, watch });
    return watch;
  }

  #drop(id: string): void {
    this.#members.delete(id);
    this.#input.snapshots.remove(id);
    this.#input.scheduler.remove(id).catch((error: unknown) => {
      this.#input.log.warn('collector did not close', { target: id, error });
    });
  }
}
