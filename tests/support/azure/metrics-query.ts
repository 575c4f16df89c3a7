import type { AccountModel } from './account-model.ts';
import {
  type Aggregation,
  findDefinition,
  GRAIN_MS,
  METRIC_DEFINITIONS,
  type MetricDefinition,
} from './metric-definitions.ts';
import { type Observation, observe } from './metric-observations.ts';

/** What the double is told about the service's habits; may be changed while it runs. */
export interface MetricsSettings {
  /** Minutes younger than this have no values yet. Default 3 minutes. */
  ingestionDelayMs: number;
  /** Display names by metric name, for `localizedValue`: another language. Default English. */
  displayNames: Readonly<Record<string, string>>;
  /** `TotalRequests/Region`: dimensions that answers leave out although they were asked for. */
  missingDimensions: ReadonlySet<string>;
  /** Metrics this service does not know, though we do: one of them fails the whole call. */
  unknownMetrics: ReadonlySet<string>;
  /** Unix times in milliseconds of grains without values: gaps. */
  gaps: ReadonlySet<number>;
}

export interface MetricsQuery {
  readonly names: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  /** ISO 8601. */
  readonly interval: string;
  readonly aggregations: readonly Aggregation[];
  readonly filter: readonly DimensionFilter[];
  /** Only heeded with a filter, as by the service; default 10. */
  readonly top: number;
  /** `maximum desc` */
  readonly orderBy: string | undefined;
}

interface DimensionFilter {
  readonly dimension: string;
  /** Lower case; empty: `eq '*'`. */
  readonly values: readonly string[];
  readonly negated: boolean;
}

/** Answered with 400 and this message. */
export class BadQuery extends Error {
  override readonly name = 'BadQuery';
}

const MOST_NAMES = 20;
const DEFAULT_TOP = 10;
const HOUR_MS = 3_600_000;

/**
 * Reads the query of a metrics call: `timespan` of the classic one, `starttime` and `endtime` of the batch call.
 *
 * @throws {BadQuery} for what the service refuses.
 */
export function parseQuery(parameters: URLSearchParams, nowMs: number): MetricsQuery {
  const [from, to] = (parameters.get('timespan') ?? '').split('/');
  const top = Number(parameters.get('top') ?? parameters.get('$top') ?? DEFAULT_TOP);
  const query: MetricsQuery = {
    names: list(parameters.get('metricnames')),
    fromMs: instant(parameters.get('starttime') ?? from, nowMs - HOUR_MS),
    toMs: instant(parameters.get('endtime') ?? to, nowMs),
    interval: parameters.get('interval') ?? 'PT1M',
    aggregations: aggregations(list(parameters.get('aggregation'))),
    filter: parseFilter(parameters.get('$filter') ?? parameters.get('filter') ?? ''),
    top,
    orderBy: parameters.get('orderby') ?? undefined,
  };
  if (!Number.isInteger(top) || top < 1)
    throw new BadQuery(`Invalid value for query parameter 'top': ${top}`);
  if (query.names.length > MOST_NAMES) {
    throw new BadQuery(`Requested ${query.names.length} metric names, the maximum allowed is ${MOST_NAMES}`);
  }
  return query;
}

/**
 * The value of `value` in an answer: one entry for each metric.
 *
 * @throws {BadQuery} when one name, grain or dimension is wrong: the whole call fails then.
 */
export function answerQuery(
  account: AccountModel,
  query: MetricsQuery,
  settings: MetricsSettings,
  nowMs: number,
): readonly unknown[] {
  const definitions = query.names.map((name) => knownDefinition(name, settings));
  for (const definition of definitions) checkAgainst(definition, query);
  return definitions.map((definition) => ({
    id: `${account.resourceId}/providers/Microsoft.Insights/metrics/${definition.name}`,
    type: 'Microsoft.Insights/metrics',
    name: {
      value: definition.name,
      localizedValue: settings.displayNames[definition.name] ?? definition.displayName,
    },
    displayDescription: `${definition.displayName} (a double)`,
    unit: definition.unit,
    timeseries: timeseries(account, definition, query, settings, nowMs),
    errorCode: 'Success',
  }));
}

