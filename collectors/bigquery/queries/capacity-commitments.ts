import { z } from 'zod';
import { type Query, viewPath } from './query.ts';

const columns = {
  /** Empty when the view gives none. */
  id: z.string(),
  edition: z.string(),
  /** `ANNUAL`, `THREE_YEAR`, `MONTHLY`, … */
  plan: z.string(),
  slots: z.number(),
};

const row = z.object(columns);

export type PresentCommitment = z.infer<typeof row>;

/**
 * Slots that are paid for whatever happens, as they are now.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-capacity-commitments
 */
export const capacityCommitmentsQuery: Query<PresentCommitment> = {
  name: 'capacity-commitments',
  views: ['CAPACITY_COMMITMENTS'],
  parameters: {},
  row,
  sql: (scope) => `
SELECT
  IFNULL(capacity_commitment_id, '') AS id,
  IFNULL(edition, '') AS edition,
  IFNULL(commitment_plan, '') AS plan,
  IFNULL(slot_count, 0) AS slots
FROM ${viewPath(scope, 'CAPACITY_COMMITMENTS')}
WHERE state = 'ACTIVE'
ORDER BY edition, plan, id`,
};

const changeRow = z.object({
  ...columns,
  /** Unix time in milliseconds. */
  changed_ms: z.number(),
  /** `CREATE`, `UPDATE` or `DELETE`. */
  action: z.string(),
  /** After the change: `PENDING`, `ACTIVE`, … */
  state: z.string(),
});

export type CommitmentChange = z.infer<typeof changeRow>;

/**
 * When commitments began, changed and ended. Those that ended are kept for 41 days.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-capacity-commitment-changes
 */
export const commitmentChangesQuery: Query<CommitmentChange> = {
  name: 'commitment-changes',
  views: ['CAPACITY_COMMITMENT_CHANGES'],
  parameters: {},
  row: changeRow,
  sql: (scope) => `
SELECT
  IFNULL(capacity_commitment_id, '') AS id,
  UNIX_MILLIS(change_timestamp) AS changed_ms,
  IFNULL(action, '') AS action,
  IFNULL(state, '') AS state,
  IFNULL(edition, '') AS edition,
  IFNULL(commitment_plan, '') AS plan,
  IFNULL(slot_count, 0) AS slots
FROM ${viewPath(scope, 'CAPACITY_COMMITMENT_CHANGES')}
WHERE change_timestamp IS NOT NULL
ORDER BY changed_ms, id`,
};
