import { CollectError } from '../../../src/sdk.ts';
import type { ArmClient } from '../arm-client.ts';
import { readSettings } from '../arm-throughput.ts';
import { type MetricAnswer, type MetricQuery, metricQueries, settlingMs } from '../metric-query.ts';
import { consumedMinutes } from '../minutes.ts';
import type { Monitor } from '../monitor.ts';
import { placeKey, type Spelling } from '../place.ts';
import { type ThroughputReading, type ThroughputSettings, utilizations } from '../throughput-book.ts';
import { type AccountNow, apiOf, armVersion } from './access.ts';
import { type Owner, ownerPath } from './owner.ts';
import { hottestOf, type PartitionHeat } from './partition-heat.ts';

/** What one region consumed, minute by minute. */
export interface RegionMinutes {
  readonly region: string;
  /** RU/s of each minute that is known, oldest first. */
  readonly perSecond: readonly number[];
}

/** Seven days of one container, or of the containers that share the throughput of a database. */
export interface ConsumptionWeek {
  readonly regions: readonly RegionMinutes[];
  /** Minutes of the seven days. */
  readonly minutes: number;
  /** The oldest minute of which anything is known, Unix time in milliseconds; undefined without any. */
  readonly sinceMs: number | undefined;
  /** The end of the seven days. */
  readonly untilMs: number;
  /** Requests that were refused (429), all regions together; undefined where Azure does not say. */
  readonly throttled: number | undefined;
  /** How evenly partitions were used over the last day, by container and region, the hottest first; undefined where that is not known. */
  readonly heats: readonly PartitionHeat[] | undefined;
}

export interface WeekReader {
  readonly arm: ArmClient;
  readonly monitor: Monitor;
  readonly spelling: Spelling;
  readonly account: AccountNow;
  /** Unix time in milliseconds. */
  readonly nowMs: number;
}

const minuteMs = 60_000;
const partMinutes = 720;
const weekMinutes = 7 * 1_440;

/** Asks Azure Monitor for every settled minute of the last seven days, half a day at a time: 43 reads. */
export async function readWeek(
  reader: WeekReader,
  settings: ThroughputSettings,
  signal: AbortSignal,
): Promise<ConsumptionWeek> {
  const reading = await readingOf(reader, settings, signal);
  const regions = new Map<string, number[]>();
  const untilMs = Math.floor((reader.nowMs - settlingMs) / minuteMs) * minuteMs;
  let sinceMs: number | undefined;
  let throttled: number | undefined = 0;
  for (let left = weekMinutes; left > 0; left -= partMinutes) {
    const endMs = untilMs - (left - partMinutes) * minuteMs;
    const ask = askUntil(reader, settings, endMs, signal);
    const units = await ask(metricQueries.requestUnits);
    const normalized = await ask(metricQueries.normalized);
    throttled = add(throttled, countOf(await ask(metricQueries.throttled)));
    for (const { atMs, values, isWhole } of consumedMinutes({ units, normalized }, reader.spelling)) {
      const rates = values.map((placed) => ({ ...placed, value: placed.value / 60 }));
      const own = utilizations(rates, reading, isWhole).filter(
        ({ container }) => container === settings.container,
      );
      if (own.length > 0) sinceMs ??= atMs;
      for (const { region, value } of own) {
        const minutes = regions.get(region) ?? [];
        regions.set(region, minutes);
        minutes.push(value * settings.perSecond);
      }
    }
  }
  return {
    regions: [...regions].map(([region, perSecond]) => ({ region, perSecond })),
    minutes: weekMinutes,
    sinceMs,
    untilMs,
    throttled,
    heats: await readHeats(reader, settings, signal),
  };
}

type Ask = (query: MetricQuery) => Promise<MetricAnswer>;

function askUntil(
  { monitor }: WeekReader,
  owner: Owner,
  endMs: number,
  signal: AbortSignal,
  grainCount = partMinutes,
): Ask {
  return (query) =>
    monitor.query(
      { ...query, grainCount, where: { ...query.where, ...conditionOf(owner) } },
      endMs + settlingMs,
      'deferrable',
      signal,
    );
}

function conditionOf({ database, container }: Owner): Readonly<Record<string, string>> {
  return { DatabaseName: database, ...(container === '' ? {} : { CollectionName: container }) };
}

/** What `utilizations` has to know: of a shared database which containers share, so that no other's consumption counts. */
async function readingOf(
  { arm, account }: WeekReader,
  settings: ThroughputSettings,
  signal: AbortSignal,
): Promise<ThroughputReading> {
  const { database, container } = settings;
  if (container !== '') return { settings: [settings], sharing: new Set() };
  const api = apiOf(account.facts);
  const path = `${ownerPath(api, { database, container: '' })}/${api.containers}`;
  const request = {
    path,
    query: { 'api-version': armVersion },
    what: 'list of containers',
    urgency: 'deferrable',
  } as const;
  const { items, isCut } = await arm.list(request, signal);
  if (isCut) throw new CollectError('unsupported', 'the database has more containers than are looked at');
  const containers = items.flatMap((item) =>
    typeof item === 'object' && item !== null && 'name' in item ? [String(item.name)] : [],
  );
  const inventory = { databases: [{ name: database, containers }], left: 0 };
  const fail = (_subject: string, error: CollectError): never => {
    throw error;
  };
  return readSettings(arm, api, inventory, fail, signal);
}

/** 0 only where Azure knows the metric and says nothing of refusals. */
function countOf({ series, cut, unsplit }: MetricAnswer): number | undefined {
  const lines = series.get('TotalRequests');
  if (lines === undefined || cut.size > 0 || unsplit.size > 0) return undefined;
  return lines.flatMap(({ points }) => points).reduce((sum, { value }) => sum + value, 0);
}

function add(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other;
}

const heatGrains = 288;

/** Of the last day, by maxima of 5 minutes: the key that is hot now is what matters. */
async function readHeats(
  reader: WeekReader,
  owner: Owner,
  signal: AbortSignal,
): Promise<readonly PartitionHeat[] | undefined> {
  const ask = askUntil(reader, owner, reader.nowMs - settlingMs, signal, heatGrains);
  const { series, cut, unsplit } = await ask(metricQueries.partitions);
  const lines = series.get('NormalizedRUConsumption');
  if (lines === undefined || lines.length === 0 || cut.size > 0 || unsplit.size > 0) return undefined;
  const places = Map.groupBy(
    lines.filter(({ points }) => points.length > 0),
    ({ dimensions }) => placeKey(reader.spelling.place(dimensions)),
  );
  const heats = [...places.values()].map((group) =>
    hottestOf(
      group.map(({ dimensions, points }) => ({
        partition: dimensions.get('partitionkeyrangeid') ?? '',
        shares: points.map(({ value }) => value / 100),
      })),
      reader.spelling.place(group[0]?.dimensions ?? new Map()),
    ),
  );
  return heats.toSorted((one, other) => other.hottest - one.hottest);
}
