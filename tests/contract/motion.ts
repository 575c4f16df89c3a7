import type { Engine } from '../../src/core/engine.ts';
import type { Sample } from '../../src/core/sample.ts';
import { still } from './still-objectives.ts';

/** Which of the metrics that objectives are judged by were seen to move with their servers. */
export class Motion {
  readonly #engine: Engine;
  /** First value of each series, by metric and then by target and labels. */
  readonly #first = new Map<string, string>();
  readonly #moved = new Set<string>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** @param targets what was collected last of each target, always in the same order. */
  note(targets: readonly (readonly Sample[])[]): void {
    for (const [index, samples] of targets.entries())
      for (const { metric, labels, value, basis } of samples) {
        const series = JSON.stringify([index, metric.name, labels]);
        const now = `${value} of ${basis}`;
        const first = this.#first.get(series);
        if (first === undefined) this.#first.set(series, now);
        else if (first !== now) this.#moved.add(metric.name);
      }
  }

  /** Keys of those that were not, and of which nobody says why. An age is fed by proofs: its metric only says which subjects there are. */
  missing(): readonly string[] {
    const { id, metrics, objectives } = this.#engine;
    return objectives
      .filter(({ statistic }) => statistic !== 'age')
      .map(({ metric }) => metric)
      .filter((key) => still[id]?.[key] === undefined && !this.#moved.has(metrics[key]?.name ?? key));
  }
}
