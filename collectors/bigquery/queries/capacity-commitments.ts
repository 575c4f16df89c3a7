import { z } from 'zod';
import { type Query, viewPath } from './query.ts';

const row = z.object({
  edition: z.string(),
  /** `ANNUAL`, `THREE_YEAR`, `MONTHLY`, … */
  plan: z.string(),
  slots: z.number(),
});

/**
 * Slots that are paid for whatever happens, by edition and plan, as they are now.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-capacity-commitments
 */
export const capacityCommitmentsQuery: Query<z.infer<typeof row>> = {
  name: 'capacity-commitments',
  views: ['CAPACITY_COMMITMENTS'],
  parameters: {},
  row,
  sql: (scope) => `
SELECT
  IFNULL(edition, '') AS edition,
  IFNULL(commitment_plan, '') AS plan,
  SUM(IFNULL(slot_count, 0)) AS slots
FROM ${viewPath(scope, 'CAPACITY_COMMITMENTS')}
WHERE state = 'ACTIVE'
GROUP BY edition, plan
ORDER BY edition, plan`,
};
