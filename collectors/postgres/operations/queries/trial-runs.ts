import { type Clock, toCollectError } from '../../../../src/sdk.ts';
import type { Connection } from '../../client.ts';
import { type Explained, nodesOf } from './explain-tree.ts';
import { explainTrial, resultOf, type Trial } from './trial.ts';

type Session = Pick<Connection, 'query'>;

/** What one statement did in one phase, a list a set of values. */
export interface PhaseRuns {
  readonly milliseconds: readonly (readonly number[])[];
  readonly results: readonly (string | undefined)[];
  /** Of the last run of the first set. */
  readonly explained: Explained | undefined;
  readonly usedIndex: boolean;
  /** Runs that the server cancelled after `runTimeoutMs`: they took at least that. */
  readonly timeouts: number;
}

/** A statement is cancelled after this time; then that is what it took at least. */
export const runTimeoutMs = 20_000;
const fewestRuns = 3;
const mostRuns = 9;
/** All runs of one set of values in one phase take about this long together. */
const setBudgetMs = 1_500;

/** Runs a statement with each set of values: once to warm the cache, then repeatedly. */
export async function runTrial(
  session: Session,
  trial: Trial,
  index: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<PhaseRuns> {
  const milliseconds: number[][] = [];
  const results: (string | undefined)[] = [];
  let explained: Explained | undefined;
  let usedIndex = false;
  let timeouts = 0;
  for (const values of trial.values) {
    const runs: number[] = [];
    const once = async (): Promise<number> => {
      const started = clock.monotonicMs();
      const run = await explainOrTimeout(session, trial, values, signal);
      if (run === undefined) timeouts += 1;
      explained ??= run;
      usedIndex ||= run !== undefined && nodesOf(run.Plan).some((node) => node['Index Name'] === index);
      return run?.['Execution Time'] ?? Math.max(runTimeoutMs, clock.monotonicMs() - started);
    };
    const first = await once();
    const isSlow = first >= runTimeoutMs;
    const wanted = isSlow
      ? 0
      : Math.min(mostRuns, Math.max(fewestRuns, Math.floor(setBudgetMs / Math.max(first, 0.1))));
    for (let nth = 0; nth < wanted; nth += 1) runs.push(await once());
    milliseconds.push(runs.length === 0 ? [first] : runs);
    results.push(
      isSlow ? undefined : await resultOf(session, trial, values, signal).catch(unlessAborted(signal)),
    );
  }
  return { milliseconds, results, explained, usedIndex, timeouts };
}

async function explainOrTimeout(
  session: Session,
  trial: Trial,
  values: readonly string[],
  signal: AbortSignal,
): Promise<Explained | undefined> {
  try {
    return await explainTrial(session, trial, values, true, signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (toCollectError(thrown).code === 'timeout') return undefined;
    throw thrown;
  }
}

/** What cannot be compared is said to be not compared. */
function unlessAborted(signal: AbortSignal): () => undefined {
  return () => {
    signal.throwIfAborted();
  };
}
