import { z } from 'zod';
import { type Query, viewPath, withoutScripts } from './query.ts';

const row = z.object({
  /** Start of the minute, Unix time in seconds. */
  minute: z.number(),
  slot_ms: z.number(),
  /** Sums over the seconds of the minute. */
  pending_job_seconds: z.number(),
  runnable_unit_seconds: z.number(),
});

/**
 * Slots in use and work that waits for slots, by minute.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-jobs-timeline
 */
export const slotTimelineQuery: Query<z.infer<typeof row>> = {
  name: 'slot-timeline',
  views: ['JOBS_TIMELINE'],
  parameters: { from: 'TIMESTAMP', since: 'TIMESTAMP', to: 'TIMESTAMP' },
  row,
  sql: (scope) => `
SELECT
  DIV(UNIX_SECONDS(period_start), 60) * 60 AS minute,
  SUM(IFNULL(period_slot_ms, 0)) AS slot_ms,
  COUNTIF(state = 'PENDING') AS pending_job_seconds,
  SUM(IFNULL(period_estimated_runnable_units, 0)) AS runnable_unit_seconds
FROM ${viewPath(scope, 'JOBS_TIMELINE')}
WHERE job_creation_time >= @from
  AND period_start >= @since AND period_start < @to
  AND ${withoutScripts}
GROUP BY minute
ORDER BY minute`,
};
