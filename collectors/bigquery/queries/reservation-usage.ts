import { z } from 'zod';
import { type Query, viewPath } from './query.ts';

const row = z.object({
  quarter: z.number(),
  reservation: z.string(),
  /** `STANDARD`, `ENTERPRISE`, `ENTERPRISE_PLUS`; empty for flat-rate capacity of old. */
  edition: z.string(),
  baseline_slot_seconds: z.number(),
  autoscale_slot_seconds: z.number(),
});

/**
 * Capacity of each reservation of the administration project, by quarter of an hour: what is paid for, used or not. The baseline of a
 * reservation that fails over is paid where it was created.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-reservation-timeline
 */
export const reservationUsageQuery: Query<z.infer<typeof row>> = {
  name: 'reservation-usage',
  views: ['RESERVATIONS_TIMELINE'],
  parameters: { from: 'TIMESTAMP', to: 'TIMESTAMP' },
  row,
  sql: (scope) => `
SELECT
  DIV(UNIX_SECONDS(period_start), 900) * 900 AS quarter,
  reservation_id AS reservation,
  IFNULL(edition, '') AS edition,
  SUM(IF(IFNULL(is_creation_region, TRUE), IFNULL(slots_assigned, 0), 0) * 60) AS baseline_slot_seconds,
  SUM(IFNULL(period_autoscale_slot_seconds, 0)) AS autoscale_slot_seconds
FROM ${viewPath(scope, 'RESERVATIONS_TIMELINE')}
WHERE period_start >= @from AND period_start < @to
GROUP BY quarter, reservation, edition
ORDER BY quarter, reservation, edition`,
};
