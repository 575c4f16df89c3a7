/** What is asked of Azure Monitor, and how its answer is read. */

import { z } from 'zod';
import { CollectError } from '../../src/sdk.ts';

export type Aggregation = 'total' | 'count' | 'average' | 'maximum';

const minute = 60_000;
const grains = { PT1M: minute, PT5M: 5 * minute, PT1H: 60 * minute } as const;
export type Grain = keyof typeof grains;

/** One call: metrics that share dimensions, grain and aggregation, so that none is asked for what it does not have. */
export interface MetricQuery {
  /** At most 20. */
  readonly names: readonly string[];
  readonly aggregation: Aggregation;
  readonly grain: Grain;
  /** Grains that are asked for, the newest settled one last. */
  readonly grainCount: number;
  /** Split by these; each metric of the call has them all. */
  readonly dimensions: readonly string[];
  /** Only where dimensions have these values; may name one that it is split by. */
  readonly where?: Readonly<Record<string, string>>;
}

/** Azure is still counting the youngest minutes. */
export const settlingMs = 5 * minute;
/** Azure splits into ten series unless told otherwise, and cuts without a word. */
export const topSeries = 1_000;

const byContainer = ['DatabaseName', 'CollectionName', 'Region'] as const;

const perMinute = { grain: 'PT1M', grainCount: 10, dimensions: byContainer } as const;
const fiveMinutes = { grain: 'PT1M', grainCount: 5 } as const;

/** Every question that is asked of Azure Monitor. */
export const metricQueries = {
  requestUnits: { ...perMinute, names: ['TotalRequestUnits'], aggregation: 'total' },
  requests: { ...perMinute, names: ['TotalRequests'], aggregation: 'count' },
  throttled: {
    ...perMinute,
    names: ['TotalRequests'],
    aggregation: 'count',
    where: { StatusCode: '429' },
  },
  normalized: { ...perMinute, names: ['NormalizedRUConsumption'], aggregation: 'maximum' },
  latency: {
    ...fiveMinutes,
    names: ['ServerSideLatencyDirect', 'ServerSideLatencyGateway'],
    aggregation: 'average',
    dimensions: [...byContainer, 'OperationType'],
  },
  latencyWeights: {
    ...fiveMinutes,
    names: ['TotalRequests'],
    aggregation: 'count',
    dimensions: [...byContainer, 'OperationType', 'ConnectionMode'],
  },
  replication: {
    names: ['ReplicationLatency'],
    aggregation: 'maximum',
    grain: 'PT1M',
    grainCount: 10,
    dimensions: ['SourceRegion', 'TargetRegion'],
  },
  partitions: {
    names: ['NormalizedRUConsumption'],
    aggregation: 'maximum',
    grain: 'PT5M',
    grainCount: 3,
    dimensions: [...byContainer, 'PartitionKeyRangeId'],
  },
  storage: {
    names: ['DataUsage', 'IndexUsage', 'DocumentCount'],
    aggregation: 'total',
    grain: 'PT5M',
    grainCount: 12,
    dimensions: byContainer,
  },
  availability: {
    names: ['ServiceAvailability'],
    aggregation: 'average',
    grain: 'PT1H',
    grainCount: 3,
    dimensions: [],
  },
} as const satisfies Readonly<Record<string, MetricQuery>>;

export type MetricQueryName = keyof typeof metricQueries;

/** The settled time a query covers at this moment: whole grains, Unix time in milliseconds, the end exclusive. */
export function spanOf(
  { grain, grainCount }: MetricQuery,
  nowMs: number,
): { readonly fromMs: number; readonly toMs: number } {
  const grainMs = grains[grain];
  const toMs = Math.floor((nowMs - settlingMs) / grainMs) * grainMs;
  return { fromMs: toMs - grainCount * grainMs, toMs };
}

/** The query as parameters of `GET …/providers/Microsoft.Insights/metrics`. */
export function parametersOf(query: MetricQuery, nowMs: number): Readonly<Record<string, string>> {
  const { fromMs, toMs } = spanOf(query, nowMs);
  const wanted = {
    ...Object.fromEntries(query.dimensions.map((dimension) => [dimension, '*'])),
    ...query.where,
  };
  const clauses = Object.entries(wanted).map(
    ([dimension, value]) => `${dimension} eq '${value.replaceAll("'", "''")}'`,
  );
  const filter = clauses.length === 0 ? {} : { $filter: clauses.join(' and '), top: String(topSeries) };
  return {
    'api-version': '2018-01-01',
    metricnamespace: 'Microsoft.DocumentDB/databaseAccounts',
    metricnames: query.names.join(','),
    aggregation: query.aggregation,
    interval: query.grain,
    timespan: `${new Date(fromMs).toISOString()}/${new Date(toMs).toISOString()}`,
    ...filter,
  };
}

