import { defineMetrics } from '../../../src/sdk.ts';
import { jobs, projectLabel, windowLabel } from './sources.ts';

const byWindow = { project: projectLabel, window: windowLabel } as const;
const spend = { ...jobs, unit: 'usd', labels: byWindow, group: 'spend' } as const;
const source = 'JOBS: total_bytes_billed; RESERVATIONS_TIMELINE, CAPACITY_COMMITMENTS';
const month = {
  ...spend,
  labels: { project: projectLabel, window: 'month: the calendar month in the billing time zone.' },
  source,
} as const;
const breakdown = {
  ...jobs,
  unit: 'usd',
  group: 'breakdown',
  source: 'JOBS: total_bytes_billed at the list price, and a part of the capacity by total_slot_ms',
} as const;
const divided = 'last_24h or month (to date, in the billing time zone).';

export const spendMetrics = defineMetrics({
  spendUsd: {
    ...spend,
    name: 'reeve_bigquery_spend_usd',
    help: 'What queries and capacity cost: on-demand work by bytes billed beyond the free ones, reservations and commitments of the project by capacity and time at the configured price; absent unless every region was read.',
    source,
  },
  onDemandSpendUsd: {
    ...spend,
    name: 'reeve_bigquery_on_demand_spend_usd',
    help: 'The part of the spend that is billed by bytes.',
    source: 'JOBS: total_bytes_billed where reservation_id is NULL',
  },
  reservationSpendUsd: {
    ...spend,
    name: 'reeve_bigquery_reservation_spend_usd',
    labels: {
      ...byWindow,
      reservation: 'As location.name; `commitments` for the slots that are committed to.',
    },
    help: 'The part of the spend that is for the capacity of a reservation, used or not.',
    source: 'RESERVATIONS_TIMELINE: slots_assigned, period_autoscale_slot_seconds',
    docs: 'https://docs.cloud.google.com/bigquery/docs/information-schema-reservation-timeline',
  },
  billedBytes: {
    ...spend,
    name: 'reeve_bigquery_billed_bytes',
    unit: 'bytes',
    help: 'Bytes of on-demand work that were counted for billing, those within the free TiB included.',
    source: 'JOBS: total_bytes_billed where reservation_id is NULL',
  },
  spendPerHourUsd: {
    ...spend,
    name: 'reeve_bigquery_spend_per_hour_usd',
    labels: { project: projectLabel, window: 'last_24h.' },
    help: 'Spend of the last 24 hours for each hour of them.',
    source,
  },
  spendForecastUsd: {
    ...month,
    name: 'reeve_bigquery_spend_forecast_usd',
    help: 'What the month will have cost at its end, as likely to be more as to be less; absent with fewer than seven days of history.',
  },
  spendForecastLowerUsd: {
    ...month,
    name: 'reeve_bigquery_spend_forecast_lower_usd',
    help: 'Lower end of the 80 % interval of the forecast: meant to be too high in one month of ten; of made-up months both ends held 8 to 9 in 10, and 6 to 8 where spend grew fast, wandered or leapt.',
  },
  spendForecastUpperUsd: {
    ...month,
    name: 'reeve_bigquery_spend_forecast_upper_usd',
    help: 'Upper end of the 80 % interval of the forecast: meant to be too low in one month of ten.',
  },
  ownSpendUsd: {
    ...spend,
    group: 'own_spend',
    name: 'reeve_bigquery_own_spend_usd',
    labels: { project: projectLabel, window: 'today or month (to date, in the billing time zone).' },
    help: 'What the queries of Reeve cost at the list price since `reeve_bigquery_own_spend_since_timestamp_seconds`, free bytes not subtracted; it is part of the spend, and absent before the first query and for the rest of a month of which a part was forgotten.',
    source: 'jobs.get: totalBytesBilled of each query sent; of an abandoned one its estimate',
    cost: 'none',
  },
  ownSpendSince: {
    ...jobs,
    group: 'own_spend',
    unit: 'timestamp',
    name: 'reeve_bigquery_own_spend_since_timestamp_seconds',
    labels: { project: projectLabel, window: 'today or month (to date, in the billing time zone).' },
    help: 'From when on the own spend of the window is complete: when the window began, or later, when Reeve began to count.',
    source: 'the first query sent; jobs.list of the day where nothing was remembered',
    cost: 'none; one free request where nothing was remembered',
  },
  userSpendUsd: {
    ...breakdown,
    name: 'reeve_bigquery_user_spend_usd',
    labels: {
      project: projectLabel,
      user: 'Who started the jobs, an e-mail address or by the option `users` its hash; the most expensive ones.',
      window: divided,
    },
    help: 'Spend by user, which publishes e-mail addresses unless the option `users` is hashed or none; free bytes are not subtracted.',
  },
  labelSpendUsd: {
    ...breakdown,
    name: 'reeve_bigquery_label_spend_usd',
    labels: {
      project: projectLabel,
      job_label: 'A label of jobs that the option `jobLabels` names.',
      value: 'Its value, empty for jobs without; the most expensive ones.',
      window: divided,
    },
    help: 'Spend by value of a label of jobs; free bytes are not subtracted.',
  },
  statementSpendUsd: {
    ...breakdown,
    name: 'reeve_bigquery_statement_spend_usd',
    labels: {
      project: projectLabel,
      statement: 'SELECT, MERGE, …; kind of job for loads, copies and exports.',
      window: divided,
    },
    help: 'Spend by kind of statement; free bytes are not subtracted.',
  },
  patternSpendUsd: {
    ...breakdown,
    name: 'reeve_bigquery_pattern_spend_usd',
    labels: {
      project: projectLabel,
      pattern: 'Hash of the query without its literals, empty for jobs without; the most expensive ones.',
      window: divided,
    },
    help: 'Spend by query pattern; free bytes are not subtracted.',
  },
});
