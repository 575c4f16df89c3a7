import type { Clock, Memory, Target } from '../../src/sdk.ts';
import type { CosmosdbContext } from './metrics.ts';
import { type ConsumptionAnswers, consumedMinutes } from './minutes.ts';
import type { Monitor } from './monitor.ts';
import type { Place, Spelling } from './place.ts';
import { containerKey, type ThroughputReading, utilizations } from './throughput-book.ts';
import { UtilizationBackfill } from './utilization-backfill.ts';
import { UtilizationHistory } from './utilization-history.ts';

export interface UtilizationReading {
  readonly answers: ConsumptionAnswers;
  readonly throughput: ThroughputReading;
  readonly spelling: Spelling;
  /** Containers that are told apart. */
  readonly has: (place: Place) => boolean;
}

const defaultWindowMs = 7 * 86_400_000;
/** What is lost when the agent dies is asked for again. */
const saveEveryMs = 600_000;

/** Utilisation over the window of its objective, from every settled minute. */
export class Utilization {
  readonly #clock: Clock;
  readonly #history: UtilizationHistory;
  readonly #backfill: UtilizationBackfill;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #newestMs: number | undefined;

  constructor(
    monitor: Monitor,
    { target, memory, clock }: { readonly target: Target; readonly memory: Memory; readonly clock: Clock },
  ) {
    const windowMs = target.windowsMs.request_unit_utilization_ratio ?? defaultWindowMs;
    this.#clock = clock;
    this.#history = new UtilizationHistory({ windowMs, memory });
    this.#backfill = new UtilizationBackfill(monitor, this.#history);
  }

  async read(reading: UtilizationReading, context: CosmosdbContext): Promise<void> {
    this.#takeMinutes(reading);
    const { throughput, spelling, answers } = reading;
    const lines = [answers.units, answers.normalized].map(({ series }) =>
      [...series.values()].reduce((sum, { length }) => sum + length, 0),
    );
    const { now, signal } = context;
    await this.#backfill.step({ throughput, spelling, now, lines: Math.max(...lines), signal });
    const provisioned = new Set(
      throughput.settings.map(({ database, container }) => containerKey(database, container)),
    );
    for (const { value, minutes, ...place } of this.#history.percentiles()) {
      const isThere = provisioned.has(containerKey(place.database, place.container));
      if (isThere && (place.container === '' || reading.has(place)))
        context.record('utilizationP95Ratio', value, place, minutes);
    }
    if (this.#clock.monotonicMs() - this.#savedAtMs >= saveEveryMs) this.save();
  }

  save(): void {
    if (this.#newestMs === undefined) return;
    this.#savedAtMs = this.#clock.monotonicMs();
    this.#history.save(this.#newestMs);
  }

  #takeMinutes({ answers, throughput, spelling, has }: UtilizationReading): void {
    for (const { atMs, values, isWhole } of consumedMinutes(answers, spelling)) {
      if (atMs === undefined) continue;
      this.#newestMs = Math.max(atMs, this.#newestMs ?? atMs);
      const rates = values.map((placed) => ({ ...placed, value: placed.value / 60 }));
      const known = utilizations(rates, throughput, isWhole);
      this.#history.take(
        atMs,
        known.filter((place) => place.container === '' || has(place)),
      );
    }
  }
}
