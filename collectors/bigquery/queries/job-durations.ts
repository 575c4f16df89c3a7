import { z } from 'zod';
import { type Query, viewPath, withoutScripts } from './query.ts';

const row = z.object({
  jobs: z.number(),
  cache_hits: z.number(),
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
  queued_p95_ms: z.number().nullable(),
});

/** Without our own. */
export const ofOthers = `NOT EXISTS (SELECT 1 FROM UNNEST(labels) AS l WHERE l.key = 'reeve')`;

/** Queries that somebody waited for: batch work waits on purpose, and our own queries are not theirs. */
export const interactiveQueries = `job_type = 'QUERY'
  AND ${withoutScripts}
  AND (priority IS NULL OR priority != 'BATCH')
  AND ${ofOthers}`;

/**
 * How long interactive queries took that ended well since @since, from their creation to their end.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-jobs
 */
export const jobDurationsQuery: Query<z.infer<typeof row>> = {
  name: 'job-durations',
  views: ['JOBS'],
  parameters: { from: 'TIMESTAMP', since: 'TIMESTAMP' },
  row,
  sql: (scope) => `
SELECT
  COUNT(*) AS jobs,
  COUNTIF(IFNULL(cache_hit, FALSE)) AS cache_hits,
  APPROX_QUANTILES(TIMESTAMP_DIFF(end_time, creation_time, MILLISECOND), 100)[OFFSET(50)] AS p50_ms,
  APPROX_QUANTILES(TIMESTAMP_DIFF(end_time, creation_time, MILLISECOND), 100)[OFFSET(95)] AS p95_ms,
  APPROX_QUANTILES(TIMESTAMP_DIFF(start_time, creation_time, MILLISECOND), 100)[OFFSET(95)] AS queued_p95_ms
FROM ${viewPath(scope, 'JOBS')}
WHERE creation_time >= @from
  AND end_time >= @since
  AND state = 'DONE'
  AND error_result IS NULL
  AND ${interactiveQueries}`,
};
