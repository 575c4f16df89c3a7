import type { AlertRule } from '../../../src/sdk.ts';
import { byUser, dearest, overThoseJobs, pages, project, series } from './series.ts';

const last24h = `${project},window="last_24h"`;
const last7d = `${project},window="last_7d"`;
const month = `${project},window="month"`;

/** Who spent, in every region; the alert names none. */
const whoSpent = "reeve collect --target '{{ $labels.target }}' --paid --json";

const burst = {
  name: 'ReeveBigquerySpendBurst',
  for: '15m',
  summary:
    '{{ $labels.project }} ({{ $labels.target }}) spent {{ $value | printf "%.2f" }} USD an hour over the last day, several times as much as usual',
  description:
    'At this pace the month costs a multiple of the one before. A query in a loop, a new dashboard or a backfill are the usual reasons; each hour that it goes on is paid for.',
  command: whoSpent,
  runbook: {
    meaning:
      'Spend of the last 24 hours is several times that of an average day of the last 7. Users feel nothing; the invoice does.',
    steps: [
      `Find the jobs, in each region: ${overThoseJobs(dearest.select, dearest.rest)}`,
      `Find who: ${overThoseJobs(byUser.select, byUser.rest)}`,
      'Stop what runs and nobody needs: `bq --project_id=<project> --location=<region> cancel <job>`',
      'Stop it for good for today: lower the quota of the user or the project (`QueryUsagePerUserPerDay`, `QueryUsagePerDay`), under IAM & Admin, Quotas, BigQuery API; it takes effect within minutes and ends at midnight Pacific time.',
      'Make the query cheaper: a filter on the partition, fewer columns, a materialised result. See what one would cost before it runs: `bq query --dry_run --use_legacy_sql=false "<query>"`',
    ],
    afterwards:
      'It ends when a day costs about what days cost. Give jobs `maximum_bytes_billed`, tables `require_partition_filter`, and users a daily quota.',
    links: pages('best-practices-costs', 'custom-quotas', 'information-schema-jobs'),
  },
} as const;

const perHour = '$spendPerHourUsd{window="last_24h"}';
/** Compares with the average of the last 168 hours. */
const timesUsual = (times: number): string =>
  `${perHour} > ignoring (window) group_left () (${times} / 168 * $spendUsd{window="last_7d"})`;

export const spendAlerts: readonly AlertRule[] = [
  {
    ...burst,
    severity: 'ticket',
    // Below half a dollar an hour nobody is woken.
    expr: `${perHour} > 0.5 and ${timesUsual(2.5)}`,
    tests: {
      fires: {
        series: [series('spendPerHourUsd', '6x60', last24h), series('spendUsd', '336x60', last7d)],
        after: '30m',
      },
      quiet: {
        series: [series('spendPerHourUsd', '4x60', last24h), series('spendUsd', '336x60', last7d)],
        after: '30m',
      },
    },
  },
  {
    ...burst,
    severity: 'page',
    expr: `${perHour} > 10 and ${timesUsual(4)}`,
    tests: {
      fires: {
        series: [series('spendPerHourUsd', '20x60', last24h), series('spendUsd', '500x60', last7d)],
        after: '30m',
      },
      quiet: {
        series: [series('spendPerHourUsd', '8x60', last24h), series('spendUsd', '200x60', last7d)],
        after: '30m',
      },
    },
  },
  {
    name: 'ReeveBigqueryOwnSpendHigh',
    severity: 'ticket',
    expr: '$ownSpendUsd{window="today"} > 1',
    for: '0s',
    summary:
      'Watching {{ $labels.project }} ({{ $labels.target }}) has cost {{ $value | printf "%.2f" }} USD today',
    description:
      'Reeve asks views of jobs and storage, each billed for at least 10 MiB. With many regions, projects or jobs that adds up; usual are some cents a day.',
    command: "reeve check --target '{{ $labels.target }}'",
    runbook: {
      meaning: 'The queries of Reeve itself cost more than a dollar today. Nobody feels it.',
      steps: [
        'See which: `bq query --project_id=<project> --location=<region> --use_legacy_sql=false "SELECT l.value, COUNT(*) AS jobs, SUM(total_bytes_billed) / POW(1024, 3) AS gib FROM region-<region>.INFORMATION_SCHEMA.JOBS, UNNEST(labels) AS l WHERE l.key = \'reeve-query\' AND creation_time > TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 24 HOUR) GROUP BY 1 ORDER BY gib DESC"`',
        'Read less often: `groups: { spend: { every: 1h }, performance: { every: 1h }, slots: { every: 1h } }`',
        'Leave out what you do not use: `groups: { breakdown: { enabled: false } }`, and regions without data.',
        'Several agents on one project pay several times: use `shard`.',
      ],
      afterwards: 'It ends with the day in the billing time zone.',
      links: pages('information-schema-jobs', 'information-schema-intro'),
    },
    tests: {
      fires: { series: [series('ownSpendUsd', '0+0.1x30', `${project},window="today"`)], after: '15m' },
      quiet: {
        series: [
          series('ownSpendUsd', '0.2x30', `${project},window="today"`),
          series('ownSpendUsd', '6x30', month),
        ],
        after: '15m',
      },
    },
  },
  {
    name: 'ReeveBigquerySavingsLeft',
    severity: 'info',
    expr: 'sum without (region, recommender) ($recommendedSavingsUsd) > 50',
    for: '0s',
    summary:
      'BigQuery recommends changes to {{ $labels.project }} ({{ $labels.target }}) that save {{ $value | printf "%.0f" }} USD a month',
    description: 'Tables are read whole because they are not partitioned or clustered.',
    command: "reeve collect --target '{{ $labels.target }}' --paid --json",
    runbook: {
      meaning: 'BigQuery looked at the last 30 days and found tables whose layout wastes money.',
      steps: [
        'Read them: `bq query --project_id=<project> --location=<region> --use_legacy_sql=false "SELECT target_resources, description, additional_details FROM region-<region>.INFORMATION_SCHEMA.RECOMMENDATIONS WHERE state = \'ACTIVE\'"`',
        'Clustering can be set on the table as it is: `bq update --clustering_fields=<columns> <project>:<dataset>.<table>`, and holds for what is written from then on.',
        'Partitioning needs a copy: `CREATE TABLE <new> PARTITION BY … CLUSTER BY … AS SELECT * FROM <old>`, then exchange the names.',
      ],
      afterwards: 'It ends when BigQuery counts less, a day after the change.',
      links: pages('view-partition-cluster-recommendations', 'information-schema-recommendations'),
    },
    tests: {
      fires: {
        series: [
          series(
            'recommendedSavingsUsd',
            '80x30',
            `${project},region="us",recommender="google.bigquery.table.PartitionClusterRecommender"`,
          ),
        ],
        after: '10m',
      },
      quiet: {
        series: [
          series(
            'recommendedSavingsUsd',
            '20x30',
            `${project},region="us",recommender="google.bigquery.table.PartitionClusterRecommender"`,
          ),
        ],
        after: '10m',
      },
    },
  },
];
