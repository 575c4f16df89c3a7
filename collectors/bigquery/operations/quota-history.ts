import type { OperationContext } from '../../../src/sdk.ts';
import { createBillingCalendar } from '../billing-calendar.ts';
import { dailyUsageQuery } from '../queries/daily-usage.ts';
import { iso } from '../usage-reader.ts';
import type { Place } from './place.ts';

export const quotaDays = 30;
const dayMs = 86_400_000;
const bytesPerMiB = 1024 ** 2;

/** On-demand bytes of a day as BigQuery's quota counts it: by Pacific time. */
export interface UsedDay {
  readonly day: string;
  readonly bytes: number;
  readonly jobs: number;
  /** In order of time. */
  readonly minutes: readonly { readonly bytes: number; readonly jobs: number }[];
}

/** Days that are over, of the last month, all regions together; days without use are there too. */
export async function readDays(
  { input, reading }: Place,
  project: string,
  { signal }: Pick<OperationContext, 'signal'>,
): Promise<readonly UsedDay[]> {
  const now = input.clock.now();
  const calendar = createBillingCalendar('America/Los_Angeles');
  const today = calendar.dayOf(now);
  const from = calendar.startOfDay(calendar.dayOf(now - quotaDays * dayMs));
  const cells: { readonly at: number; readonly bytes: number; readonly jobs: number }[] = [];
  for (const region of input.options.regions) {
    const { rows, truncatedRows } = await reading.ask(
      dailyUsageQuery,
      { project, region },
      { from: iso(from), to: iso(now) },
      signal,
    );
    if (truncatedRows > 0)
      throw new Error(`the use of ${project} in ${region} has too many minutes to be read`);
    cells.push(...rows.map(({ created_ms: at, bytes, jobs }) => ({ at, bytes, jobs })));
  }
  const byDay = Map.groupBy(
    cells.toSorted((one, other) => one.at - other.at),
    ({ at }) => calendar.dayOf(at),
  );
  return [...byDay]
    .filter(([day]) => day !== today)
    .map(([day, minutes]) => ({
      day,
      minutes,
      bytes: minutes.reduce((sum, { bytes }) => sum + bytes, 0),
      jobs: minutes.reduce((sum, { jobs }) => sum + jobs, 0),
    }));
}

export interface QuotaEffect {
  /** Queries that would have been refused: all of a day after the quota was used up. */
  readonly refusedJobs: number;
  readonly allJobs: number;
  readonly daysHit: number;
  readonly days: number;
  /** Bytes that would not have been billed. */
  readonly sparedBytes: number;
}

/** What a quota would have done. A query that goes beyond it is refused, and so are all after it: as strict as the service can be. */
export function effectOf(days: readonly UsedDay[], mib: number): QuotaEffect {
  let refusedJobs = 0;
  let sparedBytes = 0;
  let daysHit = 0;
  for (const { minutes } of days) {
    let used = 0;
    let refused = 0;
    for (const { bytes, jobs } of minutes) {
      used += bytes;
      if (used <= mib * bytesPerMiB) continue;
      refused += jobs;
      sparedBytes += bytes;
    }
    refusedJobs += refused;
    if (refused > 0) daysHit += 1;
  }
  const allJobs = days.reduce((sum, { jobs }) => sum + jobs, 0);
  return { refusedJobs, allJobs, daysHit, days: days.length, sparedBytes };
}

/** Above what days cost: the ninth decile and a half more, in whole GiB. Undefined where too few days are known. */
export function proposeQuota(days: readonly UsedDay[]): number | undefined {
  if (days.length < leastDays) return undefined;
  const sorted = days.map(({ bytes }) => bytes).toSorted((one, other) => one - other);
  const decile = sorted[Math.floor(sorted.length * 0.9)] ?? 0;
  const gib = Math.max(1, Math.ceil((decile * 1.5) / 1024 ** 3));
  return gib * 1024;
}

const leastDays = 7;
