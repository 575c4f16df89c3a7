import { z } from 'zod';
import { onDemandBytes, type Query, viewPath, withoutScripts } from './query.ts';

const row = z.object({ created_ms: z.number(), bytes: z.number(), jobs: z.number() });

/**
 * On-demand bytes by minute, so that days of any time zone can be put together and the moment be found at which a quota would have been
 * used up.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-jobs
 */
export const dailyUsageQuery: Query<z.infer<typeof row>> = {
  name: 'daily-usage',
  views: ['JOBS'],
  parameters: { from: 'TIMESTAMP', to: 'TIMESTAMP' },
  row,
  sql: (scope) => `
SELECT
  UNIX_MILLIS(TIMESTAMP_TRUNC(creation_time, MINUTE)) AS created_ms,
  SUM(${onDemandBytes}) AS bytes,
  COUNT(*) AS jobs
FROM ${viewPath(scope, 'JOBS')}
WHERE creation_time >= @from AND creation_time < @to
  AND job_type = 'QUERY'
  AND ${withoutScripts}
  AND reservation_id IS NULL
GROUP BY created_ms
HAVING bytes > 0
ORDER BY created_ms`,
};
