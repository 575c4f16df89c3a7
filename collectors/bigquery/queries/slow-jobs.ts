import { z } from 'zod';
import { interactiveQueries } from './job-durations.ts';
import { onDemandBytes, type Query, viewPath } from './query.ts';

const row = z.object({
  job: z.string(),
  user: z.string(),
  statement: z.string(),
  pattern: z.string(),
  reservation: z.string(),
  duration_ms: z.number(),
  queued_ms: z.number(),
  slot_ms: z.number(),
  bytes: z.number(),
});

/**
 * The slowest interactive queries that ended since @since.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-jobs
 */
export const slowJobsQuery: Query<z.infer<typeof row>> = {
  name: 'slow-jobs',
  views: ['JOBS'],
  parameters: { from: 'TIMESTAMP', since: 'TIMESTAMP', limit: 'INT64' },
  row,
  sql: (scope) => `
SELECT
  job_id AS job,
  IFNULL(user_email, '') AS user,
  IFNULL(statement_type, '') AS statement,
  IFNULL(query_info.query_hashes.normalized_literals, '') AS pattern,
  IFNULL(reservation_id, '') AS reservation,
  TIMESTAMP_DIFF(end_time, creation_time, MILLISECOND) AS duration_ms,
  IFNULL(TIMESTAMP_DIFF(start_time, creation_time, MILLISECOND), 0) AS queued_ms,
  IFNULL(total_slot_ms, 0) AS slot_ms,
  ${onDemandBytes} AS bytes
FROM ${viewPath(scope, 'JOBS')}
WHERE creation_time >= @from
  AND end_time >= @since
  AND state = 'DONE'
  AND ${interactiveQueries}
ORDER BY duration_ms DESC, job
LIMIT @limit`,
};
