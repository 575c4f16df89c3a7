import type { ObjectiveMeasure, PageGround } from '../core/engine.ts';
import type { MetricDefinition, MetricTable } from '../core/metric.ts';
import type { Sample } from '../core/sample.ts';
import type { GroupReading } from '../core/snapshot.ts';

/** A subject as the samples of one reading name it. */
export interface FoundSubject {
  /** Those that name it. */
  readonly labels: Readonly<Record<string, string>>;
  /** At least one. */
  readonly samples: readonly Sample[];
}

/** The samples of some readings by metric. Taken from the readings and not from the page, whose series may have been cut. */
export class ReadingIndex {
  readonly #byReading = new WeakMap<GroupReading, ReadonlyMap<string, readonly Sample[]>>();

  /** @param metric undefined for a key that the table does not have. */
  samples(readings: readonly GroupReading[], metric: MetricDefinition | undefined): readonly Sample[] {
    const reading = readings.find(({ group }) => group === metric?.group);
    if (reading === undefined || metric === undefined) return [];
    let byMetric = this.#byReading.get(reading);
    if (byMetric === undefined) {
      byMetric = Map.groupBy(reading.samples, (sample) => sample.metric.name);
      this.#byReading.set(reading, byMetric);
    }
    return byMetric.get(metric.name) ?? [];
  }
}

/** The samples that measure an objective, by the name of their subject. */
export function findSubjects(
  samples: readonly Sample[],
  { subject, where = {} }: ObjectiveMeasure,
): ReadonlyMap<string, FoundSubject> {
  const found = new Map<string, { labels: Readonly<Record<string, string>>; samples: Sample[] }>();
  for (const sample of samples) {
    const labels = labelsOf(sample);
    if (!matches(labels, where)) continue;
    const names = subject ?? Object.keys(labels).filter((name) => !(name in where));
    const named = Object.fromEntries(names.map((label) => [label, labels[label] ?? '']));
    const name = subjectName(Object.values(named));
    const known = found.get(name);
    if (known === undefined) found.set(name, { labels: named, samples: [sample] });
    else known.samples.push(sample);
  }
  return found;
}

/** One value stands as it is; several are joined by `/`, and a `/` within one is written `%2F`. */
export function subjectName(values: readonly string[]): string {
  const [only = ''] = values;
  if (values.length <= 1) return only;
  return values.map((value) => value.replaceAll('%', '%25').replaceAll('/', '%2F')).join('/');
}

/** Whether one of a second metric's samples speaks of the subject and is above the limit. */
export function isAbove(
  samples: readonly Sample[],
  subject: Readonly<Record<string, string>>,
  limit: number,
  where: Readonly<Record<string, string>> = {},
): boolean {
  return samples.some((sample) => {
    if (!(sample.value > limit)) return false;
    const labels = labelsOf(sample);
    if (!matches(labels, where)) return false;
    return Object.entries(labels).every(
      ([name, value]) => name in where || !Object.hasOwn(subject, name) || subject[name] === value,
    );
  });
}

/** Whether a ground to page holds for a subject that violates this end of its bound. */
export function isPageGround(
  ground: PageGround,
  side: 'min' | 'max',
  labels: Readonly<Record<string, string>>,
  upperBound: number | undefined,
  samplesOf: (key: string) => readonly Sample[],
): boolean {
  if (ground.side !== undefined && ground.side !== side) return false;
  const limit = ground.above ?? upperBound;
  return limit !== undefined && isAbove(samplesOf(ground.metric), labels, limit, ground.where);
}

/** The samples of a metric of the table, by its key. */
export function samplesByKey(
  index: ReadingIndex,
  readings: readonly GroupReading[],
  metrics: MetricTable,
): (key: string) => readonly Sample[] {
  return (key) => index.samples(readings, metrics[key]);
}

function labelsOf({ metric, labels }: Sample): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(metric.labels).map((name, index) => [name, labels[index] ?? '']));
}

function matches(labels: Readonly<Record<string, string>>, where: Readonly<Record<string, string>>): boolean {
  return Object.entries(where).every(([name, value]) => labels[name] === value);
}
