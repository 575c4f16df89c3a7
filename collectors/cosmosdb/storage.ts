import type { MetricAnswer, MetricPoint, MetricSeries } from './metric-query.ts';
import type { CosmosdbContext } from './metrics.ts';
import type { Monitor } from './monitor.ts';
import { type Place, type PlacedValue, placeKey, type Spelling, sumByPlace } from './place.ts';

/** Size of a container in a region; what is not known is undefined. */
export interface ContainerSize extends Place {
  readonly dataBytes: number | undefined;
  readonly indexBytes: number | undefined;
  readonly documents: number | undefined;
}

/** Documents, data and indexes as Azure Monitor has them. */
export async function readStorage(
  input: { readonly monitor: Monitor; readonly spelling: Spelling; readonly maxContainers: number },
  context: CosmosdbContext,
): Promise<void> {
  const answer = await input.monitor.ask('storage', context, 'deferrable');
  const sizes = sizesOf(answer, input.spelling);
  const isWhole = ['DataUsage', 'IndexUsage'].every(
    (name) => answer.series.has(name) && !answer.cut.has(name) && !answer.unsplit.has(name),
  );
  recordSizes(sizes, { isWhole, maxContainers: input.maxContainers }, context);
}

/**
 * Sizes at the newest time of which all metrics tell: a container that was deleted has values from before for an hour. One whose values
 * ended just before that time was deleted or is late; it is there with unknown sizes, and the size of its database is unknown too.
 */
export function sizesOf({ series }: MetricAnswer, spelling: Spelling): readonly ContainerSize[] {
  const placed = metrics.map((metric) => placedPoints(series.get(metric) ?? [], spelling));
  const newest = placed.filter((points) => points.length > 0).map((points) => newestOf(points));
  if (newest.length === 0) return [];
  const atMs = Math.min(...newest);
  const beforeMs = newestOf(placed.flat().filter((point) => point.atMs < atMs));
  const [data, index, documents] = placed.map((points) => at(points, atMs));
  const places = new Map<string, Place>();
  for (const { database, container, region, ...point } of placed.flat()) {
    const place = { database, container, region };
    if (point.atMs === atMs || point.atMs === beforeMs) places.set(placeKey(place), place);
  }
  return [...places].map(([key, place]) => ({
    ...place,
    dataBytes: data?.get(key)?.value,
    indexBytes: index?.get(key)?.value,
    documents: documents?.get(key)?.value,
  }));
}

/** Records the largest containers, and what whole databases take; that is unknown when a container of it may be missing. */
export function recordSizes(
  sizes: readonly ContainerSize[],
  { isWhole, maxContainers }: { readonly isWhole: boolean; readonly maxContainers: number },
  context: CosmosdbContext,
): void {
  const ranked = sizes.toSorted((a, b) => bytesOf(b) - bytesOf(a));
  const kept = new Set<string>();
  const nameOf = ({ database, container }: Place): string => JSON.stringify([database, container]);
  for (const size of ranked) if (kept.size < maxContainers) kept.add(nameOf(size));
  const left = ranked.filter((size) => !kept.has(nameOf(size)));
  context.truncate(new Set(left.map(nameOf)).size);
  for (const { dataBytes, indexBytes, documents, ...place } of ranked) {
    if (!kept.has(nameOf(place))) continue;
    context.record('dataBytes', dataBytes, place);
    context.record('indexBytes', indexBytes, place);
    context.record('documents', documents, place);
  }
  if (!isWhole) return;
  for (const [database, bytes] of databaseBytes(sizes)) context.record('storageBytes', bytes, { database });
}

/**
 * Data and indexes of each database, in the region where they are largest: regions hold copies of each other. A database is left out
 * when one of its containers has no size.
 */
export function databaseBytes(sizes: readonly ContainerSize[]): ReadonlyMap<string, number> {
  const byRegion = new Map<string, Map<string, number>>();
  for (const size of sizes) {
    const regions = byRegion.get(size.database) ?? new Map<string, number>();
    // Not a number stays not a number: the sum is unknown then.
    const bytes = (size.dataBytes ?? Number.NaN) + (size.indexBytes ?? Number.NaN);
    regions.set(size.region, (regions.get(size.region) ?? 0) + bytes);
    byRegion.set(size.database, regions);
  }
  const whole = [...byRegion].map(
    ([database, regions]) => [database, Math.max(...regions.values())] as const,
  );
  return new Map(whole.filter(([database, bytes]) => database !== '' && Number.isFinite(bytes)));
}

function bytesOf({ dataBytes = 0, indexBytes = 0 }: ContainerSize): number {
  return dataBytes + indexBytes;
}

const metrics = ['DataUsage', 'IndexUsage', 'DocumentCount'] as const;

type PlacedPoint = PlacedValue & MetricPoint;

function placedPoints(series: readonly MetricSeries[], spelling: Spelling): readonly PlacedPoint[] {
  return series.flatMap(({ dimensions, points }) => {
    const place = spelling.place(dimensions);
    return points.map((point) => ({ ...place, ...point }));
  });
}

/** Minus infinity without any. */
function newestOf(points: readonly MetricPoint[]): number {
  return points.reduce((newest, { atMs }) => Math.max(newest, atMs), Number.NEGATIVE_INFINITY);
}

function at(points: readonly PlacedPoint[], atMs: number): ReadonlyMap<string, PlacedValue> {
  const then = points.filter((point) => point.atMs === atMs);
  return new Map(sumByPlace(then).map((each) => [placeKey(each), each]));
}
