import type { SubjectKey } from '../core/judgement.ts';
import type { MetricTable } from '../core/metric.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import type { Snapshot } from '../core/snapshot.ts';
import { type Bound, worse } from './bound.ts';
import { fullSoonMs, type GrowthForecasts, projectionDate } from './growth-forecasts.ts';
import { assess, type Observation, unknown } from './observation.ts';
import { missing, type ReadingState, readingState } from './reading-state.ts';
import type { SubjectState } from './subject-state.ts';
import {
  type FoundSubject,
  findSubjects,
  isAbove,
  isPageGround,
  type ReadingIndex,
  samplesByKey,
} from './subjects.ts';

/** The subject that stands for the space of all databases of a target together. */
export const allDatabases = 'all databases';

export interface ObserveInput {
  readonly objective: ObjectiveInForce;
  readonly metrics: MetricTable;
  readonly snapshot: Snapshot;
  readonly index: ReadingIndex;
  readonly known: readonly SubjectState[];
  /** The group was read before. */
  readonly wasRead: boolean;
  /** The group's reading is another than at the last time. */
  readonly isNewReading: boolean;
  readonly now: number;
  readonly monotonicMs: number;
  readonly growth: GrowthForecasts;
  readonly lastEventAt: LastEventAt;
}

/** When what an objective by age waits for last happened (Unix time in milliseconds); undefined when it never did. `unknown`: nobody can tell now. */
export type LastEventAt = (key: SubjectKey) => number | undefined | 'unknown';

/** What is known now of every subject of an objective: those in the samples, and those that were known before. */
export function observe(input: ObserveInput): ReadonlyMap<string, Observation> {
  const { objective, metrics, snapshot, index, known, wasRead } = input;
  const { measure } = objective;
  const { untilKnown } = measure;
  const metric = metrics[measure.metric];
  const { name: metricName, group } = metric ?? { name: measure.metric, group: '' };
  const status = readingState(snapshot, group, wasRead, measure.statistic === 'recorded');
  const observing = { ...input, metricName };
  const samples = status.reading === undefined ? [] : index.samples([status.reading], metric);
  const found = findSubjects(samples, measure);
  const observed = new Map<string, Observation>();
  const statistic = statistics[measure.statistic ?? 'value'];
  for (const [subject, one] of found) observed.set(subject, statistic(observing, subject, one));
  if (measure.statistic === 'forecast' && objective.capacityBytes !== undefined) {
    observed.set(allDatabases, observeTotal(observing, objective.capacityBytes, found, status));
  }
  for (const [subject, uncounted] of observeUncounted(input, status)) {
    if (!observed.has(subject)) observed.set(subject, uncounted);
  }
  for (const [subject, overrun] of observeOverruns(input)) {
    if (!observed.has(subject)) observed.set(subject, overrun);
  }
  for (const state of known) {
    const isPlace = state.subject === '' && !state.isSeen && state.open === undefined;
    if (isPlace || observed.has(state.subject)) continue;
    const absent = missing(status, state.subject, objective.bound, { isLone: found.size === 0, untilKnown });
    // What happened last is known also while nobody can look whether the subject is there.
    const isAged = measure.statistic === 'age' && state.isSeen && absent.presence === 'unread';
    observed.set(state.subject, isAged ? aged(input, state.subject, 'unread') : absent);
  }
  const isPlaceNeeded = objective.onlySubjects === undefined && !isExempt(input);
  if (observed.size === 0 && isPlaceNeeded)
    observed.set('', missing(status, '', objective.bound, { untilKnown }));
  return observed;
}

/** Nothing was ever seen, and the target says why there is nothing: that is not unknown. */
function isExempt({ objective: { measure }, snapshot, metrics, index, known }: ObserveInput): boolean {
  if (measure.exempt === undefined || known.some(({ isSeen }) => isSeen)) return false;
  return isAbove(samplesByKey(index, snapshot.readings, metrics)(measure.exempt), {}, 0);
}

interface Observing extends ObserveInput {
  readonly metricName: string;
}

type Statistic = (input: Observing, subject: string, found: FoundSubject) => Observation;

const statistics: Readonly<Record<'value' | 'forecast' | 'age' | 'recorded', Statistic>> = {
  value: observeValue,
  recorded: observeValue,
  forecast: observeForecast,
  age: (input, subject) => aged(input, subject, 'present'),
};

/** The sample is the statistic; of several about one subject the worst is. */
function observeValue(
  { objective, metrics, snapshot, index }: ObserveInput,
  _: string,
  found: FoundSubject,
): Observation {
  const { measure } = objective;
  const samplesOf = samplesByKey(index, snapshot.readings, metrics);
  const { min, max } = objective.bound;
  const isFreeBelow =
    measure.withoutMinimum !== undefined && isAbove(samplesOf(measure.withoutMinimum), found.labels, 0);
  const bound: Bound = isFreeBelow ? (max === undefined ? {} : { max }) : objective.bound;
  const side = max === undefined && min !== undefined ? 'min' : 'max';
  const worst = found.samples.reduce((one, other) =>
    worse(side, one.value, other.value) === one.value ? one : other,
  );
  return assess(
    {
      value: worst.value,
      basis: worst.basis,
      bound,
      resolution: measure.resolution,
      isPage: (violated) =>
        (measure.page ?? []).some((ground) => isPageGround(ground, violated, found.labels, max, samplesOf)),
    },
    objective,
  );
}