/** One line of one metric. */
export interface MetricSeries {
  /** By name in lower case, as Azure writes them here. */
  readonly dimensions: ReadonlyMap<string, string>;
  /** Oldest first; a grain without a value is not here. */
  readonly points: readonly MetricPoint[];
}

export interface MetricPoint {
  /** When the grain began, Unix time in milliseconds. */
  readonly atMs: number;
  readonly value: number;
}

/** What Azure Monitor answered to one query. */
export interface MetricAnswer {
  /** By the name that was asked for; a metric that Azure said nothing of is not here. */
  readonly series: ReadonlyMap<string, readonly MetricSeries[]>;
  /** Metrics of which Azure gave as many series as were asked for at most, so that there may be more. */
  readonly cut: ReadonlySet<string>;
  /** Metrics with series that lack a dimension they were to be split by; those series are left out. */
  readonly unsplit: ReadonlySet<string>;
}

const pointSchema = z.looseObject({
  timeStamp: z.string(),
  total: z.number().nullish(),
  count: z.number().nullish(),
  average: z.number().nullish(),
  maximum: z.number().nullish(),
});
const seriesSchema = z.looseObject({
  metadatavalues: z
    .array(z.looseObject({ name: z.looseObject({ value: z.string() }), value: z.string() }))
    .nullish(),
  data: z.array(pointSchema).nullish(),
});
const answerSchema = z.looseObject({
  /** What the values are summed up over; Azure reserves the right to answer another grain than was asked for. */
  interval: z.string().nullish(),
  value: z.array(
    z.looseObject({
      id: z.string().optional(),
      // `localizedValue` is for people: it changes with the language.
      name: z.looseObject({ value: z.string() }),
      /** Anything but `Success`: this metric failed, though the call did not. */
      errorCode: z.string().nullish(),
      timeseries: z.array(seriesSchema).nullish(),
    }),
  ),
});

/** @throws {CollectError} `malformed` for what is no answer of Azure Monitor. */
export function parseAnswer(answer: unknown, query: MetricQuery, nowMs: number): MetricAnswer {
  const read = answerSchema.safeParse(answer);
  if (!read.success) {
    throw new CollectError(
      'malformed',
      `${query.names.join()}: Azure Monitor answered something else than metrics`,
    );
  }
  const grain = read.data.interval ?? query.grain;
  if (grain !== query.grain) {
    const text = `Azure Monitor answered values of ${grain} instead of ${query.grain}`;
    throw new CollectError('malformed', `${query.names.join()}: ${text}`);
  }
  const span = spanOf(query, nowMs);
  const series = new Map<string, readonly MetricSeries[]>();
  const cut = new Set<string>();
  const unsplit = new Set<string>();
  for (const metric of read.data.value) {
    const name = askedName(query.names, metric.name.value, metric.id);
    // No series of a metric that failed means unknown, and not that nothing happened.
    if (name === undefined || (metric.errorCode ?? 'Success').toLowerCase() !== 'success') continue;
    const lines = metric.timeseries ?? [];
    if (query.dimensions.length > 0 && lines.length >= topSeries) cut.add(name);
    const all = lines.map((line) => toSeries(line, query.aggregation, span));
    const whole = all.filter(({ dimensions }) =>
      query.dimensions.every((dimension) => dimensions.has(dimension.toLowerCase())),
    );
    if (whole.length < all.length) unsplit.add(name);
    series.set(name, whole);
  }
  return { series, cut, unsplit };
}

/** Several answers to one query, each about other series, as one. */
export function mergeAnswers(answers: readonly MetricAnswer[]): MetricAnswer {
  const series = new Map<string, readonly MetricSeries[]>();
  for (const answer of answers) {
    for (const [name, lines] of answer.series) series.set(name, [...(series.get(name) ?? []), ...lines]);
  }
  return {
    series,
    cut: new Set(answers.flatMap(({ cut }) => [...cut])),
    unsplit: new Set(answers.flatMap(({ unsplit }) => [...unsplit])),
  };
}

/** The name that was asked for: by `name.value`, or by the end of the id where that was translated too. */
function askedName(names: readonly string[], value: string, id: string | undefined): string | undefined {
  const given = [value, id?.split('/').at(-1)].map((text) => text?.toLowerCase());
  return names.find((name) => given.includes(name.toLowerCase()));
}

function toSeries(
  { metadatavalues, data }: z.infer<typeof seriesSchema>,
  aggregation: Aggregation,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): MetricSeries {
  const points = (data ?? []).flatMap((point) => {
    const value = point[aggregation];
    const atMs = Date.parse(point.timeStamp);
    if (typeof value !== 'number' || !(atMs >= fromMs && atMs < toMs)) return [];
    return [{ atMs, value }];
  });
  const dimensions = (metadatavalues ?? []).map(
    ({ name, value }) => [name.value.toLowerCase(), value] as const,
  );
  return { dimensions: new Map(dimensions), points: points.sort((a, b) => a.atMs - b.atMs) };
}
