import type { ObjectiveId } from '../core/objective.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import { objectiveMetrics } from '../core/objective-metrics.ts';
import type { Bound } from '../evaluate/bound.ts';
import { allDatabases, ofAllDatabases } from '../evaluate/observe.ts';
import type { RangeRequest, RangeSeries, SeriesSource } from './prometheus-source.ts';
import { Replay, type ReplayOutcome } from './replay.ts';

export interface BacktestInput {
  readonly source: SeriesSource;
  /** Unix time in milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly objectives: readonly ObjectiveId[];
  /** Only these targets; all when empty. */
  readonly targets: readonly string[];
  /** What holds for a target; undefined where the objective is not judged on it. */
  readonly inForce: (target: string, engine: string, objective: ObjectiveId) => ObjectiveInForce | undefined;
  /** Told before each objective, for the person who waits. */
  readonly onProgress: (text: string) => void;
}

/** How often an objective would have called somebody on one target. Times in milliseconds. */
export interface BacktestRow {
  readonly target: string;
  readonly engine: string;
  readonly objective: ObjectiveId;
  readonly bound: Bound;
  readonly forMs: number;
  readonly subjects: number;
  /** Breaches that opened, by what they would have been. */
  readonly pages: number;
  readonly tickets: number;
  /** Of all subjects together, `for` included. */
  readonly breachedMs: number;
  readonly longestMs: number;
  readonly knownMs: number;
  readonly unknownMs: number;
  /** Open at the end. */
  readonly stillOpen: number;
}

/** Points of one series in one request: Prometheus allows 11,000. */
const pointsPerRequest = 5_000;

/**
 * Replays objectives over `reeve_objective_value` as a Prometheus remembers it, oldest step first, with the very judgement that the agent
 * makes. What was unknown then is unknown now.
 *
 * @throws {PrometheusError} when the Prometheus cannot be asked.
 */
export async function backtest(input: BacktestInput): Promise<readonly BacktestRow[]> {
  const rows: BacktestRow[] = [];
  for (const objective of input.objectives) {
    input.onProgress(objective);
    rows.push(...(await replayObjective(objective, input)));
  }
  return rows;
}

interface Replayed {
  readonly target: string;
  readonly engine: string;
  readonly inForce: ObjectiveInForce;
  readonly replay: Replay;
}

async function replayObjective(objective: ObjectiveId, input: BacktestInput): Promise<BacktestRow[]> {
  const { source, fromMs, toMs, stepMs, targets } = input;
  const query = selector(objectiveMetrics.objectiveValue.name, { objective }, targets);
  const replays = new Map<string, Replayed>();
  const spanMs = (pointsPerRequest - 1) * stepMs;
  for (let start = fromMs; start <= toMs; start += spanMs + stepMs) {
    const span = { fromMs: start, toMs: Math.min(toMs, start + spanMs), stepMs };
    const found = await source.range({ ...span, query });
    const bySubject = new Map(found.map((series) => [keyOf(series), series]));
    for (const [key, series] of bySubject) {
      if (!replays.has(key)) {
        const begun = begin(series, objective, input);
        if (begun !== undefined) replays.set(key, begun);
      }
    }
    const isFloorNeeded = [...replays.values()].some(
      ({ inForce }) => inForce.measure.withoutMinimum !== undefined,
    );
    const floors = isFloorNeeded ? await floorsOf(objective, input, span) : undefined;
    for (const [key, { replay }] of replays) play(replay, bySubject.get(key), floors?.(key), span);
  }
  return summarise(objective, [...replays.values()], toMs);
}

type Span = Omit<RangeRequest, 'query'>;
type Times = ReadonlySet<number>;

/** When the lower bound applied, which some subjects are free of for a while: it was published then. */
async function floorsOf(
  objective: ObjectiveId,
  { source, targets }: BacktestInput,
  span: Span,
): Promise<(key: string) => Times> {
  const query = selector(objectiveMetrics.objectiveBound.name, { objective, bound: 'min' }, targets);
  const found = await source.range({ ...span, query });
  const times = new Map(found.map((series) => [keyOf(series), new Set(series.points.map(([at]) => at))]));
  return (key) => times.get(key) ?? new Set();
}

/** Without `max by`, an agent that moved to another instance would be two subjects. */
function selector(
  metric: string,
  labels: Readonly<Record<string, string>>,
  targets: readonly string[],
): string {
  const matchers = [
    ...Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
    ...(targets.length === 0 ? [] : [`target=~${JSON.stringify(targets.map(escapeRegExp).join('|'))}`]),
  ];
  return `max by (target, engine, subject) (${metric}{${matchers.join(',')}})`;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function keyOf({ labels }: RangeSeries): string {
  return JSON.stringify([labels['target'], labels['engine'], labels['subject']]);
}

function begin({ labels }: RangeSeries, objective: ObjectiveId, input: BacktestInput): Replayed | undefined {
  const { target = '', engine = '', subject = '' } = labels;
  const inForce = input.inForce(target, engine, objective);
  const judged = inForce === undefined ? undefined : ofSubject(inForce, subject);
  if (inForce === undefined || judged === undefined) return undefined;
  return { target, engine, inForce, replay: new Replay({ target, engine, subject }, judged, input.stepMs) };
}

/** The space of all databases together has a bound of its own, and is not judged without. */
function ofSubject(inForce: ObjectiveInForce, subject: string): ObjectiveInForce | undefined {
  if (inForce.measure.statistic !== 'forecast' || subject !== allDatabases) return inForce;
  const { capacityBytes } = inForce;
  return capacityBytes === undefined ? undefined : ofAllDatabases(inForce, capacityBytes);
}

/** @param floor when the lower bound applied; always when undefined. */
function play(
  replay: Replay,
  series: RangeSeries | undefined,
  floor: Times | undefined,
  { fromMs, toMs, stepMs }: Span,
): void {
  const values = new Map(series?.points);
  for (let at = fromMs; at <= toMs; at += stepMs) {
    const value = values.get(at);
    const isFreeBelow = floor !== undefined && !floor.has(at);
    replay.step(at, value !== undefined && Number.isFinite(value) ? value : undefined, isFreeBelow);
  }
}

function summarise(objective: ObjectiveId, replays: readonly Replayed[], toMs: number): BacktestRow[] {
  const byTarget = Map.groupBy(replays, ({ target, engine }) => JSON.stringify([target, engine]));
  return [...byTarget.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { target, engine, inForce } = first;
    const outcomes = group.map(({ replay }) => replay.outcome());
    return [
      { target, engine, objective, bound: inForce.bound, forMs: inForce.forMs, ...total(outcomes, toMs) },
    ];
  });
}

function total(
  outcomes: readonly ReplayOutcome[],
  toMs: number,
): Omit<BacktestRow, 'target' | 'engine' | 'objective' | 'bound' | 'forMs'> {
  const breaches = outcomes.flatMap((outcome) => outcome.breaches);
  const lengths = breaches.map(({ durationMs, since }) => durationMs ?? toMs - since);
  return {
    subjects: outcomes.length,
    pages: breaches.filter(({ severity }) => severity === 'page').length,
    tickets: breaches.filter(({ severity }) => severity === 'ticket').length,
    breachedMs: sum(lengths),
    longestMs: Math.max(0, ...lengths),
    knownMs: sum(outcomes.map(({ knownMs }) => knownMs)),
    unknownMs: sum(outcomes.map(({ unknownMs }) => unknownMs)),
    stillOpen: breaches.filter(({ closedAt }) => closedAt === undefined).length,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
