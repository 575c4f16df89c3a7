import { z } from 'zod';
import { onDemandBytes, type Query, type Scope, viewPath, withoutScripts } from './query.ts';

const row = z.object({
  value: z.string(),
  reservation: z.string(),
  jobs: z.number(),
  month_bytes: z.number(),
  day_bytes: z.number(),
  month_slot_ms: z.number(),
  day_slot_ms: z.number(),
  /** How many rows there are beside the ones returned and with them. */
  all_rows: z.number(),
});

export type UsageRow = z.infer<typeof row>;

/** By what usage is divided; the expressions are never NULL, so nothing is lost. */
const dimensions = {
  user: { name: 'usage-by-user', value: "IFNULL(user_email, '')" },
  statement: { name: 'usage-by-statement', value: "IFNULL(statement_type, IFNULL(job_type, ''))" },
  pattern: { name: 'usage-by-pattern', value: "IFNULL(query_info.query_hashes.normalized_literals, '')" },
} as const;

export type Dimension = keyof typeof dimensions | 'label';

const parameters = {
  from: 'TIMESTAMP',
  to: 'TIMESTAMP',
  month: 'TIMESTAMP',
  day: 'TIMESTAMP',
  limit: 'INT64',
} as const;

/**
 * Usage of the month to date and of the last day by one dimension and reservation, the most expensive first.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-jobs
 */
export const usageByQueries: Readonly<Record<Dimension, Query<UsageRow>>> = {
  user: usageBy(dimensions.user),
  statement: usageBy(dimensions.statement),
  pattern: usageBy(dimensions.pattern),
  label: {
    name: 'usage-by-label',
    views: ['JOBS'],
    parameters: { ...parameters, key: 'STRING' },
    row,
    sql: (scope) =>
      usageSql(scope, "IFNULL((SELECT ANY_VALUE(l.value) FROM UNNEST(labels) AS l WHERE l.key = @key), '')"),
  },
};

function usageBy({ name, value }: { readonly name: string; readonly value: string }): Query<UsageRow> {
  return { name, views: ['JOBS'], parameters, row, sql: (scope) => usageSql(scope, value) };
}

function usageSql(scope: Scope, value: string): string {
  return `
SELECT
  ${value} AS value,
  IFNULL(reservation_id, '') AS reservation,
  COUNT(*) AS jobs,
  SUM(IF(creation_time >= @month, ${onDemandBytes}, 0)) AS month_bytes,
  SUM(IF(creation_time >= @day, ${onDemandBytes}, 0)) AS day_bytes,
  SUM(IF(creation_time >= @month, IFNULL(total_slot_ms, 0), 0)) AS month_slot_ms,
  SUM(IF(creation_time >= @day, IFNULL(total_slot_ms, 0), 0)) AS day_slot_ms,
  COUNT(*) OVER () AS all_rows
FROM ${viewPath(scope, 'JOBS')}
WHERE creation_time >= @from AND creation_time < @to
  AND ${withoutScripts}
GROUP BY value, reservation
ORDER BY month_bytes DESC, month_slot_ms DESC, value, reservation
LIMIT @limit`;
}
