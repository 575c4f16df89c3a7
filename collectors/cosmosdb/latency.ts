import type { Target } from '../../src/sdk.ts';
import type { MetricAnswer, MetricSeries } from './metric-query.ts';
import type { CosmosdbContext } from './metrics.ts';
import type { Monitor } from './monitor.ts';
import type { Place, Spelling } from './place.ts';

/** The connection modes, and the metric that has the latency of each. */
const modes = [
  { mode: 'direct', metric: 'ServerSideLatencyDirect' },
  { mode: 'gateway', metric: 'ServerSideLatencyGateway' },
] as const;

/** Requests of one minute that had one average latency. */
export interface LatencyCell {
  readonly seconds: number;
  readonly requests: number;
}

interface PlacedCell extends LatencyCell {
  readonly place: Place;
  readonly mode: string;
}

/** Settled minutes that latency is taken over: the window of the objective for a target of this workload, at most an hour. */
export function latencyMinutes({ workload, windowsMs }: Pick<Target, 'workload' | 'windowsMs'>): number {
  const [objective, minutes] =
    workload === 'olap' ? (['olap_query_seconds', 60] as const) : (['oltp_query_seconds', 5] as const);
  const windowMs = windowsMs[objective];
  return windowMs === undefined ? minutes : Math.min(60, Math.max(1, Math.round(windowMs / 60_000)));
}

/** Server-side latency of so many of the newest settled minutes. */
export async function readLatency(
  input: {
    readonly monitor: Monitor;
    readonly spelling: Spelling;
    readonly maxContainers: number;
    readonly minutes: number;
  },
  context: CosmosdbContext,
): Promise<void> {
  const latencies = await input.monitor.ask('latency', context, 'essential', input.minutes);
  const weights = await input.monitor.ask('latencyWeights', context, 'essential', input.minutes);
  // What was cut off may be the slow half of any container.
  if (latencies.cut.size > 0 || weights.cut.size > 0) return;
  const cells = busiestContainers(cellsOf(latencies, weights, input.spelling), input.maxContainers, context);
  for (const [first, ...rest] of groupBy(cells, ({ place, mode }) => JSON.stringify([place, mode]))) {
    const all = [first, ...rest];
    const labels = { ...first.place, connection_mode: first.mode };
    context.record('latencySeconds', weightedMean(all), labels, requestsOf(all));
  }
  const isPartial = withUnknownMode(latencies, weights, input.spelling);
  for (const [first, ...rest] of groupBy(cells, ({ place }) => containerOf(place))) {
    if (isPartial.has(containerOf(first.place))) continue;
    const all = [first, ...rest];
    const { database, container } = first.place;
    context.record(
      'latencyP95Seconds',
      weightedPercentile(all, 0.95),
      { database, container },
      requestsOf(all),
    );
  }
}

/** The average over all requests; undefined without any. */
export function weightedMean(cells: readonly LatencyCell[]): number | undefined {
  const requests = requestsOf(cells);
  if (requests <= 0) return undefined;
  return cells.reduce((sum, cell) => sum + cell.seconds * cell.requests, 0) / requests;
}

/** The least latency that at least this part of the requests stays within; undefined without any request. */
export function weightedPercentile(cells: readonly LatencyCell[], part: number): number | undefined {
  const requests = requestsOf(cells);
  if (requests <= 0) return undefined;
  let seen = 0;
  for (const cell of cells.toSorted((a, b) => a.seconds - b.seconds)) {
    seen += cell.requests;
    if (seen >= part * requests) return cell.seconds;
  }
  return undefined;
}

/** Containers with requests by a connection mode whose latency Azure did not give: the slow ones may be among them. */
export function withUnknownMode(
  latencies: MetricAnswer,
  weights: MetricAnswer,
  spelling: Spelling,
): ReadonlySet<string> {
  const unknown = modes.filter(
    ({ metric }) => !latencies.series.has(metric) || latencies.unsplit.has(metric),
  );
  const lines = (weights.series.get('TotalRequests') ?? []).filter(
    ({ dimensions, points }) =>
      unknown.some(({ mode }) => mode === dimensions.get('connectionmode')?.toLowerCase()) &&
      points.some(({ value }) => value > 0),
  );
  return new Set(lines.map(({ dimensions }) => containerOf(spelling.place(dimensions))));
}

/** Each minute of each series of latency, with the requests behind it; without requests it has no weight and is left out. */
function cellsOf(latencies: MetricAnswer, weights: MetricAnswer, spelling: Spelling): readonly PlacedCell[] {
  const requests = new Map<string, number>();
  for (const series of weights.series.get('TotalRequests') ?? []) {
    const mode = series.dimensions.get('connectionmode')?.toLowerCase() ?? '';
    for (const { atMs, value } of series.points) {
      const key = cellKey(series, mode, atMs, spelling);
      requests.set(key, (requests.get(key) ?? 0) + value);
    }
  }
  return modes.flatMap(({ mode, metric }) =>
    (latencies.series.get(metric) ?? []).flatMap((series) =>
      series.points.flatMap(({ atMs, value }) => {
        const count = requests.get(cellKey(series, mode, atMs, spelling)) ?? 0;
        if (count <= 0) return [];
        return [{ place: spelling.place(series.dimensions), mode, seconds: value / 1_000, requests: count }];
      }),
    ),
  );
}

function cellKey({ dimensions }: MetricSeries, mode: string, atMs: number, spelling: Spelling): string {
  return JSON.stringify([spelling.place(dimensions), dimensions.get('operationtype') ?? '', mode, atMs]);
}

function busiestContainers(
  cells: readonly PlacedCell[],
  maxContainers: number,
  context: CosmosdbContext,
): readonly PlacedCell[] {
  const groups = groupBy(cells, ({ place }) => containerOf(place));
  context.truncate(groups.length - maxContainers);
  return groups
    .sort((a, b) => requestsOf(b) - requestsOf(a))
    .slice(0, maxContainers)
    .flat();
}

function containerOf({ database, container }: Place): string {
  return JSON.stringify([database, container]);
}

function requestsOf(cells: readonly LatencyCell[]): number {
  return cells.reduce((sum, cell) => sum + cell.requests, 0);
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): [T, ...T[]][] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
