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
  /** By place in the order of publication. */
  #last: readonly (Sample | undefined)[] = [];

  samples(state: SubjectState, objective: ObjectiveInForce): readonly Sample[] {
    const { id } = objective;
    const { subject, latest, open } = state;
    const values: readonly Published[] = [
      [objectiveMetrics.objectiveValue, latest.value],
      [objectiveMetrics.objectiveBound, latest.bound.min, 'min'],
      [objectiveMetrics.objectiveBound, latest.bound.max, 'max'],
      ...objectiveStates.map(
        (one): Published => [objectiveMetrics.objectiveState, state.state === one ? 1 : 0, one],
      ),
      [objectiveMetrics.objectiveBreachedSince, open && open.breach.since / 1_000],
      [objectiveMetrics.objectiveSeverity, open && 1, open?.breach.severity],
      [objectiveMetrics.objectiveBlind, state.isBlind ? 1 : undefined, latest.reason],
      [objectiveMetrics.objectiveBudgetRemaining, budgetRemaining(state.timeline, objective.budget)],
    ];
    const next = values.map(([metric, value, label], place) => {
      const last = this.#last[place];
      if (value === undefined || !Number.isFinite(value)) return undefined;
      if (last?.value === value && last.labels[2] === label) return last;
      return { metric, labels: label === undefined ? [id, subject] : [id, subject, label], value };
    });
    this.#last = next;
    return [...next.filter((sample) => sample !== undefined), ...forecastSamples(state)];
  }
}

/** A metric, its value, and its label after objective and subject. */
type Published = readonly [metric: MetricDefinition, value: number | undefined, label?: string | undefined];

function forecastSamples({ subject, latest: { value, forecast } }: SubjectState): readonly Sample[] {
  if (forecast === undefined || value === undefined) return [];
  if (subject === allDatabases) {
    if (forecast.fullAt === undefined) return [];
    return [{ metric: objectiveMetrics.storageFullTimestamp, labels: [], value: forecast.fullAt / 1_000 }];
  }
  const labels = [subject];
  return [
    { metric: objectiveMetrics.storageForecastBytes, labels, value },
    { metric: objectiveMetrics.storageForecastLowerBytes, labels, value: forecast.lower },
    { metric: objectiveMetrics.storageForecastUpperBytes, labels, value: forecast.upper },
  ];
}

/** What is published of an objective as a whole. */
export function budgetSample({ id, budget }: ObjectiveInForce): Sample {
  return { metric: objectiveMetrics.objectiveBudgetRatio, labels: [id], value: budget };
}
