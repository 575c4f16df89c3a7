import type { CollectorInput, DetailRow } from '../../src/sdk.ts';
import { type BillingCalendar, firstOfMonth } from './billing-calendar.ts';
import { type BigqueryOptions, projectsOf } from './config.ts';
import { adminProject, type RegionUsage } from './costs.ts';
import type { BigqueryContext, BigqueryMetrics } from './metrics.ts';
import { bytesUsd } from './pricing.ts';
import { type Dimension, type UsageRow, usageByQueries } from './queries/usage-by.ts';
import type { QueryRunner } from './query-runner.ts';
import { type ProjectSpend, readProject } from './spend.ts';
import { iso, type UsageReader } from './usage-reader.ts';
import { shownUser } from './users.ts';
import { spendWindows } from './windows.ts';

/** Rows read of each dimension: many values, some in several reservations. */
const mostRows = 2_000;
const longestValue = 128;
/** Capacity is shared out by what the group `spend` has just read, so that it is not paid for twice. */
const usageServesMs = 20 * 60_000;

interface Part {
  readonly dimension: Dimension;
  readonly metric: keyof BigqueryMetrics &
    ('userSpendUsd' | 'labelSpendUsd' | 'statementSpendUsd' | 'patternSpendUsd');
  /** Of a label of jobs; empty otherwise. */
  readonly key: string;
}

const userPart: Part = { dimension: 'user', metric: 'userSpendUsd', key: '' };

interface Total {
  month: number;
  last_24h: number;
  jobs: number;
}

/** Dollars for a slot millisecond, by window. */
type Rates = Readonly<Record<'month' | 'last_24h', number>>;

export interface BreakdownInput {
  readonly input: CollectorInput<BigqueryOptions>;
  readonly runner: QueryRunner;
  readonly usage: UsageReader;
  readonly calendar: BillingCalendar;
}

/** Who and what spends: bytes at the list price, and capacity shared out by slot time. Needs every region of a project. */
export async function readBreakdown(
  { input, runner, usage, calendar }: BreakdownInput,
  context: BigqueryContext,
): Promise<void> {
  const { options } = input;
  const parts: readonly Part[] = [
    ...(options.users === 'none' ? [] : [userPart]),
    { dimension: 'statement', metric: 'statementSpendUsd', key: '' },
    { dimension: 'pattern', metric: 'patternSpendUsd', key: '' },
    ...options.jobLabels.map((key): Part => ({ dimension: 'label', metric: 'labelSpendUsd', key })),
  ];
  for (const project of projectsOf(options)) {
    const spend = await readProject(input, usage, calendar, project, context, usageServesMs);
    if (spend === undefined) continue;
    for (const part of parts) {
      await context.attempt(`${project} by ${part.key || part.dimension}`, async (inner) => {
        const totals = await readPart(part, spend, { input, runner, usage, calendar }, inner);
        recordPart(part, project, totals, options.top, inner);
      });
    }
  }
}

async function readPart(
  { dimension, key }: Part,
  spend: ProjectSpend,
  { input, runner, calendar }: BreakdownInput,
  context: BigqueryContext,
): Promise<ReadonlyMap<string, Total>> {
  const { now, signal } = context;
  const { options } = input;
  const { pricing } = options;
  const windows = spendWindows(now, calendar);
  const day = windows.find(({ name }) => name === 'last_24h')?.from ?? now;
  const month = calendar.startOfDay(firstOfMonth(calendar.dayOf(now)));
  const totals = new Map<string, Total>();
  for (const usage of spend.regions) {
    // On the first day of a month the last 24 hours began before it.
    const parameters = {
      from: iso(Math.min(month, day)),
      to: iso(now),
      month: iso(month),
      day: iso(day),
      limit: mostRows,
      ...(dimension === 'label' ? { key } : {}),
    };
    const scope = { project: spend.project, region: usage.region };
    const { rows } = await runner.ask(usageByQueries[dimension], scope, parameters, signal);
    const rates = ratesOf(spend, usage, { month, last_24h: day });
    for (const row of rows) {
      const name = dimension === 'user' ? shownUser(row.value, options.users) : row.value;
      const value = name.slice(0, longestValue);
      const total = totals.get(value) ?? { month: 0, last_24h: 0, jobs: 0 };
      const isOurs = adminProject(row.reservation) === spend.project;
      total.month += bytesUsd(row.month_bytes, pricing) + (isOurs ? row.month_slot_ms * rates.month : 0);
      total.last_24h += bytesUsd(row.day_bytes, pricing) + (isOurs ? row.day_slot_ms * rates.last_24h : 0);
      total.jobs += row.jobs;
      totals.set(value, total);
    }
    context.truncate(leftOut(rows));
  }
  return totals;
}

/** All capacity of the project by all slot time that its reservations gave to its jobs. */
function ratesOf(spend: ProjectSpend, usage: RegionUsage, from: Rates): Rates {
  const rate = (since: number): number => {
    const usd = spend.capacity.reduce((sum, cost) => (cost.start >= since ? sum + cost.usd : sum), 0);
    const slotMs = spend.regions
      .flatMap(({ jobs }) => jobs)
      .filter(({ pool, start }) => start >= since && adminProject(pool) === spend.project)
      .reduce((sum, { amounts }) => sum + amounts[1], 0);
    return slotMs === 0 || usage.capacity.length === 0 ? 0 : usd / slotMs;
  };
  return { month: rate(from.month), last_24h: rate(from.last_24h) };
}

function recordPart(
  { dimension, metric, key }: Part,
  project: string,
  totals: ReadonlyMap<string, Total>,
  top: number,
  context: BigqueryContext,
): void {
  const dearest = [...totals].sort(([, a], [, b]) => b.month - a.month).slice(0, top);
  for (const [value, total] of dearest) {
    for (const window of ['month', 'last_24h'] as const) {
      const labels = { project, window };
      if (metric === 'labelSpendUsd')
        context.record(metric, total[window], { ...labels, job_label: key, value });
      else if (metric === 'userSpendUsd') context.record(metric, total[window], { ...labels, user: value });
      else if (metric === 'statementSpendUsd')
        context.record(metric, total[window], { ...labels, statement: value });
      else context.record(metric, total[window], { ...labels, pattern: value });
    }
  }
  context.truncate(Math.max(0, totals.size - top));
  context.detail(
    `spend_by_${dimension}`,
    dearest.map(
      ([value, { month, last_24h: day, jobs }]): DetailRow => ({
        project,
        ...(key === '' ? {} : { label: key }),
        value,
        jobs,
        monthUsd: month,
        last24hUsd: day,
      }),
    ),
  );
}

function leftOut(rows: readonly UsageRow[]): number {
  return Math.max(0, (rows[0]?.all_rows ?? 0) - rows.length);
}
