import { type DetailRow, ratio } from '../../src/sdk.ts';
import type { RegionReading } from './each-region.ts';
import { jobDurationsQuery } from './queries/job-durations.ts';
import { jobErrorsQuery } from './queries/job-errors.ts';
import { slotTimelineQuery } from './queries/slot-timeline.ts';
import { slowJobsQuery } from './queries/slow-jobs.ts';
import { iso } from './usage-reader.ts';
import { shownUser } from './users.ts';

const minute = 60_000;
const hour = 60 * minute;
/** Jobs may run for so long before they end in the window. */
const longestJobMs = 6 * hour;
/** The more days, the more bytes are billed. */
const longestWindowMs = 24 * hour;
const mostReasons = 10;
const longestReason = 64;

/** Time of the jobs that ended in the window of the objective, and failures in the last hour. */
export async function readPerformance({ input, runner, scope, context }: RegionReading): Promise<void> {
  const { signal, now } = context;
  const windowMs = Math.min(longestWindowMs, input.target.windowsMs.olap_query_seconds ?? hour);
  const judged = { from: iso(now - windowMs - longestJobMs), since: iso(now - windowMs) };
  const durations = await runner.ask(jobDurationsQuery, scope, judged, signal);
  const [row] = durations.rows;
  if (row !== undefined) {
    context.record('finishedJobs', row.jobs, scope);
    context.record('jobP95Seconds', seconds(row.p95_ms), scope, row.jobs);
    context.record('jobP50Seconds', seconds(row.p50_ms), scope, row.jobs);
    context.record('queuedP95Seconds', seconds(row.queued_p95_ms), scope, row.jobs);
    context.record('cacheHitRatio', ratio(row.cache_hits, row.jobs), scope, row.jobs);
  }
  const window = { from: iso(now - hour - longestJobMs), since: iso(now - hour) };
  const errors = await runner.ask(jobErrorsQuery, scope, window, signal);
  const failed = errors.rows.flatMap(({ reason, jobs }) => (reason === null ? [] : [{ reason, jobs }]));
  context.record(
    'endedJobs',
    errors.rows.reduce((sum, { jobs }) => sum + jobs, 0),
    scope,
  );
  for (const { reason, jobs } of failed.slice(0, mostReasons))
    context.record('failedJobs', jobs, { ...scope, reason: reason.slice(0, longestReason) || 'unknown' });
  context.truncate(Math.max(0, failed.length - mostReasons));
  const { top, users } = input.options;
  const slow = await runner.ask(slowJobsQuery, scope, { ...window, limit: top }, signal);
  context.detail(
    'slow_jobs',
    slow.rows.map(
      ({ duration_ms: durationMs, queued_ms: queuedMs, slot_ms: slotMs, user, ...rest }): DetailRow => ({
        ...scope,
        ...rest,
        ...(users === 'none' ? {} : { user: shownUser(user, users) }),
        durationSeconds: durationMs / 1_000,
        queuedSeconds: queuedMs / 1_000,
        slotSeconds: slotMs / 1_000,
      }),
    ),
  );
}

/** Slots in use and work that waited, over the whole minutes of the last hour. */
export async function readSlots({ runner, scope, context }: RegionReading): Promise<void> {
  const { signal, now } = context;
  const to = Math.floor(now / minute) * minute;
  const since = to - hour;
  const parameters = { from: iso(since - longestJobMs), since: iso(since), to: iso(to) };
  const { rows } = await runner.ask(slotTimelineQuery, scope, parameters, signal);
  const total = (of: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((sum, row) => sum + of(row), 0);
  const most = (of: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((max, row) => Math.max(max, of(row)), 0);
  // A minute without a row is one in which nothing ran.
  context.record('slotsUsed', total((row) => row.slot_ms) / hour, scope);
  context.record('slotsUsedMax', most((row) => row.slot_ms) / minute, scope);
  context.record('runnableUnits', total((row) => row.runnable_unit_seconds) / 3_600, scope);
  context.record('queuedJobs', most((row) => row.pending_job_seconds) / 60, scope);
}

function seconds(ms: number | null): number | undefined {
  return ms === null ? undefined : ms / 1_000;
}
