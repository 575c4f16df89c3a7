import type { CollectorInput, DetailRow } from '../../src/sdk.ts';
import { addDays, type BillingCalendar, daysOfMonth, firstOfMonth } from './billing-calendar.ts';
import { type BigqueryOptions, projectsOf } from './config.ts';
import { adminProject, type Cost, capacityCosts, onDemandCosts, type RegionUsage } from './costs.ts';
import { type DayUse, forecastMonth, seededRandom } from './forecast.ts';
import type { BigqueryContext } from './metrics.ts';
import type { Pricing } from './pricing.ts';
import { hiddenPool } from './queries/query.ts';
import type { UsageReader } from './usage-reader.ts';
import { spendWindows } from './windows.ts';

const hourMs = 3_600_000;
const mostReservations = 20;

/** A project, all of whose regions were read. */
export interface ProjectSpend {
  readonly project: string;
  readonly regions: readonly RegionUsage[];
  readonly onDemand: readonly Cost[];
  readonly capacity: readonly Cost[];
}

/**
 * Spend and forecast of each project. A region that could not be read leaves the totals of its project unknown: they would be too
 * small.
 */
export async function readSpend(
  input: CollectorInput<BigqueryOptions>,
  usage: UsageReader,
  calendar: BillingCalendar,
  context: BigqueryContext,
): Promise<void> {
  for (const project of projectsOf(input.options)) {
    const spend = await readProject(input, usage, calendar, project, context);
    if (spend === undefined) continue;
    recordWindows(spend, calendar, context);
    recordForecast(spend, pricingOf(input.options, project), calendar, context);
    findHiddenBytes(spend, calendar, context);
    findForeignReservations(spend, projectsOf(input.options), context);
  }
}

/** Undefined when a region could not be read; the context has its error. */
export async function readProject(
  { options }: CollectorInput<BigqueryOptions>,
  usage: UsageReader,
  calendar: BillingCalendar,
  project: string,
  context: BigqueryContext,
  oldestMs = 0,
): Promise<ProjectSpend | undefined> {
  const pricing = pricingOf(options, project);
  const regions: RegionUsage[] = [];
  const capacity: Cost[] = [];
  for (const region of options.regions) {
    await context.attempt(subjectOf(options, project, region), async () => {
      const read = await usage.read({ project, region }, context.now, context.signal, oldestMs);
      capacity.push(...capacityCosts(read, { pricing, calendar }));
      regions.push(read);
    });
  }
  if (regions.length < options.regions.length) return undefined;
  return { project, regions, onDemand: onDemandCosts(regions, { pricing, calendar }), capacity };
}

/** How a region is named in errors. */
export function subjectOf(options: BigqueryOptions, project: string, region: string): string {
  return projectsOf(options).length === 1 ? region : `${project}/${region}`;
}

/** Free bytes are counted once, for the first project. */
function pricingOf({ pricing, project: first }: BigqueryOptions, project: string): Pricing {
  return project === first ? pricing : { ...pricing, freeTiBPerMonth: 0 };
}

function recordWindows(
  { project, onDemand, capacity, regions }: ProjectSpend,
  calendar: BillingCalendar,
  context: BigqueryContext,
): void {
  for (const { name: window, from } of spendWindows(context.now, calendar)) {
    const labels = { project, window };
    const byBytes = sumFrom(onDemand, from);
    const total = byBytes + sumFrom(capacity, from);
    context.record('spendUsd', total, labels);
    context.record('onDemandSpendUsd', byBytes, labels);
    const cells = regions
      .flatMap(({ jobs }) => jobs)
      .filter((cell) => cell.pool === '' && cell.start >= from);
    const bytes = cells.reduce((sum, { amounts }) => sum + amounts[0], 0);
    context.record('billedBytes', bytes, labels);
    if (window === 'last_24h')
      context.record('spendPerHourUsd', total / ((context.now - from) / hourMs), labels);
    const byReservation = new Map<string, number>();
    for (const { start, usd, reservation } of capacity) {
      if (start >= from) byReservation.set(reservation, (byReservation.get(reservation) ?? 0) + usd);
    }
    const dearest = [...byReservation].sort(([, a], [, b]) => b - a);
    for (const [reservation, usd] of dearest.slice(0, mostReservations))
      context.record('reservationSpendUsd', usd, { ...labels, reservation });
    if (window === 'month') context.truncate(Math.max(0, dearest.length - mostReservations));
  }
}