function knownDefinition(name: string, settings: MetricsSettings): MetricDefinition {
  const definition = findDefinition(name);
  if (definition !== undefined && !settings.unknownMetrics.has(definition.name)) return definition;
  const valid = METRIC_DEFINITIONS.filter((known) => !settings.unknownMetrics.has(known.name)).map(
    (known) => known.name,
  );
  throw new BadQuery(
    `Failed to find metric configuration for provider: Microsoft.DocumentDB, resource Type: databaseAccounts, metric: ${name}, Valid metrics: ${valid.join(',')}`,
  );
}

function checkAgainst(definition: MetricDefinition, query: MetricsQuery): void {
  if (!definition.grains.includes(query.interval)) {
    throw new BadQuery(
      `Detect invalid value: ${query.interval} for query parameter: 'interval', the value must be: ${definition.grains.join(',')} for metric: ${definition.name}`,
    );
  }
  const asked = query.filter.map(({ dimension }) => dimension);
  const known = definition.dimensions.map((dimension) => dimension.toLowerCase());
  if (asked.some((dimension) => !known.includes(dimension.toLowerCase()))) {
    throw new BadQuery(
      `Metric: ${definition.name} does not support requested dimension combination: ${asked.join(',').toLowerCase()}, supported ones are: ${definition.dimensions.join(',')}`,
    );
  }
}

interface Series {
  readonly labels: readonly (readonly [dimension: string, value: string])[];
  /** By index of the interval. */
  readonly slots: Map<number, Observation[]>;
}

function timeseries(
  account: AccountModel,
  definition: MetricDefinition,
  query: MetricsQuery,
  settings: MetricsSettings,
  nowMs: number,
): readonly unknown[] {
  const intervalMs = GRAIN_MS[query.interval] ?? HOUR_MS;
  const fromMs = Math.floor(query.fromMs / intervalMs) * intervalMs;
  const slots = Math.max(0, Math.ceil((query.toMs - fromMs) / intervalMs));
  const collected = collect(account, definition, query, settings, { fromMs, intervalMs, slots, nowMs });
  const rendered = [...collected.values()].map((series) => ({
    metadatavalues: series.labels
      .filter(([dimension]) => !settings.missingDimensions.has(`${definition.name}/${dimension}`))
      .map(([dimension, value]) => ({
        // The service writes the names of dimensions in lower case here, whatever case was asked for.
        name: { value: dimension.toLowerCase(), localizedValue: dimension.toLowerCase() },
        value,
      })),
    data: Array.from({ length: slots }, (_, index) => ({
      timeStamp: new Date(fromMs + index * intervalMs).toISOString().replace('.000Z', 'Z'),
      ...aggregate(series.slots.get(index) ?? [], definition, query.aggregations),
    })),
  }));
  const ordered = query.orderBy === undefined ? rendered : order(rendered, query.orderBy);
  // Cut without a word, which is what a reader has to detect.
  return query.filter.length === 0 ? ordered : ordered.slice(0, query.top);
}

interface Span {
  readonly fromMs: number;
  readonly intervalMs: number;
  readonly slots: number;
  readonly nowMs: number;
}

function collect(
  account: AccountModel,
  definition: MetricDefinition,
  query: MetricsQuery,
  settings: MetricsSettings,
  span: Span,
): ReadonlyMap<string, Series> {
  const grainMs = GRAIN_MS[definition.grains[0] ?? ''] ?? HOUR_MS;
  const filter = query.filter.map((clause) => ({
    ...clause,
    dimension: canonical(definition, clause.dimension),
  }));
  const found = new Map<string, Series>();
  const endMs = span.fromMs + span.slots * span.intervalMs;
  for (let atMs = span.fromMs; atMs < endMs; atMs += grainMs) {
    if (atMs + grainMs > span.nowMs - settings.ingestionDelayMs || settings.gaps.has(atMs)) continue;
    for (const observation of observe(account, definition.name, atMs, grainMs)) {
      if (!passes(observation, filter)) continue;
      const labels = filter.map(
        ({ dimension }) => [dimension, observation.dimensions[dimension] ?? '<empty>'] as const,
      );
      const key = labels.map(([, value]) => value).join('\n');
      const series = found.get(key) ?? { labels, slots: new Map<number, Observation[]>() };
      found.set(key, series);
      const slot = Math.floor((atMs - span.fromMs) / span.intervalMs);
      const observations = series.slots.get(slot);
      if (observations === undefined) series.slots.set(slot, [observation]);
      else observations.push(observation);
    }
  }
  return found;
}

