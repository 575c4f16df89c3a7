import type { z } from 'zod';

/** Where a query reads: one project in one region. Both are checked by the configuration, for they become part of the SQL. */
export interface Scope {
  readonly project: string;
  /** As in `us` or `europe-west1`, without `region-`. */
  readonly region: string;
}

export type ParameterType = 'TIMESTAMP' | 'INT64' | 'STRING' | 'ARRAY<STRING>';
export type ParameterValue = string | number | readonly string[];

/**
 * A query that Reeve sends. Its SQL keeps to a small part of GoogleSQL: one SELECT with WHERE, GROUP BY, ORDER BY and LIMIT, back-ticked
 * paths, UNNEST in FROM, and named parameters; so that it can be analysed and evaluated in the tests.
 */
export interface Query<R = unknown> {
  /** As in the label `reeve-query` of its jobs; lower case and `-`. */
  readonly name: string;
  /** Views of INFORMATION_SCHEMA that it names, once for each time: BigQuery bills at least 10 MiB for each. */
  readonly views: readonly string[];
  readonly parameters: Readonly<Record<string, ParameterType>>;
  readonly row: z.ZodType<R>;
  readonly sql: (scope: Scope) => string;
}

/** The back-ticked path of a view. */
export function viewPath({ project, region }: Scope, view: string): string {
  return `\`${project}.region-${region}.INFORMATION_SCHEMA.${view}\``;
}

/**
 * Leaves out the jobs of scripts as a whole: their children are here too, and both carry the bytes. Loads, copies and background work
 * have no statement type and stay.
 */
export const withoutScripts = "(statement_type IS NULL OR statement_type != 'SCRIPT')";

/** The pool of jobs whose bytes the view hides; no reservation is named so. */
export const hiddenPool = '(hidden)';

/**
 * Queries of which the view does not say what they were billed for: those that read tables with row-level access policies. They ended, so
 * that no bytes do not mean that they still run.
 */
export const hasHiddenBytes = `reservation_id IS NULL AND total_bytes_billed IS NULL
    AND job_type = 'QUERY' AND state = 'DONE' AND error_result IS NULL
    AND NOT IFNULL(cache_hit, FALSE)
    AND IFNULL(statement_type, '') IN ('SELECT', 'CREATE_TABLE_AS_SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE')`;

/**
 * Bytes that cost money by themselves. Under a reservation the column is informational: capacity is paid for, not bytes.
 *
 * @see https://docs.cloud.google.com/bigquery/docs/information-schema-jobs
 */
export const onDemandBytes = 'IF(reservation_id IS NULL, IFNULL(total_bytes_billed, 0), 0)';

/** Leaves out what Reeve itself asked and did. */
export const withoutOwn =
  "NOT EXISTS (SELECT 1 FROM UNNEST(labels) AS l WHERE l.key IN ('reeve', 'reeve_run'))";
