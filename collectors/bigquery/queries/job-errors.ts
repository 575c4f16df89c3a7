import { z } from 'zod';
import { ofOthers } from './job-durations.ts';
import { type Query, viewPath, withoutScripts } from './query.ts';

const row = z.object({
  /** As BigQuery names it, such as `quotaExceeded`; empty when it gave none, null for jobs that ended well. */
  reason: z.string().nullable(),
  jobs: z.number(),
});

/**
 * Jobs of every kind, our own left out, that ended since @since, by the reason for which they failed, the most frequent first.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/error-messages
 */
export const jobErrorsQuery: Query<z.infer<typeof row>> = {
  name: 'job-errors',
  views: ['JOBS'],
  parameters: { from: 'TIMESTAMP', since: 'TIMESTAMP' },
  row,
  sql: (scope) => `
SELECT
  IF(error_result IS NULL, NULL, IFNULL(error_result.reason, '')) AS reason,
  COUNT(*) AS jobs
FROM ${viewPath(scope, 'JOBS')}
WHERE creation_time >= @from
  AND end_time >= @since
  AND ${withoutScripts}
  AND ${ofOthers}
GROUP BY reason
ORDER BY jobs DESC, reason`,
};
