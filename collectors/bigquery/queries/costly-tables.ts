import { z } from 'zod';
import { type Query, viewPath, withoutScripts } from './query.ts';

const costRow = z.object({
  dataset: z.string(),
  table_name: z.string(),
  jobs: z.number(),
  bytes: z.number(),
  slot_ms: z.number(),
  all_tables: z.number(),
});

/**
 * Tables of the project by the bytes that queries over them processed; a query's bytes are shared out evenly among its tables.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-jobs
 */
export const costlyTablesQuery: Query<z.infer<typeof costRow>> = {
  name: 'costly-tables',
  views: ['JOBS'],
  parameters: { from: 'TIMESTAMP', to: 'TIMESTAMP', project: 'STRING', limit: 'INT64' },
  row: costRow,
  sql: (scope) => `
SELECT
  t.dataset_id AS dataset,
  t.table_id AS table_name,
  COUNT(*) AS jobs,
  SUM(SAFE_DIVIDE(IFNULL(total_bytes_processed, 0), ARRAY_LENGTH(referenced_tables))) AS bytes,
  SUM(SAFE_DIVIDE(IFNULL(total_slot_ms, 0), ARRAY_LENGTH(referenced_tables))) AS slot_ms,
  COUNT(*) OVER () AS all_tables
FROM ${viewPath(scope, 'JOBS')}, UNNEST(referenced_tables) AS t
WHERE creation_time >= @from AND creation_time < @to
  AND job_type = 'QUERY'
  AND ${withoutScripts}
  AND NOT IFNULL(cache_hit, FALSE)
  AND t.project_id = @project
GROUP BY dataset, table_name
ORDER BY bytes DESC, dataset, table_name
LIMIT @limit`,
};

const layoutRow = z.object({
  dataset: z.string(),
  table_name: z.string(),
  is_partitioned: z.boolean(),
  is_clustered: z.boolean(),
});

/**
 * Whether tables (as `dataset.table`) are partitioned or clustered. A table that is partitioned by the time of its loading has no column
 * for it and shows a pseudo-column of that name.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-columns
 */
export const tableLayoutQuery: Query<z.infer<typeof layoutRow>> = {
  name: 'table-layout',
  views: ['COLUMNS'],
  parameters: { tables: 'ARRAY<STRING>' },
  row: layoutRow,
  sql: (scope) => `
SELECT
  table_schema AS dataset,
  table_name,
  LOGICAL_OR(is_partitioning_column = 'YES') AS is_partitioned,
  LOGICAL_OR(clustering_ordinal_position IS NOT NULL) AS is_clustered
FROM ${viewPath(scope, 'COLUMNS')}
WHERE CONCAT(table_schema, '.', table_name) IN UNNEST(@tables)
GROUP BY dataset, table_name
ORDER BY dataset, table_name`,
};

const filterRow = z.object({ dataset: z.string(), table_name: z.string(), value: z.string() });

/**
 * Which of the tables (as `dataset.table`) refuse queries without a filter on their partitions.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-table-options
 */
export const partitionFilterQuery: Query<z.infer<typeof filterRow>> = {
  name: 'partition-filter',
  views: ['TABLE_OPTIONS'],
  parameters: { tables: 'ARRAY<STRING>' },
  row: filterRow,
  sql: (scope) => `
SELECT
  table_schema AS dataset,
  table_name,
  IFNULL(option_value, '') AS value
FROM ${viewPath(scope, 'TABLE_OPTIONS')}
WHERE option_name = 'require_partition_filter'
  AND CONCAT(table_schema, '.', table_name) IN UNNEST(@tables)
ORDER BY dataset, table_name`,
};
