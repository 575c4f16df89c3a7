import { z } from 'zod';
import { type Query, viewPath } from './query.ts';

const storageRow = z.object({
  dataset: z.string(),
  tables: z.number(),
  active_logical: z.number(),
  long_term_logical: z.number(),
  active_physical: z.number(),
  long_term_physical: z.number(),
  time_travel: z.number(),
  fail_safe: z.number(),
});

export type StorageRow = z.infer<typeof storageRow>;

/**
 * Bytes of each dataset. Deleted tables stay while time travel and fail-safe keep them, for they are billed. Active physical bytes
 * contain those of time travel, not those of fail-safe.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-table-storage
 */
export const storageQuery: Query<StorageRow> = {
  name: 'storage',
  views: ['TABLE_STORAGE'],
  parameters: {},
  row: storageRow,
  sql: (scope) => `
SELECT
  table_schema AS dataset,
  COUNTIF(NOT IFNULL(deleted, FALSE)) AS tables,
  SUM(IFNULL(active_logical_bytes, 0)) AS active_logical,
  SUM(IFNULL(long_term_logical_bytes, 0)) AS long_term_logical,
  SUM(IFNULL(active_physical_bytes, 0)) AS active_physical,
  SUM(IFNULL(long_term_physical_bytes, 0)) AS long_term_physical,
  SUM(IFNULL(time_travel_physical_bytes, 0)) AS time_travel,
  SUM(IFNULL(fail_safe_physical_bytes, 0)) AS fail_safe
FROM ${viewPath(scope, 'TABLE_STORAGE')}
GROUP BY dataset
ORDER BY active_physical DESC, dataset`,
};

const billingModelRow = z.object({ dataset: z.string(), model: z.string() });

/**
 * Datasets that are billed otherwise than by logical bytes, or say so.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-datasets-schemata-options
 */
export const billingModelsQuery: Query<z.infer<typeof billingModelRow>> = {
  name: 'billing-models',
  views: ['SCHEMATA_OPTIONS'],
  parameters: {},
  row: billingModelRow,
  sql: (scope) => `
SELECT
  schema_name AS dataset,
  IFNULL(option_value, '') AS model
FROM ${viewPath(scope, 'SCHEMATA_OPTIONS')}
WHERE option_name = 'storage_billing_model'
ORDER BY dataset`,
};
