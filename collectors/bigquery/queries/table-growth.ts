import { z } from 'zod';
import { type Query, viewPath } from './query.ts';

const row = z.object({
  dataset: z.string(),
  table_name: z.string(),
  is_deleted: z.boolean(),
  table_rows: z.number(),
  active_logical: z.number(),
  long_term_logical: z.number(),
  active_physical: z.number(),
  long_term_physical: z.number(),
  time_travel: z.number(),
  fail_safe: z.number(),
  created_ms: z.number(),
  modified_ms: z.number(),
});

export type TableSizeRow = z.infer<typeof row>;

/**
 * The biggest tables, with what time travel and fail-safe keep of them; deleted ones while they are kept.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-table-storage
 */
export const tableSizesQuery: Query<TableSizeRow> = {
  name: 'table-sizes',
  views: ['TABLE_STORAGE'],
  parameters: { limit: 'INT64' },
  row,
  sql: (scope) => `
SELECT
  table_schema AS dataset,
  table_name,
  IFNULL(deleted, FALSE) AS is_deleted,
  IFNULL(total_rows, 0) AS table_rows,
  IFNULL(active_logical_bytes, 0) AS active_logical,
  IFNULL(long_term_logical_bytes, 0) AS long_term_logical,
  IFNULL(active_physical_bytes, 0) AS active_physical,
  IFNULL(long_term_physical_bytes, 0) AS long_term_physical,
  IFNULL(time_travel_physical_bytes, 0) AS time_travel,
  IFNULL(fail_safe_physical_bytes, 0) AS fail_safe,
  UNIX_MILLIS(IFNULL(creation_time, TIMESTAMP_MILLIS(0))) AS created_ms,
  UNIX_MILLIS(IFNULL(storage_last_modified_time, TIMESTAMP_MILLIS(0))) AS modified_ms
FROM ${viewPath(scope, 'TABLE_STORAGE')}
ORDER BY active_physical + long_term_physical + fail_safe DESC, dataset, table_name
LIMIT @limit`,
};
