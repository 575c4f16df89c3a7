import { z } from 'zod';
import { type Query, viewPath } from './query.ts';

const row = z.object({
  recommender: z.string(),
  subtype: z.string(),
  description: z.string(),
  /** An array in the answers, a text in the manual. */
  resources: z.union([z.array(z.string()), z.string()]).nullable(),
  bytes_saved: z.number().nullable(),
  slot_ms_saved: z.number().nullable(),
});

/**
 * What BigQuery itself recommends to save money, with what it expects to be saved in a month.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-recommendations
 */
export const recommendationsQuery: Query<z.infer<typeof row>> = {
  name: 'recommendations',
  views: ['RECOMMENDATIONS'],
  parameters: { limit: 'INT64' },
  row,
  sql: (scope) => `
SELECT
  IFNULL(recommender, '') AS recommender,
  IFNULL(subtype, '') AS subtype,
  IFNULL(description, '') AS description,
  target_resources AS resources,
  SAFE_CAST(JSON_VALUE(additional_details.overview, '$.bytesSavedMonthly') AS INT64) AS bytes_saved,
  SAFE_CAST(JSON_VALUE(additional_details.overview, '$.slotMsSavedMonthly') AS INT64) AS slot_ms_saved
FROM ${viewPath(scope, 'RECOMMENDATIONS')}
WHERE state = 'ACTIVE' AND primary_impact.category = 'COST'
ORDER BY bytes_saved DESC, slot_ms_saved DESC
LIMIT @limit`,
};