/** Subjects that are beyond their upper bound by a second metric, which stands in for the measure where that is not known. */
function observeOverruns({ objective, metrics, snapshot, index }: ObserveInput): Map<string, Observation> {
  const { measure, bound } = objective;
  const { max = Infinity } = bound;
  const overruns = new Map<string, Observation>();
  for (const { metric, where = {}, standsIn } of measure.page ?? []) {
    if (standsIn === undefined) continue;
    const above = index.samples(snapshot.readings, metrics[metric]).filter(({ value }) => value > max);
    for (const [subject, { samples }] of findSubjects(above, { ...measure, where })) {
      const value = Math.max(...samples.map((sample) => sample.value));
      overruns.set(subject, assess({ value, bound, isPage: () => true }, objective));
    }
  }
  return overruns;
}

/** Subjects that are there and of which nobody could tell the value. */
function observeUncounted(
  { objective: { measure, bound }, metrics, index }: ObserveInput,
  { reading }: ReadingState,
): Map<string, Observation> {
  const { subjectsOf, untilKnown = '' } = measure;
  if (subjectsOf === undefined || reading === undefined) return new Map();
  const found = findSubjects(index.samples([reading], metrics[subjectsOf]), measure);
  return new Map(
    [...found.keys()].map((subject) => [subject, unknown('not_reported', untilKnown, bound, 'present')]),
  );
}

/** How long ago the thing happened, or that nobody has seen it happen. */
function aged(input: ObserveInput, subject: string, presence: 'present' | 'unread'): Observation {
  const { objective, known, now, lastEventAt, snapshot } = input;
  const { bound } = objective;
  const firstSeenAt = known.find((state) => state.subject === subject)?.firstSeenAt ?? now;
  const lastAt = lastEventAt({ target: snapshot.target.id, objective: objective.id, subject });
  if (lastAt === 'unknown')
    return unknown('collection_failed', 'the records of it in the store cannot be read', bound, presence);
  const value = Math.max(0, now - (lastAt ?? firstSeenAt)) / 1_000;
  return { ...assess({ value, bound, isPage: () => false }, objective), presence };
}

function observeForecast(input: Observing, subject: string, found: FoundSubject): Observation {
  const { objective, now } = input;
  const { bound, by } = objective;
  const ask = { dueAt: projectionDate(by, now), name: `by ${by ?? 'in 90 days'}` };
  return observeGrowth(input, subject, total(found), bound, ask, (lower) => lower > (bound.max ?? Infinity));
}

/** The objective as it is for all databases together: when the space is full soon, somebody must act now. */
export function ofAllDatabases(objective: ObjectiveInForce, capacity: number): ObjectiveInForce {
  return { ...objective, bound: { max: capacity }, severity: 'page' };
}

/** All databases share the space that there is: it must not be full soon. */
function observeTotal(
  input: Observing,
  capacity: number,
  found: ReadonlyMap<string, FoundSubject>,
  status: ReadingState,
): Observation {
  const { bound } = ofAllDatabases(input.objective, capacity);
  if (status.reading === undefined || found.size === 0) return missing(status, allDatabases, bound);
  const sum = [...found.values()].reduce((all, one) => all + total(one), 0);
  const isWhole = input.known.every(
    ({ subject, isSeen }) => !isSeen || subject === allDatabases || found.has(subject),
  );
  const whole = isWhole ? sum : undefined;
  const ask = { dueAt: input.now + fullSoonMs, name: 'full', capacity };
  const observation = observeGrowth(input, allDatabases, whole, bound, ask, () => true);
  // What is full already needs no forecast.
  return observation.reason === 'too_little_history' && sum > capacity
    ? assess({ value: sum, bound, isPage: () => true }, input.objective)
    : observation;
}

/** @param value undefined when it is not to be remembered, since a part of it is missing. */
function observeGrowth(
  input: Observing,
  subject: string,
  value: number | undefined,
  bound: Bound,
  ask: { readonly dueAt: number; readonly name: string; readonly capacity?: number },
  isPage: (lower: number) => boolean,
): Observation {
  const { objective, snapshot, growth, now, metricName } = input;
  const series = { target: snapshot.target.id, metric: metricName, subject };
  if (input.isNewReading && value !== undefined) growth.remember(series, now, value);
  const answer = growth.forecast(series, input, objective, ask);
  if ('days' in answer) {
    if (bound.max === undefined && bound.min === undefined) {
      return {
        ...unknown('no_bound', 'no projection is given for it in the configuration', bound, 'present'),
      };
    }
    const detail = `${answer.days} days of history are not enough for a forecast`;
    return unknown('too_little_history', detail, bound, 'present');
  }
  const { median, report } = answer;
  return assess({ value: median, bound, isPage: () => isPage(report.lower), forecast: report }, objective);
}

function total({ samples }: FoundSubject): number {
  return samples.reduce((sum, { value }) => sum + value, 0);
}
