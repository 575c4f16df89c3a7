import type { MetricPoint } from './metric-query.ts';
import type { CosmosdbContext } from './metrics.ts';
import type { Monitor } from './monitor.ts';
import { type Place, placeKey, type Spelling } from './place.ts';

/** Utilisation of one partition, 0 to 1 (a little more is possible), by grain. */
export interface PartitionUse {
  readonly partition: string;
  readonly points: readonly MetricPoint[];
}

export interface Skew {
  readonly hottest: string;
  /** The highest utilisation in the time looked at. */
  readonly peak: number;
  readonly median: number;
  /** `peak / median`; undefined when the median is 0 or there is a single partition. */
  readonly skew: number | undefined;
  /** The same partition was the busiest, and far above the median, at every grain. */
  readonly isLasting: boolean;
}

/** A partition this much busier than the median one is hot, when it is also this full. */
const hotSkew = 2;
const hotUse = 0.7;
const mostPlaces = 200;
const rowsPerPlace = 5;

/** How evenly the partitions of each container are used. */
export async function readPartitions(
  input: { readonly monitor: Monitor; readonly spelling: Spelling; readonly maxContainers: number },
  context: CosmosdbContext,
): Promise<void> {
  const answer = await input.monitor.ask('partitions', context, 'deferrable');
  const places = new Map<string, { readonly place: Place; readonly uses: PartitionUse[] }>();
  for (const { dimensions, points } of answer.series.get('NormalizedRUConsumption') ?? []) {
    if (points.length === 0) continue;
    const place = input.spelling.place(dimensions);
    const entry = places.get(placeKey(place)) ?? { place, uses: [] };
    const shares = points.map(({ atMs, value }) => ({ atMs, value: value / 100 }));
    entry.uses.push({ partition: dimensions.get('partitionkeyrangeid') ?? '', points: shares });
    places.set(placeKey(place), entry);
  }
  // A container some of whose partitions were cut off has a median that nobody knows.
  if (answer.cut.size > 0) return;
  const ranked = [...places.values()]
    .map(({ place, uses }) => ({ place, uses, skew: skewOf(uses) }))
    .sort((a, b) => (b.skew?.peak ?? 0) - (a.skew?.peak ?? 0));
  const most = Math.min(input.maxContainers, mostPlaces);
  context.truncate(ranked.length - most);
  for (const { place, uses, skew } of ranked.slice(0, most)) {
    context.record('partitionRanges', uses.length, { ...place });
    context.record('partitionSkew', skew?.skew, { ...place });
    context.record('hottestPartitionRatio', skew?.peak, { ...place });
    if (skew !== undefined) tell(place, uses, skew, context);
  }
}

/** How one partition stands out; undefined without values. */
export function skewOf(uses: readonly PartitionUse[]): Skew | undefined {
  const peaks = uses
    .map(({ partition, points }) => ({ partition, peak: Math.max(...points.map(({ value }) => value)) }))
    .sort((a, b) => b.peak - a.peak);
  const [hottest] = peaks;
  if (hottest === undefined || !Number.isFinite(hottest.peak)) return undefined;
  const median = medianOf(peaks.map(({ peak }) => peak));
  const isComparable = peaks.length > 1 && median > 0;
  return {
    hottest: hottest.partition,
    peak: hottest.peak,
    median,
    skew: isComparable ? hottest.peak / median : undefined,
    isLasting: uses.length > 1 && isLasting(uses, hottest.partition),
  };
}

/** Whether this partition stands out at each of at least two grains. */
function isLasting(uses: readonly PartitionUse[], partition: string): boolean {
  const grains = [...new Set(uses.flatMap(({ points }) => points.map(({ atMs }) => atMs)))];
  if (grains.length < 2) return false;
  return grains.every((atMs) => {
    const values = uses.map((use) => ({
      partition: use.partition,
      value: use.points.find((point) => point.atMs === atMs)?.value ?? 0,
    }));
    const own = values.find((each) => each.partition === partition)?.value ?? 0;
    return own > 0 && own >= hotSkew * medianOf(values.map(({ value }) => value));
  });
}

function tell(place: Place, uses: readonly PartitionUse[], skew: Skew, context: CosmosdbContext): void {
  const name = [place.database, place.container].filter((part) => part !== '').join('/');
  context.detail(
    'partitions',
    uses
      .map(({ partition, points }) => ({ partition, peak: Math.max(...points.map(({ value }) => value)) }))
      .sort((a, b) => b.peak - a.peak)
      .slice(0, rowsPerPlace)
      .map(({ partition, peak }) => ({ ...place, partition, peak, skew: skew.skew ?? null })),
  );
  if (!skew.isLasting || skew.peak < hotUse) return;
  context.find({
    code: 'hot_partition',
    severity: 'warning',
    subject: `${name} in ${place.region}`,
    message: `partition ${skew.hottest} of ${name} reaches ${percent(skew.peak)} of its throughput while the median partition reaches ${percent(skew.median)}`,
    remedy:
      '-- choose a partition key with more, and more evenly used, values; more throughput helps only by the part this partition gets',
  });
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
