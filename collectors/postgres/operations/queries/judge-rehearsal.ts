import type { JsonObject } from '../../../../src/sdk.ts';
import { type Gain, gainOf, type Runs } from './measurement.ts';
import type { Trial } from './trial.ts';
import type { PhaseRuns } from './trial-runs.ts';

/** One statement on the rehearsal target, phase by phase. */
export interface Tried {
  readonly trial: Pick<Trial, 'queryId' | 'shape'>;
  /** Its part of the time of the target, for weighing. */
  readonly share: number;
  readonly without: readonly PhaseRuns[];
  readonly with: readonly PhaseRuns[];
}

export interface Judgement {
  readonly passed: boolean;
  /** For people: what was gained, or why not. */
  readonly text: string;
  readonly figures: JsonObject;
}

/** A statement may become slower by this share before it counts. */
const tolerated = 0.1;

/** Whether the index is worth proposing: measured gain beyond noise, nothing slower, results the same. */
export function judgeTrials(tried: readonly Tried[], minimumImprovement: number): Judgement {
  const judged = tried.map((each) => ({
    ...each,
    gain: gainOf(runsOf(each)),
    results: compareResults(each),
  }));
  const weight = judged.reduce((sum, { share }) => sum + share, 0);
  const weighed = (pick: (gain: Gain) => number): number =>
    weight <= 0 ? 0 : judged.reduce((sum, { gain, share }) => sum + pick(gain) * share, 0) / weight;
  const saved = weighed(({ saved: share }) => share);
  const noise = weighed((gain) => gain.noise);
  const faults = [
    ...(judged.some((each) => each.with.some(({ usedIndex }) => usedIndex))
      ? []
      : ['the planner does not use the index']),
    ...judged.flatMap(({ trial, results }) =>
      results === 'differs' ? [`statement ${trial.queryId} gave other rows with the index`] : [],
    ),
    ...judged.flatMap(({ trial, gain }) =>
      -gain.saved > Math.max(tolerated, gain.noise)
        ? [`statement ${trial.queryId} became slower by ${percent(-gain.saved)}`]
        : [],
    ),
    ...(saved < minimumImprovement
      ? [`it saves ${percent(saved)} of their time, and at least ${percent(minimumImprovement)} is asked for`]
      : []),
    ...(saved <= noise
      ? [`what it saves (${percent(saved)}) is within the noise of the runs (${percent(noise)})`]
      : []),
  ];
  const figures: JsonObject = {
    savedShare: round(saved),
    noiseShare: round(noise),
    statements: judged.map(({ trial, share, gain, results, without }) => ({
      queryId: trial.queryId,
      shareOfTime: round(share),
      withoutMs: round(gain.withoutMs),
      withMs: round(gain.withMs),
      savedShare: round(gain.saved),
      noiseShare: round(gain.noise),
      runs: runsOf({ without, with: [] }).reduce((sum, runs) => sum + runs.without.length, 0),
      timeouts: without.reduce((sum, { timeouts }) => sum + timeouts, 0),
      results,
    })),
  };
  return {
    passed: faults.length === 0,
    text: faults.length === 0 ? gainText(saved, noise, judged) : faults.join('; '),
    figures,
  };
}

function gainText(
  saved: number,
  noise: number,
  judged: readonly { readonly gain: Gain; readonly results: string }[],
): string {
  const without = judged.reduce((sum, { gain }) => sum + gain.withoutMs, 0);
  const withIndex = judged.reduce((sum, { gain }) => sum + gain.withMs, 0);
  const same = judged.every(({ results }) => results === 'same')
    ? 'results are the same'
    : 'results are the same where they can be compared';
  return `it saves ${percent(saved)} of the time of ${judged.length === 1 ? 'the statement' : `${judged.length} statements`} (${milliseconds(without)} without it, ${milliseconds(withIndex)} with it; noise ${percent(noise)}); ${same}`;
}

/** By set of values, over all phases. */
function runsOf({ without, with: withIndex }: Pick<Tried, 'without' | 'with'>): readonly Runs[] {
  const sets = without[0]?.milliseconds.length ?? 0;
  const of = (phases: readonly PhaseRuns[], set: number): readonly number[] =>
    phases.flatMap(({ milliseconds: runs }) => runs[set] ?? []);
  return Array.from({ length: sets }, (_, set) => ({ without: of(without, set), with: of(withIndex, set) }));
}

/** `undetermined`: a statement with LIMIT may choose among equal rows, and one may differ from run to run by itself. */
function compareResults({
  trial,
  without,
  with: withIndex,
}: Tried): 'same' | 'differs' | 'undetermined' | 'not compared' {
  const sets = without[0]?.results.length ?? 0;
  let verdict: 'same' | 'undetermined' | 'not compared' = 'same';
  for (let set = 0; set < sets; set += 1) {
    const before = without.map(({ results }) => results[set]);
    const after = withIndex.map(({ results }) => results[set]);
    const all = new Set([...before, ...after]);
    if (all.has(undefined)) verdict = 'not compared';
    else if (all.size > 1) {
      const counts = new Set([...all].map((result) => result?.split(' ')[0]));
      const isUnstable = new Set(before).size > 1 || (trial.shape.limited && counts.size === 1);
      if (!isUnstable) return 'differs';
      verdict = 'undetermined';
    }
  }
  return verdict;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