function recordForecast(
  spend: ProjectSpend,
  pricing: Pricing,
  calendar: BillingCalendar,
  context: BigqueryContext,
): void {
  const { project } = spend;
  const days = daysOf(spend, calendar);
  const today = calendar.dayOf(context.now);
  const first = firstOfMonth(today);
  const ofMonth = days.filter(({ day }) => day >= first);
  const forecast = forecastMonth({
    history: days.filter(({ day }) => day < today),
    soFar: {
      bytes: ofMonth.reduce((sum, { bytes }) => sum + bytes, 0),
      capacityUsd: ofMonth.reduce((sum, { capacityUsd }) => sum + capacityUsd, 0),
    },
    toCome: daysOfMonth(today)
      .filter((day) => day >= today)
      .map((day) => ({ day, part: day === today ? partLeft(day, context.now, calendar) : 1 })),
    pricing,
    random: seededRandom(`${project} ${today}`),
  });
  const labels = { project, window: 'month' };
  context.record('spendForecastUsd', forecast?.median, labels, forecast?.basis);
  context.record('spendForecastLowerUsd', forecast?.lower, labels, forecast?.basis);
  context.record('spendForecastUpperUsd', forecast?.upper, labels, forecast?.basis);
  context.detail(
    'spend_days',
    days.map(({ day, bytes, capacityUsd }): DetailRow => ({ project, day, billedBytes: bytes, capacityUsd })),
  );
}

/** Every day from the first that is known to the present one, those without use too. */
function daysOf({ regions, capacity }: ProjectSpend, calendar: BillingCalendar): readonly DayUse[] {
  const since = Math.max(...regions.map((each) => each.since));
  const until = Math.min(...regions.map((each) => each.until));
  const days = new Map<string, { bytes: number; capacityUsd: number }>();
  const last = calendar.dayOf(until);
  for (let day = calendar.dayOf(since); day <= last; day = addDays(day, 1))
    days.set(day, { bytes: 0, capacityUsd: 0 });
  for (const { pool, start, amounts } of regions.flatMap(({ jobs }) => jobs)) {
    const known = days.get(calendar.dayOf(start));
    if (known && pool === '') known.bytes += amounts[0];
  }
  for (const { start, usd } of capacity) {
    const known = days.get(calendar.dayOf(start));
    if (known) known.capacityUsd += usd;
  }
  return [...days].map(([day, use]) => ({ day, ...use }));
}

function findHiddenBytes(
  { project, regions }: ProjectSpend,
  calendar: BillingCalendar,
  context: BigqueryContext,
): void {
  const from = calendar.startOfDay(firstOfMonth(calendar.dayOf(context.now)));
  const jobs = regions
    .flatMap((region) => region.jobs)
    .filter(({ pool, start }) => pool === hiddenPool && start >= from)
    .reduce((sum, { amounts }) => sum + amounts[0], 0);
  if (jobs === 0) return;
  context.find({
    code: 'bytes_hidden',
    severity: 'warning',
    subject: project,
    message: `BigQuery does not say what ${jobs} queries of this month were billed for, as it does where tables have row-level access policies; their cost is not part of the spend`,
    remedy:
      'compare with the invoice, or with the export of Cloud Billing, and leave room for it in the budget',
  });
}

function findForeignReservations(
  { project, regions }: ProjectSpend,
  watched: readonly string[],
  context: BigqueryContext,
): void {
  const admins = regions.flatMap(({ jobs }) => jobs.flatMap(({ pool }) => adminProject(pool) ?? []));
  for (const admin of new Set(admins)) {
    if (watched.includes(admin)) continue;
    context.find({
      code: 'reservation_elsewhere',
      severity: 'info',
      subject: project,
      message: `jobs run in reservations that project ${admin} pays for; their cost is not part of the spend here`,
      remedy: `add ${admin} to projects of this target`,
    });
  }
}

function sumFrom(costs: readonly Cost[], from: number): number {
  return costs.reduce((sum, { start, usd }) => (start >= from ? sum + usd : sum), 0);
}

function partLeft(day: string, now: number, calendar: BillingCalendar): number {
  const [start, end] = [calendar.startOfDay(day), calendar.startOfDay(addDays(day, 1))];
  return Math.max(0, (end - now) / (end - start));
}
