import type { CheckItem } from '../../src/core/check-item.ts';
import type { Assumption, Engine } from '../../src/core/engine.ts';
import type { GroupReading, ReadingError } from '../../src/core/snapshot.ts';
import type { ServerIdentity } from '../../src/core/target.ts';
import type { Observation } from './conform.ts';

/** What became of one declared metric. */
export interface MetricVerdict {
  readonly metric: string;
  readonly group: string;
  /** The most series that one reading gave. */
  readonly series: number;
  /** Why there was none; empty when there was one. */
  readonly absence: string;
  /** The reason is its whole group's. */
  readonly isOfGroup: boolean;
}

export interface GroupVerdict {
  readonly group: string;
  /** Worst of all readings; `not read` when there was none. */
  readonly state: GroupReading['state'] | 'not read';
  readonly longestMs: number;
  readonly errors: readonly ReadingError[];
  readonly truncatedRows: number;
}

export interface ConformanceReport {
  readonly engine: string;
  readonly target: string;
  readonly server: ServerIdentity;
  /** Nothing is broken, no group failed for another reason than that the server does not offer it, and the target was up in every round. */
  readonly conforms: boolean;
  readonly rounds: number;
  readonly roundsUp: number;
  readonly groups: readonly GroupVerdict[];
  readonly metrics: readonly MetricVerdict[];
  readonly assumptions: readonly Assumption[];
  readonly lacks: readonly CheckItem[];
  /** What went wrong beside the groups: failures of the target, questions that could not be asked. */
  readonly faults: readonly string[];
}

/** Judges what was seen. A metric that did not come is no fault by itself: many need something that not every server has. */
export function judge(
  engine: Engine,
  target: string,
  observation: Observation,
  paid: boolean,
): ConformanceReport {
  const { snapshots, redact } = observation;
  const groups = Object.entries(engine.groups).map(([group, { paidEveryMs }]) =>
    judgeGroup(
      group,
      snapshots.flatMap(({ readings }) => readings.filter((reading) => reading.group === group)),
      paidEveryMs !== undefined && !paid,
    ),
  );
  const faults = [
    ...new Set(
      snapshots.flatMap(({ failure }) =>
        failure === undefined ? [] : [`${failure.code}: ${failure.message}`],
      ),
    ),
    ...observation.unasked,
  ];
  const roundsUp = snapshots.filter(({ up }) => up).length;
  const assumptions = observation.assumptions.map((each) => ({ ...each, evidence: redact(each.evidence) }));
  const lacks = observation.lacks.map((item) => ({ ...item, message: redact(item.message) }));
  const conforms =
    faults.length === 0 &&
    snapshots.length > 0 &&
    roundsUp === snapshots.length &&
    groups.every(({ verdict }) => verdict.errors.every(({ code }) => code === 'unsupported')) &&
    assumptions.every(({ verdict }) => verdict !== 'broken');
  return {
    engine: engine.id,
    target,
    server: observation.server,
    conforms,
    rounds: snapshots.length,
    roundsUp,
    groups: groups.map(({ verdict }) => verdict),
    metrics: judgeMetrics(engine, observation, new Map(groups.map((each) => [each.verdict.group, each]))),
    assumptions,
    lacks,
    faults,
  };
}

interface JudgedGroup {
  readonly verdict: GroupVerdict;
  readonly state: GroupVerdict['state'];
  readonly isLeftOut: boolean;
}

const badness = ['ok', 'partial', 'failed'] as const;

function judgeGroup(group: string, readings: readonly GroupReading[], isLeftOut: boolean): JudgedGroup {
  const worst = Math.max(-1, ...readings.map(({ state }) => badness.indexOf(state)));
  const state = badness[worst] ?? 'not read';
  const errors = new Map(
    readings.flatMap((reading) => reading.errors).map((error) => [`${error.subject} ${error.code}`, error]),
  );
  const verdict: GroupVerdict = {
    group,
    state,
    longestMs: Math.round(Math.max(0, ...readings.map(({ durationMs }) => durationMs))),
    errors: [...errors.values()],
    truncatedRows: Math.max(0, ...readings.map(({ truncatedRows }) => truncatedRows)),
  };
  return { verdict, state, isLeftOut };
}

function judgeMetrics(
  engine: Engine,
  { snapshots }: Observation,
  groups: ReadonlyMap<string, JudgedGroup>,
): readonly MetricVerdict[] {
  const most = new Map<string, number>();
  for (const { readings } of snapshots) {
    const counts = new Map<string, number>();
    for (const { samples } of readings)
      for (const { metric } of samples) counts.set(metric.name, (counts.get(metric.name) ?? 0) + 1);
    for (const [name, count] of counts) most.set(name, Math.max(most.get(name) ?? 0, count));
  }
  return Object.values(engine.metrics).map(({ name, group, since, source }) => {
    const series = most.get(name) ?? 0;
    const whole = series > 0 ? undefined : whyGroupAbsent(groups.get(group));
    const absence = series > 0 ? '' : (whole ?? whyAbsent(groups.get(group), since, source));
    return { metric: name, group, series, absence, isOfGroup: whole !== undefined };
  });
}

function whyGroupAbsent(group: JudgedGroup | undefined): string | undefined {
  if (group?.isLeftOut === true) return 'its group costs money and was left out; --paid reads it';
  if (group === undefined || group.state === 'not read') return 'its group was not read';
  return group.state === 'failed'
    ? `its group failed (${group.verdict.errors[0]?.code ?? 'unknown'})`
    : undefined;
}

function whyAbsent(group: JudgedGroup | undefined, since: string, source: string): string {
  const [error] = group?.verdict.errors ?? [];
  const partial = error === undefined ? '' : `; part of its group failed (${error.code})`;
  return `the server gave no value: ${source}, since version ${since}${partial}`;
}
