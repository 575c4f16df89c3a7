/** How much throughput is right, from the distribution of what was consumed. Pure. */

import type { Refusal } from '../../../src/sdk.ts';
import type { CosmosdbOptions } from '../config.ts';
import type { ThroughputSettings } from '../throughput-book.ts';
import type { ConsumptionWeek } from './consumption-week.ts';
import { ownerSubject } from './owner.ts';
import { percentileOf } from './percentile.ts';

export type Direction = 'up' | 'down';

export interface SizingInput {
  readonly direction: Direction;
  readonly settings: ThroughputSettings;
  readonly week: ConsumptionWeek;
  readonly policy: CosmosdbOptions['scaling'];
}

/** What one region consumed, in RU/s of a minute. */
export interface RegionUse {
  readonly region: string;
  readonly minutes: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly highest: number;
}

export interface Sizing {
  /** RU/s: manual throughput or autoscale maximum. */
  readonly wanted: number;
  /** What the distribution asks for, before limits. */
  readonly ideal: number;
  /** The one that decides: throughput is the same in every region. */
  readonly busiest: RegionUse;
  readonly regions: readonly RegionUse[];
  /** Above what Azure provides at once: partitions are split first. */
  readonly splits: boolean;
  /** Which limits held it back, for a person. */
  readonly limits: readonly string[];
}

/** Every minute of a week may be late or missing once in a hundred times. */
const completeShare = 0.99;
/** Less than this says nothing, also for more throughput. */
const fewestMinutes = 1_440;
/** A partition that is this full is throttled in its busier seconds. */
const fullPartition = 0.7;

export function sizeThroughput(input: SizingInput): Sizing | Refusal {
  const { settings, week, policy, direction } = input;
  const regions = week.regions.map(({ region, perSecond }) => useOf(region, perSecond));
  const busiest = regions.toSorted((one, other) => other.p95 - one.p95)[0];
  const unfit = unfitSettings(settings) ?? unfitWeek(input, busiest);
  if (unfit !== undefined) return unfit;
  if (busiest === undefined) return refusal('seven_days', `nothing is known of ${ownerSubject(settings)}`);
  const step = stepOf(settings);
  // What is lowered holds 99 of 100 minutes too: of a spiky load the 95th percentile tells too little.
  const ideal = Math.max(busiest.p95 / policy.targetUtilization, direction === 'down' ? busiest.p99 : 0);
  const { wanted, limits } = bounded(input, ceilTo(ideal, step), step);
  const softMaximum = settings.softMaximum ?? Number.POSITIVE_INFINITY;
  if (direction === 'up' && wanted <= settings.perSecond)
    return nothingToChange(input, busiest, ideal, limits);
  if (direction === 'down' && wanted >= settings.perSecond)
    return nothingToChange(input, busiest, ideal, limits);
  if (wanted > softMaximum)
    return refusal(
      'allowed_maximum',
      `${ownerSubject(settings)} would need ${wanted} RU/s, and Azure allows ${softMaximum}: raise the quota by a support request`,
    );
  const splits = direction === 'up' && wanted > (settings.instantMaximum ?? Number.POSITIVE_INFINITY);
  const sizing = { wanted, ideal, busiest, regions, splits, limits };
  return hotPartition(input, sizing) ?? sizing;
}

/** Throughput comes in steps of 100 RU/s, autoscale maxima in steps of 1,000. */
export function stepOf({ autoscaleMaximum }: ThroughputSettings): number {
  return autoscaleMaximum === undefined ? 100 : 1_000;
}

export interface Replay {
  /** 95th percentile of consumption by throughput in the busiest region. */
  readonly p95: number;
  /** Minutes in which more was consumed than this throughput gives. */
  readonly minutesAbove: number;
  readonly minutes: number;
}

/** What the week would have been with another throughput, in the region where it would have been tightest. */
export function replay({ regions }: ConsumptionWeek, perSecond: number): Replay {
  const each = regions.map(({ perSecond: minutes }) => ({
    p95: (percentileOf(minutes, 0.95) ?? 0) / perSecond,
    minutesAbove: minutes.filter((value) => value > perSecond).length,
    minutes: minutes.length,
  }));
  return each.toSorted((one, other) => other.p95 - one.p95)[0] ?? { p95: 0, minutesAbove: 0, minutes: 0 };
}

function useOf(region: string, perSecond: readonly number[]): RegionUse {
  const at = (share: number): number => percentileOf(perSecond, share) ?? 0;
  return { region, minutes: perSecond.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), highest: at(1) };
}

