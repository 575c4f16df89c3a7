import { z } from 'zod';
import { onDemandBytes, type Query, viewPath, withoutOwn, withoutScripts } from './query.ts';

const row = z.object({
  pattern: z.string(),
  /** One of the queries of the pattern, with its literals: read, never kept. */
  text: z.string().nullable(),
  statement: z.string(),
  user: z.string(),
  jobs: z.number(),
  bytes: z.number(),
  billed: z.number(),
  all_patterns: z.number(),
});

export type TablePatternRow = z.infer<typeof row>;

const parameters = {
  from: 'TIMESTAMP',
  to: 'TIMESTAMP',
  project: 'STRING',
  dataset: 'STRING',
  table: 'STRING',
  limit: 'INT64',
} as const;

/**
 * Query patterns that read a table, the most bytes first; the answers of the cache too, for they would fail as well. A query without a
 * hash is a pattern of its own.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-jobs
 */
export const tablePatternsQuery: Query<TablePatternRow> = {
  name: 'table-patterns',
  views: ['JOBS'],
  parameters,
  row,
  sql: (scope) => `
SELECT
  IFNULL(query_info.query_hashes.normalized_literals, job_id) AS pattern,
  MAX(query) AS text,
  IFNULL(MAX(statement_type), '') AS statement,
  IFNULL(MAX(user_email), '') AS user,
  COUNT(*) AS jobs,
  SUM(IFNULL(total_bytes_processed, 0)) AS bytes,
  SUM(${onDemandBytes}) AS billed,
  COUNT(*) OVER () AS all_patterns
FROM ${viewPath(scope, 'JOBS')}
WHERE creation_time >= @from AND creation_time < @to
  AND job_type = 'QUERY'
  AND ${withoutScripts}
  AND ${withoutOwn}
  AND error_result IS NULL
  AND EXISTS (
    SELECT 1 FROM UNNEST(referenced_tables) AS t
    WHERE t.project_id = @project AND t.dataset_id = @dataset AND t.table_id = @table)
GROUP BY pattern
ORDER BY bytes DESC, pattern
LIMIT @limit`,
};

const dearRow = z.object({
  pattern: z.string(),
  text: z.string().nullable(),
  statement: z.string(),
  jobs: z.number(),
  bytes: z.number(),
  billed: z.number(),
  cached: z.number(),
  all_billed: z.number(),
});

export type DearPatternRow = z.infer<typeof dearRow>;

/**
 * The query patterns that are billed for most, and all bytes that were.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-jobs
 */
export const dearPatternsQuery: Query<DearPatternRow> = {
  name: 'dear-patterns',
  views: ['JOBS'],
  parameters: { from: 'TIMESTAMP', to: 'TIMESTAMP', limit: 'INT64' },
  row: dearRow,
  sql: (scope) => `
SELECT
  IFNULL(query_info.query_hashes.normalized_literals, job_id) AS pattern,
  MAX(query) AS text,
  IFNULL(MAX(statement_type), '') AS statement,
  COUNT(*) AS jobs,
  SUM(IFNULL(total_bytes_processed, 0)) AS bytes,
  SUM(${onDemandBytes}) AS billed,
  COUNTIF(IFNULL(cache_hit, FALSE)) AS cached,
  SUM(SUM(${onDemandBytes})) OVER () AS all_billed
FROM ${viewPath(scope, 'JOBS')}
WHERE creation_time >= @from AND creation_time < @to
  AND job_type = 'QUERY'
  AND ${withoutScripts}
  AND ${withoutOwn}
GROUP BY pattern
ORDER BY bytes DESC, pattern
LIMIT @limit`,
};
