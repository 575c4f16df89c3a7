import { z } from 'zod';
import { hasHiddenBytes, hiddenPool, onDemandBytes, type Query, viewPath, withoutScripts } from './query.ts';

const row = z.object({
  /** Start of the quarter of an hour, Unix time in seconds. */
  quarter: z.number(),
  /** `project:location.name`; empty for on-demand work, `hiddenPool` where bytes are hidden. */
  reservation: z.string(),
  jobs: z.number(),
  bytes: z.number(),
  slot_ms: z.number(),
});

/**
 * What jobs used, by quarter of an hour of their creation (every time zone begins its days on one) and reservation. Failed jobs stay:
 * those that were billed have bytes.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-jobs
 */
export const jobUsageQuery: Query<z.infer<typeof row>> = {
  name: 'job-usage',
  views: ['JOBS'],
  parameters: { from: 'TIMESTAMP', to: 'TIMESTAMP' },
  row,
  sql: (scope) => `
SELECT
  DIV(UNIX_SECONDS(creation_time), 900) * 900 AS quarter,
  IF(${hasHiddenBytes}, '${hiddenPool}', IFNULL(reservation_id, '')) AS reservation,
  COUNT(*) AS jobs,
  SUM(${onDemandBytes}) AS bytes,
  SUM(IFNULL(total_slot_ms, 0)) AS slot_ms
FROM ${viewPath(scope, 'JOBS')}
WHERE creation_time >= @from AND creation_time < @to
  AND ${withoutScripts}
GROUP BY quarter, reservation
ORDER BY quarter, reservation`,
};
