/** What metrics have in common by where they come from; spread into the tables. */

export const projectLabel = 'The project.';
export const regionLabel = 'Location of the data, as in `us` or `europe-west1`.';
export const windowLabel =
  'today, last_24h, last_7d or month: days and the month to date in the billing time zone; the sliding ones begin on a quarter of an hour.';

const gauge = { kind: 'gauge', since: '2', stability: 'stable' } as const;

/** From the API itself, without a query. */
export const api = {
  ...gauge,
  docs: 'https://docs.cloud.google.com/bigquery/docs/reference/rest',
  cost: 'one request a project, free',
} as const;

/** From the views of jobs. */
export const jobs = {
  ...gauge,
  docs: 'https://docs.cloud.google.com/bigquery/docs/information-schema-jobs',
  cost: 'one query a project and region, billed for at least 10 MiB',
} as const;