function passes(observation: Observation, filter: readonly DimensionFilter[]): boolean {
  return filter.every(({ dimension, values, negated }) => {
    if (values.length === 0) return true;
    return values.includes((observation.dimensions[dimension] ?? '').toLowerCase()) !== negated;
  });
}

/** What a point says; nothing where there is no observation, or where the metric does not have the aggregation. */
function aggregate(
  observations: readonly Observation[],
  definition: MetricDefinition,
  asked: readonly Aggregation[],
): Readonly<Record<string, number>> {
  if (observations.length === 0) return {};
  const total = observations.reduce((sum, { total: value }) => sum + value, 0);
  const count = observations.reduce((sum, { count: value }) => sum + value, 0);
  const values: Readonly<Record<Aggregation, number>> = {
    Total: total,
    Count: count,
    Average: count === 0 ? 0 : total / count,
    Minimum: Math.min(...observations.map(({ minimum }) => minimum)),
    Maximum: Math.max(...observations.map(({ maximum }) => maximum)),
  };
  const wanted = asked.length > 0 ? asked : definition.aggregations.slice(0, 1);
  return Object.fromEntries(
    wanted
      .filter((aggregation) => definition.aggregations.includes(aggregation))
      .map((aggregation) => [aggregation.toLowerCase(), values[aggregation]]),
  );
}

interface Rendered {
  readonly data: readonly object[];
}

function order<T extends Rendered>(rendered: readonly T[], orderBy: string): readonly T[] {
  const [aggregation = '', direction] = orderBy.toLowerCase().split(' ');
  const peak = ({ data }: T): number =>
    Math.max(0, ...data.map((point) => Number(new Map(Object.entries(point)).get(aggregation) ?? 0)));
  const sign = direction === 'asc' ? 1 : -1;
  return rendered.toSorted((a, b) => sign * (peak(a) - peak(b)));
}

/** `A eq '*' and (B eq 'x' or B eq 'y') and C ne 'z'` */
function parseFilter(text: string): readonly DimensionFilter[] {
  if (text.trim() === '') return [];
  return text.split(/ and /i).map((clause) => {
    const terms = clause
      .trim()
      .replaceAll(/^\(|\)$/g, '')
      .split(/ or /i)
      .map((term) => /^\s*([\w./]+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*$/i.exec(term));
    const first = terms[0];
    if (!first || terms.some((term) => term === null || term[1] !== first[1])) {
      throw new BadQuery(`Invalid filter clause: ${clause}`);
    }
    const values = terms.map((term) => (term?.[3] ?? '').replaceAll("''", "'").toLowerCase());
    return {
      dimension: first[1] ?? '',
      values: values.includes('*') ? [] : values,
      negated: first[2]?.toLowerCase() === 'ne',
    };
  });
}

function aggregations(names: readonly string[]): readonly Aggregation[] {
  const known: readonly Aggregation[] = ['Total', 'Count', 'Average', 'Minimum', 'Maximum'];
  return names.map((name) => {
    const found = known.find((aggregation) => aggregation.toLowerCase() === name.toLowerCase());
    if (found === undefined) throw new BadQuery(`Invalid aggregation: ${name}`);
    return found;
  });
}

function canonical(definition: MetricDefinition, dimension: string): string {
  return definition.dimensions.find((known) => known.toLowerCase() === dimension.toLowerCase()) ?? dimension;
}

function list(text: string | null): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function instant(text: string | undefined, fallbackMs: number): number {
  if (text === undefined || text === '') return fallbackMs;
  const unixMs = Date.parse(text);
  if (Number.isNaN(unixMs)) throw new BadQuery(`Invalid time: ${text}`);
  return unixMs;
}
