import type { Engine, ObjectiveMeasure } from '../core/engine.ts';
import type { MetricDefinition } from '../core/metric.ts';
import { objectives } from '../core/objective.ts';

/** What is wrong with the way an engine measures an objective. */
export function measureFaults(engine: Engine, measure: ObjectiveMeasure): readonly string[] {
  const metric = metricOf(engine, measure.metric);
  if (metric === undefined) return [`metric ${measure.metric} is not defined`];
  const { unit } = objectives[measure.objective];
  // An age is counted by Reeve; the metric only says which subjects there are.
  const differs = measure.statistic !== 'age' && metric.unit !== unit;
  return [
    ...(differs ? [`is measured in ${unit}, metric ${measure.metric} in ${metric.unit}`] : []),
    ...unknownLabels(metric, measure.subject ?? []),
    ...unknownLabels(metric, Object.keys(measure.where ?? {})),
    ...sideMetricFaults(engine, measure),
  ];
}

/** Of the second metrics that raise a breach to a page or lift the lower bound. */
function sideMetricFaults(engine: Engine, measure: ObjectiveMeasure): readonly string[] {
  const grounds = (measure.page ?? []).flatMap(({ metric: key, where = {} }) => {
    const metric = metricOf(engine, key);
    return metric === undefined
      ? [`page ground ${key} is not defined`]
      : unknownLabels(metric, Object.keys(where));
  });
  const { withoutMinimum } = measure;
  const isMissing = withoutMinimum !== undefined && metricOf(engine, withoutMinimum) === undefined;
  return [...grounds, ...(isMissing ? [`withoutMinimum ${withoutMinimum} is not defined`] : [])];
}

function unknownLabels(metric: MetricDefinition, labels: readonly string[]): readonly string[] {
  return labels
    .filter((label) => !Object.hasOwn(metric.labels, label))
    .map((label) => `${metric.name} has no label ${label}`);
}

function metricOf(engine: Engine, key: string): MetricDefinition | undefined {
  return Object.hasOwn(engine.metrics, key) ? engine.metrics[key] : undefined;
}
