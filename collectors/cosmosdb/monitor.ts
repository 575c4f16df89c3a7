import { type Clock, CollectError } from '../../src/sdk.ts';
import type { ArmClient } from './arm-client.ts';
import {
  type MetricAnswer,
  type MetricQuery,
  type MetricQueryName,
  mergeAnswers,
  metricQueries,
  parametersOf,
  parseAnswer,
  topSeries,
} from './metric-query.ts';
import type { CosmosdbContext } from './metrics.ts';
import type { ReadUrgency } from './read-budget.ts';

/** Asks Azure Monitor; the classic call, because the batch call loses aggregations and needs a role on the subscription. */
export class Monitor {
  readonly #arm: ArmClient;
  readonly #clock: Clock;
  /** Metrics that Azure said it does not know, until when they are not asked for. */
  readonly #unknownUntilMs = new Map<string, number>();

  /** Queries with more series than Azure gives at once, which are asked for each region by itself. */
  readonly #large = new Set<MetricQueryName>();
  readonly #regions: () => readonly string[];

  /** @param regions of the account, as far as they are known. */
  constructor(arm: ArmClient, clock: Clock, regions: () => readonly string[]) {
    this.#arm = arm;
    this.#clock = clock;
    this.#regions = regions;
  }

  /**
   * The answer to one query. What a person should know about it is said in the context: series that were cut off, dimensions that are
   * missing, metrics that Azure does not know here.
   *
   * @param grainCount how much is asked for, unless as much as the query says.
   * @throws {CollectError} as reading does; `unsupported` when Azure knows none of the metrics.
   */
  async ask(
    name: MetricQueryName,
    context: CosmosdbContext,
    urgency: ReadUrgency,
    grainCount: number = metricQueries[name].grainCount,
  ): Promise<MetricAnswer> {
    const answer = await this.#whole(name, grainCount, context, urgency);
    const { names } = metricQueries[name];
    for (const metric of names) {
      if (!answer.series.has(metric)) context.find(unknownMetric(metric));
      if (answer.cut.has(metric)) {
        context.truncate(1); // at least
        context.find(cutOff(metric));
      }
      if (answer.unsplit.has(metric)) context.find(withoutDimension(metric, metricQueries[name].dimensions));
    }
    return answer;
  }

  /** One call, or where that is cut off one for each region. */
  async #whole(
    name: MetricQueryName,
    grainCount: number,
    context: CosmosdbContext,
    urgency: ReadUrgency,
  ): Promise<MetricAnswer> {
    const query: MetricQuery = { ...metricQueries[name], grainCount };
    const regions = this.#regions();
    const isDivisible = query.dimensions.includes('Region') && regions.length > 1;
    if (!this.#large.has(name) || !isDivisible) {
      const answer = await this.query(query, context.now, urgency, context.signal);
      if (answer.cut.size === 0 || !isDivisible) return answer;
      this.#large.add(name);
    }
    const answers: MetricAnswer[] = [];
    for (const region of regions) {
      const part = { ...query, where: { ...query.where, Region: region } };
      answers.push(await this.query(part, context.now, urgency, context.signal));
    }
    return mergeAnswers(answers);
  }

  /** As `ask`, without telling anybody. */
  async query(
    query: MetricQuery,
    nowMs: number,
    urgency: ReadUrgency,
    signal: AbortSignal,
  ): Promise<MetricAnswer> {
    const names = query.names.filter((name) => this.#isKnown(name));
    if (names.length === 0) throw unsupported(query.names);
    try {
      return await this.#once({ ...query, names }, nowMs, urgency, signal);
    } catch (thrown) {
      if (!(thrown instanceof CollectError) || thrown.code !== 'unsupported') throw thrown;
      return this.#without(thrown, { ...query, names }, nowMs, urgency, signal);
    }
  }

  async #once(
    query: MetricQuery,
    nowMs: number,
    urgency: ReadUrgency,
    signal: AbortSignal,
  ): Promise<MetricAnswer> {
    const request = {
      path: '/providers/Microsoft.Insights/metrics',
      query: parametersOf(query, nowMs),
      what: `metrics ${query.names.join()} (${query.grain})`,
      question: questionOf(query),
      urgency,
    };
    return parseAnswer(await this.#arm.get(request, signal), query, nowMs);
  }

  /** One name that Azure does not know fails the whole call: asks again for the others, and not for that one for a day. */
  async #without(
    refusal: CollectError,
    query: MetricQuery,
    nowMs: number,
    urgency: ReadUrgency,
    signal: AbortSignal,
  ): Promise<MetricAnswer> {
    // Only what stands before the list of valid names is the culprit.
    const culprit = /\bmetric:\s*([\w-]+)/i.exec(refusal.message)?.[1]?.toLowerCase();
    const bad = query.names.find((name) => name.toLowerCase() === culprit);
    const isUnknown = bad !== undefined && /Failed to find metric configuration/i.test(refusal.message);
    if (!isUnknown) throw refusal;
    this.#unknownUntilMs.set(bad, this.#clock.monotonicMs() + dayMs);
    const names = query.names.filter((name) => name !== bad);
    if (names.length === 0) throw unsupported(query.names);
    return this.query({ ...query, names }, nowMs, urgency, signal);
  }

  #isKnown(name: string): boolean {
    return (this.#unknownUntilMs.get(name) ?? Number.NEGATIVE_INFINITY) <= this.#clock.monotonicMs();
  }
}

const dayMs = 86_400_000;

function questionOf({ names, grain, dimensions, where }: MetricQuery): string {
  const condition = where === undefined ? '' : ` where ${Object.entries(where).flat().join(' ')}`;
  return `metrics ${names.join()} ${grain} by ${dimensions.join() || 'nothing'}${condition}`;
}

function unsupported(names: readonly string[]): CollectError {
  return new CollectError(
    'unsupported',
    `Azure Monitor does not know ${names.join(' and ')} for this account`,
  );
}

type Finding = Parameters<CosmosdbContext['find']>[0];

function unknownMetric(metric: string): Finding {
  return {
    code: 'metric_not_offered',
    severity: 'warning',
    subject: metric,
    message: `Azure Monitor gave nothing for ${metric}, so what is made of it is unknown`,
    remedy: '-- none: Azure does not offer this metric for this kind of account',
  };
}

function cutOff(metric: string): Finding {
  return {
    code: 'metric_series_cut',
    severity: 'warning',
    subject: metric,
    message: `Azure Monitor has more than ${topSeries} series of ${metric}, and what was left out is unknown`,
    remedy: '-- none: Azure Monitor gives no more at once; sums over them are left out too',
  };
}

function withoutDimension(metric: string, dimensions: readonly string[]): Finding {
  return {
    code: 'metric_without_dimension',
    severity: 'warning',
    subject: metric,
    message: `Azure Monitor did not split ${metric} by ${dimensions.join(', ')}, so it cannot be told whose the values are`,
    remedy: '-- none: Azure does not offer this split for this account',
  };
}
