import type { JsonObject } from '../../../src/sdk.ts';
import type { QueryRuns } from './query-runs.ts';

/** One round: the same queries once, with the index or without it. */
export interface Measurement extends QueryRuns {
  readonly isVisible: boolean;
}

export interface Gain {
  readonly isProven: boolean;
  readonly text: string;
  readonly figures: JsonObject;
}

/** Below this a round is too short for the server's clock. */
const shortestMs = 1;
/** How far apart two means must be, in their standard errors. */
const sigmas = 3;

/** Whether queries got faster by as much as is asked for, beyond the noise of the rounds, and gave the same documents. */
export function gainOf(
  measured: readonly Measurement[],
  { isSame, minimum }: { readonly isSame: boolean; readonly minimum: number },
): Gain {
  const without = describe(measured.filter(({ isVisible }) => !isVisible));
  const using = describe(measured.filter(({ isVisible }) => isVisible));
  const saved = without.mean - using.mean;
  const gain = without.mean > 0 ? saved / without.mean : 0;
  const noise = Math.hypot(without.error, using.error);
  const problems = [
    ...(isSame ? [] : ['the queries gave other documents with it than without it']),
    ...(without.mean < shortestMs
      ? ['the queries are too fast on the rehearsal target to measure a gain']
      : []),
    ...(using.examined < without.examined
      ? []
      : ['the queries look at as many documents with it as without it']),
    ...(gain < minimum
      ? [`it saves ${percent(gain)} of the time, less than the ${percent(minimum)} asked for`]
      : []),
    ...(saved <= sigmas * noise ? ['what it saves is no more than the noise of the measurement'] : []),
  ];
  const figures = {
    gain: round(gain),
    millisecondsWithout: round(without.mean),
    millisecondsWith: round(using.mean),
    noiseMilliseconds: round(noise),
    examinedWithout: without.examined,
    examinedWith: using.examined,
    returned: using.returned,
    rounds: measured.length,
    sameResults: isSame,
  };
  const summary = `${round(without.mean)} ms without, ${round(using.mean)} ms with it (noise ${round(noise)} ms), ${without.examined} documents looked at without, ${using.examined} with it`;
  return {
    isProven: problems.length === 0,
    text: problems.length === 0 ? `saves ${percent(gain)}: ${summary}` : `${problems.join('; ')}: ${summary}`,
    figures,
  };
}

function describe(rounds: readonly Measurement[]): {
  readonly mean: number;
  /** Standard error of the mean. */
  readonly error: number;
  readonly examined: number;
  readonly returned: number;
} {
  const times = rounds.map(({ milliseconds }) => milliseconds);
  const mean = times.reduce((sum, time) => sum + time, 0) / Math.max(1, times.length);
  const variance = times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / Math.max(1, times.length - 1);
  const [first] = rounds;
  return {
    mean,
    error: Math.sqrt(variance / Math.max(1, times.length)),
    examined: first?.examined ?? 0,
    returned: first?.returned ?? 0,
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