function unfitSettings(settings: ThroughputSettings): Refusal | undefined {
  const name = ownerSubject(settings);
  if (settings.replacePending === true)
    return refusal(
      'no_replacement_pending',
      `Azure is still carrying out an earlier change of ${name} (offerReplacePending): wait until it has ended, hours where partitions are split`,
    );
  if (settings.minimum === undefined)
    return refusal(
      'minimum_known',
      `Azure does not say the least throughput of ${name}: nothing is changed without it`,
    );
  return undefined;
}

function unfitWeek(
  { direction, week, settings }: SizingInput,
  busiest: RegionUse | undefined,
): Refusal | undefined {
  const name = ownerSubject(settings);
  const known = busiest?.minutes ?? 0;
  const days = (known / 1_440).toFixed(1);
  if (direction === 'up')
    return known >= fewestMinutes
      ? undefined
      : refusal('seven_days', `only ${days} days of ${name} are known: at least one day is needed`);
  if (week.regions.some(({ perSecond }) => perSecond.length < completeShare * week.minutes)) {
    const least = Math.min(...week.regions.map(({ perSecond }) => perSecond.length));
    return refusal(
      'seven_days',
      `only ${(least / 1_440).toFixed(1)} of 7 days of ${name} are known: throughput is lowered only after 7 full days, so that no busier day of the week is missed`,
    );
  }
  if (known === 0) return refusal('seven_days', `nothing of the last 7 days of ${name} is known`);
  if (week.throttled === undefined)
    return refusal('no_throttling', `whether requests of ${name} were refused (429) in 7 days is not known`);
  if (week.throttled > 0)
    return refusal(
      'no_throttling',
      `${week.throttled} requests of ${name} were refused (429) in 7 days: less throughput would refuse more`,
    );
  if (week.heats === undefined)
    return refusal('even_partitions', `how evenly the partitions of ${name} are used is not known`);
  return undefined;
}

function bounded(
  { settings, policy, direction }: SizingInput,
  ideal: number,
  step: number,
): { readonly wanted: number; readonly limits: readonly string[] } {
  const limits: string[] = [];
  let wanted = ideal;
  const highest = floorTo(settings.perSecond * policy.largestStep, step);
  const lowest = ceilTo(settings.perSecond / policy.largestStep, step);
  if (direction === 'up' && wanted > highest) {
    limits.push(`one step at most multiplies it by ${policy.largestStep}`);
    wanted = highest;
  }
  if (direction === 'down' && wanted < lowest) {
    limits.push(`one step at most divides it by ${policy.largestStep}`);
    wanted = lowest;
  }
  const minimum = ceilTo(settings.minimum ?? 0, step);
  if (wanted < minimum) {
    limits.push(`Azure allows no less than ${minimum} RU/s now (minimumThroughput)`);
    wanted = minimum;
  }
  return { wanted, limits };
}

function nothingToChange(
  { settings, direction, policy }: SizingInput,
  busiest: RegionUse,
  ideal: number,
  limits: readonly string[],
): Refusal {
  const why = limits.length === 0 ? '' : `: ${limits.join('; ')}`;
  const verb = direction === 'up' ? 'raised' : 'lowered';
  return refusal(
    'change_needed',
    `${ownerSubject(settings)} is not ${verb}: 95 of 100 minutes in ${busiest.region} stay within ${Math.round(busiest.p95)} RU/s, for which ${Math.ceil(ideal)} RU/s put utilisation at ${percent(policy.targetUtilization)}, and ${settings.perSecond} are set${why}`,
  );
}

/** More throughput reaches a hot partition only by its part, and less of it throttles that one first. */
function hotPartition({ settings, week, policy }: SizingInput, { wanted }: Sizing): Refusal | undefined {
  const grows = Math.max(1, settings.perSecond / wanted);
  const heat = week.heats?.find(
    ({ skew, hottest }) => skew >= policy.hotPartitionSkew && hottest * grows >= fullPartition,
  );
  if (heat === undefined) return undefined;
  const times = Number.isFinite(heat.skew)
    ? `${heat.skew.toFixed(1)} times the median one`
    : 'while the median one is idle';
  return refusal(
    'even_partitions',
    `partition ${heat.partition} of ${ownerSubject(settings)} in ${heat.place.region} is hot: it uses ${percent(heat.hottest)} of its part, ${times}, over the last day. Each of ${heat.partitions} partitions gets a ${heat.partitions}th of the throughput, so that most of any change would go to those that do not need it. Change the partition key instead: one with more, and more evenly used, values (a hierarchical key, or a suffix that spreads the busiest value), in a new container`,
  );
}

function refusal(id: string, text: string): Refusal {
  return { id, text };
}

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

function ceilTo(value: number, step: number): number {
  return Math.ceil(value / step - 1e-9) * step;
}

function floorTo(value: number, step: number): number {
  return Math.floor(value / step + 1e-9) * step;
}
