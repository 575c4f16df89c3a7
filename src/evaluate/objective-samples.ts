import { objectiveStates } from '../core/judgement.ts';
import type { MetricDefinition } from '../core/metric.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import { objectiveMetrics } from '../core/objective-metrics.ts';
import type { Sample } from '../core/sample.ts';
import { allDatabases } from './observe.ts';
import type { SubjectState } from './subject-state.ts';
import { budgetRemaining } from './timeline.ts';

/** What is published of one subject. What has not changed since the last time is the same object again. */
export class SampleShelf {
  #last = new Map<string, Sample>();
  #next = new Map<string, Sample>();

  samples(state: SubjectState, objective: ObjectiveInForce): readonly Sample[] {
    this.#next = new Map();
    const { id } = objective;
    const { subject, latest, open } = state;
    this.#put(objectiveMetrics.objectiveValue, latest.value, id, subject);
    this.#put(objectiveMetrics.objectiveBound, latest.bound.min, id, subject, 'min');
    this.#put(objectiveMetrics.objectiveBound, latest.bound.max, id, subject, 'max');
    for (const one of objectiveStates) {
      this.#put(objectiveMetrics.objectiveState, state.state === one ? 1 : 0, id, subject, one);
    }
    if (open !== undefined) {
      this.#put(objectiveMetrics.objectiveBreachedSince, open.breach.since / 1_000, id, subject);
      this.#put(objectiveMetrics.objectiveSeverity, 1, id, subject, open.breach.severity);
    }
    if (state.isBlind) this.#put(objectiveMetrics.objectiveBlind, 1, id, subject, latest.reason ?? '');
    const remaining = budgetRemaining(state.timeline, objective.budget);
    this.#put(objectiveMetrics.objectiveBudgetRemaining, remaining, id, subject);
    this.#putForecast(state);
    this.#last = this.#next;
    return [...this.#last.values()];
  }

  #putForecast({ subject, latest: { value, forecast } }: SubjectState): void {
    if (forecast === undefined || value === undefined) return;
    if (subject === allDatabases) {
      const fullAt = forecast.fullAt === undefined ? undefined : forecast.fullAt / 1_000;
      this.#put(objectiveMetrics.storageFullTimestamp, fullAt);
      return;
    }
    this.#put(objectiveMetrics.storageForecastBytes, value, subject);
    this.#put(objectiveMetrics.storageForecastLowerBytes, forecast.lower, subject);
    this.#put(objectiveMetrics.storageForecastUpperBytes, forecast.upper, subject);
  }

  #put(metric: MetricDefinition, value: number | undefined, ...labels: string[]): void {
    if (value === undefined || !Number.isFinite(value)) return;
    // The first two labels are the same for all samples of a subject.
    const key = `${metric.name} ${labels[2] ?? ''}`;
    const last = this.#last.get(key);
    const isSame = last !== undefined && last.value === value;
    this.#next.set(key, isSame ? last : { metric, labels: last?.labels ?? labels, value });
  }
}

/** What is published of an objective as a whole. */
export function budgetSample({ id, budget }: ObjectiveInForce): Sample {
  return { metric: objectiveMetrics.objectiveBudgetRatio, labels: [id], value: budget };
}
