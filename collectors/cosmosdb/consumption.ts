import { ratio } from '../../src/sdk.ts';
import type { MetricAnswer, MetricQueryName } from './metric-query.ts';
import type { CosmosdbContext } from './metrics.ts';
import { type ConsumptionAnswers, type Minute, minuteAt, newestMinute, withIdle } from './minutes.ts';
import type { Monitor } from './monitor.ts';
import { type Place, type PlacedValue, placeKey, type Spelling, sumByPlace } from './place.ts';
import type { Settling } from './settling.ts';
import { containerKey, ownerOf, type ThroughputReading, utilizations } from './throughput-book.ts';

export interface ConsumptionInput {
  readonly monitor: Monitor;
  readonly spelling: Spelling;
  /** Undefined while it is not known, and for a serverless account. */
  readonly throughput: ThroughputReading | undefined;
  readonly serverless: boolean;
  readonly settling: Settling;
  readonly maxContainers: number;
}

/** What was read, for what is computed from it. */
export interface ConsumptionReading {
  readonly answers: ConsumptionAnswers;
  /** Containers by what they consumed, most first, as `containerKey`. */
  readonly ranked: readonly string[];
  /** Whether a container is one of those that are told apart. */
  readonly has: (place: Place) => boolean;
}

/** Request units, requests and throttling of the newest settled minute, and utilisation. */
export async function readConsumption(
  input: ConsumptionInput,
  context: CosmosdbContext,
): Promise<ConsumptionReading> {
  const { monitor, spelling } = input;
  const units = await monitor.ask('requestUnits', context, 'essential');
  input.settling.add(units.series.get('TotalRequestUnits') ?? []);
  const requests = await askAlone('requests', monitor, context);
  const throttled = await askAlone('throttled', monitor, context);
  // Without provisioned throughput there is nothing to be normalised to.
  const normalized = input.serverless ? nothing : await askAlone('normalized', monitor, context);

  const busiest = newestMinute(normalized, 'NormalizedRUConsumption', spelling, Math.max);
  const consumed = withIdle(latestConsumption(units, busiest, spelling), busiest);
  const shown = largest(consumed.values, input.maxContainers, context);
  if (consumed.atMs !== undefined) context.record('consumedMinute', consumed.atMs / 1_000, {});
  for (const { value, ...place } of shown.values) context.record('requestUnitsPerSecond', value / 60, place);
  recordUtilization(consumed, input, shown, context);

  const asked =
    consumed.atMs === undefined
      ? newestMinute(requests, 'TotalRequests', spelling)
      : minuteAt(requests, 'TotalRequests', spelling, consumed.atMs);
  const refused = minuteAt(throttled, 'TotalRequests', spelling, asked.atMs);
  recordThrottling(asked, refused, shown, context);
  recordThrottledThroughput(asked, refused, input, context);

  for (const { value, ...place } of busiest.values) {
    if (shown.has(place)) context.record('normalizedRatio', value / 100, place);
  }
  return { answers: { units, normalized }, ranked: shown.ranked, has: (place) => shown.has(place) };
}

const nothing: MetricAnswer = { series: new Map(), cut: new Set(), unsplit: new Set() };

/** A question whose failure leaves the others their answers. */
async function askAlone(
  name: MetricQueryName,
  monitor: Monitor,
  context: CosmosdbContext,
): Promise<MetricAnswer> {
  let answer = nothing;
  await context.attempt(name, async (inner) => {
    answer = await monitor.ask(name, inner, 'essential');
  });
  return answer;
}

/** Containers that are told apart. */
interface Shown {
  readonly values: readonly PlacedValue[];
  /** All of them, most first. */
  readonly ranked: readonly string[];
  has(place: Place): boolean;
}

function recordUtilization(
  consumed: Minute,
  input: ConsumptionInput,
  shown: Shown,
  context: CosmosdbContext,
): void {
  if (input.throughput === undefined) return;
  const rates = consumed.values.map((placed) => ({ ...placed, value: placed.value / 60 }));
  for (const { value, ...place } of utilizations(rates, input.throughput, consumed.isWhole)) {
    if (place.container === '' || shown.has(place)) context.record('utilizationRatio', value, place, 1);
  }
}

function recordThrottling(asked: Minute, throttled: Minute, shown: Shown, context: CosmosdbContext): void {
  const refused = new Map(throttled.values.map((placed) => [placeKey(placed), placed.value]));
  for (const { value: requests, ...place } of asked.values) {
    if (!shown.has(place)) continue;
    context.record('requestsPerSecond', requests / 60, place);
    // Azure has a series for a status only where there was one; a series that was cut off is not known to be none.
    const count = refused.get(placeKey(place)) ?? (throttled.isWhole ? 0 : undefined);
    if (count === undefined) continue;
    context.record('throttledPerSecond', count / 60, place);
    context.record('throttledRatio', ratio(count, requests), place, requests);
  }
}

/** The same by whose throughput did not suffice, which is what a change of throughput would mend. */
function recordThrottledThroughput(
  asked: Minute,
  throttled: Minute,
  { throughput }: ConsumptionInput,
  context: CosmosdbContext,
): void {
  if (throughput === undefined || !asked.isWhole || !throttled.isWhole) return;
  const byOwner = ({ values }: Minute): readonly PlacedValue[] =>
    sumByPlace(values.flatMap((placed) => ownerOf(placed, throughput) ?? []));
  const refused = new Map(byOwner(throttled).map((placed) => [placeKey(placed), placed.value]));
  for (const { value: requests, ...place } of byOwner(asked)) {
    const count = refused.get(placeKey(place)) ?? 0;
    context.record('throttledThroughputRatio', ratio(count, requests), place, requests);
  }
}

/** The newest minute with consumption, or a newer one in which Azure says that every partition was idle: what stopped is not told on. */
function latestConsumption(units: MetricAnswer, busiest: Minute, spelling: Spelling): Minute {
  const newest = newestMinute(units, 'TotalRequestUnits', spelling);
  const isIdleSince =
    busiest.isWhole &&
    newest.atMs !== undefined &&
    (busiest.atMs ?? newest.atMs) > newest.atMs &&
    busiest.values.every(({ value }) => value === 0);
  return isIdleSince ? minuteAt(units, 'TotalRequestUnits', spelling, busiest.atMs) : newest;
}

/** The containers that consumed most, each in all its regions. */
function largest(values: readonly PlacedValue[], maxContainers: number, context: CosmosdbContext): Shown {
  const byContainer = new Map<string, number>();
  const nameOf = ({ database, container }: Place): string => containerKey(database, container);
  for (const placed of values) {
    byContainer.set(nameOf(placed), (byContainer.get(nameOf(placed)) ?? 0) + placed.value);
  }
  const ranked = [...byContainer].sort(([, a], [, b]) => b - a);
  const kept = new Set(ranked.slice(0, maxContainers).map(([name]) => name));
  context.truncate(ranked.length - kept.size);
  const isCapped = ranked.length > kept.size;
  return {
    values: values.filter((placed) => kept.has(nameOf(placed))),
    ranked: ranked.map(([name]) => name),
    // What took no request units may still have been refused or busy: it is shown while there is room.
    has: (place) => !isCapped || kept.has(nameOf(place)),
  };
}
