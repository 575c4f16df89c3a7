import { z } from 'zod';
import { onDemandBytes, type Query, viewPath, withoutScripts } from './query.ts';

const row = z.object({
  dataset: z.string(),
  table_name: z.string(),
  kind: z.string(),
  jobs: z.number(),
  rows_written: z.number(),
  billed: z.number(),
});

export type FeedRow = z.infer<typeof row>;

/**
 * How tables are fed: loads, and statements that write, by the table they write to; the most frequent first. What is streamed into a
 * table is no job and not here.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-jobs
 */
export const feedsQuery: Query<FeedRow> = {
  name: 'feeds',
  views: ['JOBS'],
  parameters: { from: 'TIMESTAMP', to: 'TIMESTAMP', limit: 'INT64' },
  row,
  sql: (scope) => `
SELECT
  destination_table.dataset_id AS dataset,
  destination_table.table_id AS table_name,
  IFNULL(statement_type, job_type) AS kind,
  COUNT(*) AS jobs,
  SUM(IFNULL(dml_statistics.inserted_row_count, 0) + IFNULL(dml_statistics.updated_row_count, 0)
    + IFNULL(dml_statistics.deleted_row_count, 0)) AS rows_written,
  SUM(${onDemandBytes}) AS billed
FROM ${viewPath(scope, 'JOBS')}
WHERE creation_time >= @from AND creation_time < @to
  AND ${withoutScripts}
  AND error_result IS NULL
  AND destination_table.dataset_id IS NOT NULL
  AND IFNULL(statement_type, job_type) IN ('LOAD', 'INSERT', 'MERGE', 'UPDATE', 'DELETE')
GROUP BY dataset, table_name, kind
ORDER BY jobs DESC, dataset, table_name, kind
LIMIT @limit`,
};
