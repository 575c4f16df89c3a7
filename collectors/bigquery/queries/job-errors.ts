import { z } from 'zod';
import { type Query, viewPath, withoutScripts } from './query.ts';

const row = z.object({
  /** As BigQuery names it, such as `quotaExceeded`; empty when it gave none. */
  reason: z.string(),
  jobs: z.number(),
});

/**
 * Jobs that failed since @since, by reason, the most frequent first.
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
  IFNULL(error_result.reason, '') AS reason,
  COUNT(*) AS jobs
FROM ${viewPath(scope, 'JOBS')}
WHERE creation_time >= @from
  AND end_time >= @since
  AND error_result IS NOT NULL
  AND ${withoutScripts}
GROUP BY reason
ORDER BY jobs DESC, reason`,
};
