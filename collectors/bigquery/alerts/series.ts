import type { TestSeries } from '../../../src/sdk.ts';

/** One series of the target in the tests of rules, in promtool's notation at one-minute steps. */
export function series(key: string, values: string, labels: string): TestSeries {
  return { series: `$${key}{target="warehouse",engine="bigquery",${labels}}`, values };
}

/** Labels of two agents that watch the same. */
export const oneAgent = 'job="reeve",instance="a:9464"';
export const otherAgent = 'job="reeve",instance="b:9464"';

export const project = 'project="double-shop"';
export const scope = `${project},region="us"`;

/** A query over the jobs of the region that an alert names, for its command; `<region>` in runbooks. */
export function overJobs(select: string, rest: string): string {
  return `bq query --project_id={{ $labels.project }} --location={{ $labels.region }} --use_legacy_sql=false "${jobsQuery(select, '{{ $labels.region }}', rest)}"`;
}

/** The same in a runbook. */
export function overThoseJobs(select: string, rest: string): string {
  return `\`bq query --project_id=<project> --location=<region> --use_legacy_sql=false "${jobsQuery(select, '<region>', rest)}"\``;
}

function jobsQuery(select: string, region: string, rest: string): string {
  return `SELECT ${select} FROM region-${region}.INFORMATION_SCHEMA.JOBS WHERE ${rest}`;
}

const manual = 'https://docs.cloud.google.com/bigquery/docs/';
/** Pages of the manual. */
export function pages(...names: readonly string[]): readonly string[] {
  return names.map((name) => `${manual}${name}`);
}

export const dearest = {
  select: 'user_email, job_id, ROUND(total_bytes_billed / POW(1024, 4), 3) AS tib, LEFT(query, 80) AS query',
  rest: 'creation_time > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 24 HOUR) ORDER BY total_bytes_billed DESC LIMIT 20',
} as const;

export const byUser = {
  select: 'user_email, COUNT(*) AS jobs, ROUND(SUM(total_bytes_billed) / POW(1024, 4), 2) AS tib',
  rest: "creation_time > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 24 HOUR) AND (statement_type IS NULL OR statement_type != 'SCRIPT') GROUP BY 1 ORDER BY tib DESC LIMIT 20",
} as const;

export const failures = {
  select:
    'error_result.reason AS reason, ANY_VALUE(error_result.message) AS message, ANY_VALUE(user_email) AS user, COUNT(*) AS jobs',
  rest: 'end_time > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR) AND error_result IS NOT NULL GROUP BY 1 ORDER BY jobs DESC',
} as const;

export const waiting = {
  select:
    'user_email, job_id, state, reservation_id, TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), creation_time, SECOND) AS seconds, total_slot_ms',
  rest: "state != 'DONE' AND creation_time > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 6 HOUR) ORDER BY total_slot_ms DESC LIMIT 20",
} as const;
