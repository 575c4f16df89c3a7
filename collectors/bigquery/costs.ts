import { CollectError } from '../../src/sdk.ts';
import { addDays, type BillingCalendar, monthOf } from './billing-calendar.ts';
import { type Commitment, overlapMs } from './commitments.ts';
import { monthUsd, type Pricing } from './pricing.ts';
import type { Cell } from './quarter-ledger.ts';

/** What was used in one region; cells are in order of time. */
export interface RegionUsage {
  readonly region: string;
  /** By reservation (empty: on demand): bytes billed and slot milliseconds. */
  readonly jobs: readonly Cell[];
  /** By `reservation|edition`: slot seconds of the baseline and of autoscaling. */
  readonly capacity: readonly Cell[];
  readonly commitments: readonly Commitment[];
  /** Unix time in milliseconds. */
  readonly since: number;
  readonly until: number;
}

/** Dollars of a quarter of an hour, or of a day where that is long ago. */
export interface Cost {
  readonly start: number;
  readonly usd: number;
  /** Empty for on-demand work, `commitments`, or a reservation as `location.name`. */
  readonly reservation: string;
}

export interface CostRules {
  readonly pricing: Pricing;
  readonly calendar: BillingCalendar;
}

const quarterMs = 900_000;
const dayMs = 86_400_000;
/**
 * Capacity is known by quarters for as long as it is known: what a commitment covers of a reservation depends on the time of day at which
 * there is one.
 */
export const capacityKeptMs = 100 * dayMs;

/** Bytes in order of their time, the free ones of each month first. */
export function onDemandCosts(
  regions: readonly RegionUsage[],
  { pricing, calendar }: CostRules,
): readonly Cost[] {
  const cells = regions
    .flatMap(({ jobs }) => jobs)
    .filter(({ pool }) => pool === '')
    .sort((a, b) => a.start - b.start);
  let month = '';
  let bytes = 0;
  return cells.map(({ start, amounts: [more] }) => {
    const current = monthOf(calendar.dayOf(start));
    if (current !== month) bytes = 0;
    month = current;
    const before = monthUsd(bytes, pricing);
    bytes += more;
    return { start, usd: monthUsd(bytes, pricing) - before, reservation: '' };
  });
}

/**
 * Capacity, used or not: what is committed to at its price, the baseline beyond that and autoscaling by the hour.
 *
 * @throws {CollectError} `unsupported` for an edition or plan without a price.
 */
export function capacityCosts(usage: RegionUsage, rules: CostRules): readonly Cost[] {
  const { pricing } = rules;
  const baselines = new Map<string, number>();
  for (const { pool, start, amounts } of usage.capacity) {
    const key = `${start}|${editionOf(pool)}`;
    baselines.set(key, (baselines.get(key) ?? 0) + amounts[0]);
  }
  const used = usage.capacity.map(({ pool, start, amounts: [baseline, autoscale] }): Cost => {
    const edition = editionOf(pool);
    const all = baselines.get(`${start}|${edition}`) ?? 0;
    const length = lengthMs(start, usage, rules.calendar);
    const covered = usage.commitments
      .filter((each) => each.edition === edition)
      .reduce((sum, each) => sum + (each.slots * overlapMs(each, start, length)) / 1_000, 0);
    const beyond = all === 0 ? 0 : (baseline / all) * Math.max(0, all - covered);
    const slotSeconds = beyond + autoscale;
    const usd = slotSeconds === 0 ? 0 : (slotSeconds / 3_600) * slotHourUsd(pricing, edition);
    return { start, usd, reservation: reservationName(pool) };
  });
  return [...used, ...commitmentCosts(usage, rules)];
}

/** `location.name` of `project:location.name|edition` and of `project:location.name`. */
function reservationName(pool: string): string {
  return pool.replace(/\|[^|]*$/, '').replace(/^.*:/, '');
}

/** The project that administers a reservation; undefined for the shared pools of BigQuery itself. */
export function adminProject(reservation: string): string | undefined {
  return /^(.+):[^:]+\.[^:]+$/.exec(reservation)?.[1];
}

function commitmentCosts(usage: RegionUsage, { pricing, calendar }: CostRules): readonly Cost[] {
  const paid = usage.commitments
    .filter((each) => overlapMs(each, usage.since, usage.until - usage.since) > 0)
    .map((each) => ({ each, usdPerMs: (each.slots * committedSlotHourUsd(pricing, each)) / 3_600_000 }));
  if (paid.length === 0) return [];
  const costs: Cost[] = [];
  let start = usage.since;
  while (start < usage.until) {
    const length = lengthMs(start, usage, calendar);
    const usd = paid.reduce((sum, { each, usdPerMs }) => sum + usdPerMs * overlapMs(each, start, length), 0);
    if (usd > 0) costs.push({ start, usd, reservation: 'commitments' });
    start += length;
  }
  return costs;
}

function committedSlotHourUsd({ commitmentSlotHourUsd }: Pricing, { plan, edition }: Commitment): number {
  const price = Object.entries(commitmentSlotHourUsd).find(
    ([known]) => plan === known || plan.startsWith(`${known}_`),
  )?.[1][edition];
  if (price !== undefined) return price;
  throw unpriced(`commitments of plan ${plan} and edition ${edition || '(none)'}`, 'commitmentSlotHourUsd');
}

/** How long a cell of capacity that begins then lasts: ones of long ago are whole days; none goes beyond what was read. */
function lengthMs(start: number, { until }: RegionUsage, calendar: BillingCalendar): number {
  const quartersFrom = calendar.startOfDay(calendar.dayOf(until - capacityKeptMs));
  if (start >= quartersFrom) return Math.min(quarterMs, until - start);
  return calendar.startOfDay(addDays(calendar.dayOf(start), 1)) - start;
}

function slotHourUsd(pricing: Pricing, edition: string): number {
  const price = pricing.slotHourUsd[edition];
  if (price === undefined) throw unpriced(`slots of edition ${edition || '(none)'}`, 'slotHourUsd');
  return price;
}

function unpriced(what: string, option: string): CollectError {
  return new CollectError('unsupported', `${what} have no price: set pricing.${option}`);
}

function editionOf(pool: string): string {
  return pool.slice(pool.lastIndexOf('|') + 1);
}
