import type { LabelsOf, MetricDefinition, MetricTable } from './metric.ts';

/** One number with its labels. */
export interface Sample {
  readonly metric: MetricDefinition;
  /** Label values in the order in which the metric declares its labels. */
  readonly labels: readonly string[];
  /** In the metric's base unit; always finite. */
  readonly value: number;
  /** For a ratio or an estimate over a window: how many observations stand behind it. Objectives ask for a minimum. */
  readonly basis?: number;
}

/**
 * Takes one sample. `undefined` and not-a-number mean that the server did not give the value: nothing is recorded,
 * because missing is not zero.
 */
export interface Recorder<M extends MetricTable> {
  record<K extends keyof M & string>(
    metric: K,
    value: number | undefined,
    labels: LabelsOf<M[K]>,
    basis?: number,
  ): void;
}

export interface SampleBuffer<M extends MetricTable> extends Recorder<M> {
  readonly samples: Sample[];
}

/** A recorder that keeps what it is given, in order, at the end of `samples`. */
export function createSampleBuffer<M extends MetricTable>(
  metrics: M,
  samples: Sample[] = [],
): SampleBuffer<M> {
  const record: Recorder<M>['record'] = (key, value, labels, basis) => {
    if (value === undefined || !Number.isFinite(value)) return;
    const metric = metrics[key];
    if (metric === undefined) return;
    samples.push(createSample(metric, value, labels, basis, samples.at(-1)?.labels));
  };
  return { samples, record };
}

/**
 * A sample of a metric; labels that the metric does not declare are ignored, missing ones become empty (absent) labels.
 *
 * @param previous label values of the sample before, which are shared if they are the same: the values of one table, node or database
 * follow each other, and a snapshot holds them until the next.
 */
export function createSample(
  metric: MetricDefinition,
  value: number,
  labels: Readonly<Record<string, string>>,
  basis?: number,
  previous: readonly string[] = noLabels,
): Sample {
  const names = Object.keys(metric.labels);
  const values =
    names.length === 0
      ? noLabels
      : areValuesOf(previous, names, labels)
        ? previous
        : names.map((name) => labels[name] ?? '');
  return basis === undefined ? { metric, labels: values, value } : { metric, labels: values, value, basis };
}

const noLabels: readonly string[] = Object.freeze([]);

function areValuesOf(
  values: readonly string[],
  names: readonly string[],
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    values.length === names.length && names.every((name, index) => values[index] === (labels[name] ?? ''))
  );
}
