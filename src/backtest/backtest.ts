import type { ObjectiveId } from '../core/objective.ts';
import type { ObjectiveInForce } from '../core/objective-in-force.ts';
import { objectiveMetrics } from '../core/objective-metrics.ts';
import type { Bound } from '../evaluate/bound.ts';
import type { RangeSeries, SeriesSource } from './prometheus-source.ts';
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
  const query = selector(objective, targets);
  const replays = new Map<string, Replayed>();
  const spanMs = (pointsPerRequest - 1) * stepMs;
  for (let start = fromMs; start <= toMs; start += spanMs + stepMs) {
    const end = Math.min(toMs, start + spanMs);
    const found = await source.range({ query, fromMs: start, toMs: end, stepMs });
    const bySubject = new Map(found.map((series) => [keyOf(series), series]));
    for (const [key, series] of bySubject) {
      if (!replays.has(key)) {
        const begun = begin(series, objective, input);
        if (begun !== undefined) replays.set(key, begun);
      }
    }
    for (const [key, { replay }] of replays) play(replay, bySubject.get(key), start, end, stepMs);
  }
  return summarise(objective, [...replays.values()], toMs);
}

/** Without `max by`, an agent that moved to another instance would be two subjects. */
function selector(objective: ObjectiveId, targets: readonly string[]): string {
  const wanted =
    targets.length === 0 ? '' : `,target=~${JSON.stringify(targets.map(escapeRegExp).join('|'))}`;
  const { name } = objectiveMetrics.objectiveValue;
  return `max by (target, engine, subject) (${name}{objective=${JSON.stringify(objective)}${wanted}})`;
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
  if (inForce === undefined) return undefined;
  const replay = new Replay({ target, engine, subject }, inForce, input.stepMs);
  return { target, engine, inForce, replay };
}

function play(
  replay: Replay,
  series: RangeSeries | undefined,
  startMs: number,
  endMs: number,
  stepMs: number,
): void {
  const values = new Map(series?.points);
  for (let at = startMs; at <= endMs; at += stepMs) {
    const value = values.get(at);
    replay.step(at, value !== undefined && Number.isFinite(value) ? value : undefined);
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
