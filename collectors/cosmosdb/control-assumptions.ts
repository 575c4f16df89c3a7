import { type Assumption, type Clock, CollectError, toCollectError } from '../../src/sdk.ts';
import type { AccountFacts } from './account.ts';
import { type MetricAnswer, type MetricQuery, metricQueries } from './metric-query.ts';
import type { Monitor } from './monitor.ts';
import { Spelling } from './place.ts';
import type { Settling } from './settling.ts';

export interface ControlTrial {
  readonly monitor: Monitor;
  readonly account: AccountFacts;
  readonly clock: Clock;
  readonly settling: Settling;
}

type Outcome = Pick<Assumption, 'verdict' | 'evidence'>;

const trials: readonly {
  readonly statement: string;
  readonly run: (trial: ControlTrial, signal: AbortSignal) => Promise<Outcome>;
}[] = [
  {
    statement:
      'A metric is found by name.value or the end of its id, whatever the language of the display name.',
    run: async (trial, signal) => {
      const { names } = metricQueries.storage;
      const answer = await ask(trial, metricQueries.storage, signal);
      const missing = names.filter((name) => !answer.series.has(name));
      return missing.length === 0
        ? holds(`found ${names.join(', ')}`)
        : broken(`nothing for ${missing.join(', ')}`);
    },
  },
  {
    statement: 'Request units can be split by database, container and region, and nothing is lost by it.',
    run: async (trial, signal) => {
      const split = sum(await ask(trial, metricQueries.requestUnits, signal), 'TotalRequestUnits');
      const whole = sum(
        await ask(trial, { ...metricQueries.requestUnits, dimensions: [] }, signal),
        'TotalRequestUnits',
      );
      if (whole === 0) return untested('no request units in the last minutes');
      const share = split / whole;
      const evidence = `split ${Math.round(split)} of ${Math.round(whole)} request units`;
      return Math.abs(share - 1) <= 0.01 ? holds(evidence) : broken(evidence);
    },
  },
  {
    statement: 'Regions of metrics are those of the account, but for spaces and capitals.',
    run: async (trial, signal) => {
      const answer = await ask(trial, metricQueries.requestUnits, signal);
      const names = trial.account.regions.map(({ name }) => name);
      const spelling = new Spelling(names);
      const seen = [
        ...new Set(linesOf(answer).map(({ dimensions }) => spelling.region(dimensions.get('region')))),
      ];
      if (seen.length === 0) return untested('no request units in the last minutes');
      const foreign = seen.filter((name) => !names.includes(name));
      return foreign.length === 0
        ? holds(`seen: ${seen.join(', ')}`)
        : broken(`unknown: ${foreign.join(', ')}`);
    },
  },
  {
    statement: 'Requests can be split by connection mode and operation, which latency is weighted by.',
    run: async (trial, signal) => {
      const answer = await ask(trial, metricQueries.latencyWeights, signal);
      if (answer.unsplit.size > 0) return broken('series came without one of the dimensions');
      const modes = [
        ...new Set(linesOf(answer).map(({ dimensions }) => dimensions.get('connectionmode') ?? '')),
      ];
      if (modes.length === 0) return untested('no requests in the last minutes');
      const isKnown = modes.some((mode) => /^(?:direct|gateway)$/i.test(mode));
      return isKnown ? holds(`modes: ${modes.join(', ')}`) : broken(`modes: ${modes.join(', ')}`);
    },
  },
  {
    statement: 'Normalised consumption can be split by partition.',
    run: async (trial, signal) => {
      if (trial.account.serverless === true) return untested('the account is serverless');
      const answer = await ask(trial, metricQueries.partitions, signal);
      if (answer.unsplit.size > 0) return broken('series came without PartitionKeyRangeId');
      const count = linesOf(answer).length;
      return count > 0 ? holds(`${count} series`) : untested('nothing consumed in the last minutes');
    },
  },
  {
    statement: 'A minute that is older than 5 minutes does not change any more.',
    run: async ({ settling }) => {
      const { minutes, worstChange } = settling.evidence();
      if (minutes === 0) return untested('needs two readings of one minute, some time apart');
      const evidence = `${minutes} minutes were read again, and changed by ${(worstChange * 100).toFixed(1)} % at most`;
      return worstChange <= 0.01 ? holds(evidence) : broken(evidence);
    },
  },
];

/** Tries what the readings take for granted, by reading. */
export async function tryControlPlane(
  trial: ControlTrial,
  signal: AbortSignal,
): Promise<readonly Assumption[]> {
  const results: Assumption[] = [];
  for (const { statement, run } of trials) {
    try {
      results.push({ statement, ...(await run(trial, signal)) });
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      const { code, message } = toCollectError(thrown);
      // That Azure refuses the question is an answer; that it cannot be asked now is none.
      const isAnswer = thrown instanceof CollectError && (code === 'unsupported' || code === 'malformed');
      results.push({ statement, ...(isAnswer ? broken(message) : untested(message)) });
    }
  }
  return results;
}

function ask(
  { monitor, clock }: ControlTrial,
  query: MetricQuery,
  signal: AbortSignal,
): Promise<MetricAnswer> {
  return monitor.query(query, clock.now(), 'essential', signal);
}

function linesOf(answer: MetricAnswer) {
  return [...answer.series.values()].flat();
}

function sum(answer: MetricAnswer, metric: string): number {
  const points = (answer.series.get(metric) ?? []).flatMap((series) => series.points);
  return points.reduce((total, { value }) => total + value, 0);
}

function holds(evidence: string): Outcome {
  return { verdict: 'holds', evidence };
}

function broken(evidence: string): Outcome {
  return { verdict: 'broken', evidence };
}

function untested(evidence: string): Outcome {
  return { verdict: 'untested', evidence };
}
