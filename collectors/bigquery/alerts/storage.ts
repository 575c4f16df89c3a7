import type { AlertRule } from '../../../src/sdk.ts';
import { oneAgent, otherAgent, pages, project, series } from './series.ts';

const kind = (name: string): string => `${project},kind="${name}"`;

export const storageAlerts: readonly AlertRule[] = [
  {
    name: 'ReeveBigqueryStorageCostGrows',
    severity: 'ticket',
    expr: 'sum by (target, engine, project) (max by (target, engine, project, model) ($storageUsdPerMonth)) > 50 and sum by (target, engine, project) (max by (target, engine, project, model) ($storageUsdPerMonth)) > 1.3 * sum by (target, engine, project) (max by (target, engine, project, model) ($storageUsdPerMonth offset 7d))',
    for: '1h',
    summary:
      'Storage of {{ $labels.project }} ({{ $labels.target }}) costs {{ $value | printf "%.0f" }} USD a month, a third more than a week ago',
    description:
      'It is charged every month until somebody deletes it. Copies, exports and tables without expiration are the usual reasons.',
    command:
      'bq query --project_id={{ $labels.project }} --location=<region> --use_legacy_sql=false "SELECT table_schema, table_name, creation_time, total_logical_bytes / POW(1024, 3) AS gib FROM region-<region>.INFORMATION_SCHEMA.TABLE_STORAGE WHERE NOT deleted ORDER BY total_logical_bytes DESC LIMIT 20"',
    runbook: {
      meaning: 'The project stores much more than last week. Users feel nothing.',
      steps: [
        'Find the largest: `bq query --project_id=<project> --location=<region> --use_legacy_sql=false "SELECT table_schema, table_name, creation_time, total_logical_bytes / POW(1024, 3) AS gib FROM region-<region>.INFORMATION_SCHEMA.TABLE_STORAGE WHERE NOT deleted ORDER BY total_logical_bytes DESC LIMIT 20"`',
        'Ask the owner; set an expiration for what is temporary: `bq update --expiration 604800 <project>:<dataset>.<table>`, for a dataset: `bq update --default_table_expiration 604800 <project>:<dataset>`',
        'Old partitions: `bq update --time_partitioning_expiration 7776000 <project>:<dataset>.<table>`',
        'Compare the billing models (logical or physical) of each dataset: details `datasets` of `reeve collect --target <target> --paid --json`.',
      ],
      afterwards: 'It ends when it costs less, or after a week at the new size.',
      links: pages('best-practices-storage', 'managing-tables', 'datasets-intro'),
    },
    tests: {
      fires: {
        series: [series('storageUsdPerMonth', '100x10080 200x200', `${project},model="logical"`)],
        after: '10180m',
      },
      quiet: {
        series: [series('storageUsdPerMonth', '100x10080 120x200', `${project},model="logical"`)],
        after: '10180m',
      },
    },
  },
  {
    name: 'ReeveBigqueryTimeTravelHeavy',
    severity: 'info',
    expr: '$storageKindBytes{kind="time_travel"} > ignoring (kind) group_left () (0.5 * $storageKindBytes{kind="active_physical"}) and $storageKindBytes{kind="time_travel"} > 100 * 2^30',
    for: '6h',
    summary:
      'More than half of the active bytes of {{ $labels.project }} ({{ $labels.target }}) are time travel: {{ $value | humanize1024 }}B',
    description:
      'Tables are rewritten so often that their past is larger than their present. With physical billing it is charged at the full price.',
    command:
      'bq query --project_id={{ $labels.project }} --location=<region> --use_legacy_sql=false "SELECT table_schema, table_name, time_travel_physical_bytes / POW(1024, 3) AS gib FROM region-<region>.INFORMATION_SCHEMA.TABLE_STORAGE ORDER BY time_travel_physical_bytes DESC LIMIT 20"',
    runbook: {
      meaning: 'Whole tables are replaced again and again instead of what changed in them.',
      steps: [
        'Find them: `bq query --project_id=<project> --location=<region> --use_legacy_sql=false "SELECT table_schema, table_name, time_travel_physical_bytes / POW(1024, 3) AS gib FROM region-<region>.INFORMATION_SCHEMA.TABLE_STORAGE ORDER BY time_travel_physical_bytes DESC LIMIT 20"`',
        'Write what changed (MERGE, partitions) instead of everything.',
        'Shorten time travel where nobody needs it, at least 2 days: `bq update --max_time_travel_hours=48 <project>:<dataset>`. What was deleted cannot be brought back after that.',
      ],
      afterwards: 'It ends when time travel is less than half.',
      links: pages('time-travel', 'datasets-intro'),
    },
    tests: {
      fires: {
        series: [oneAgent, otherAgent].flatMap((agent) => [
          series('storageKindBytes', '800000000000x400', `${agent},${kind('time_travel')}`),
          series('storageKindBytes', '1000000000000x400', `${agent},${kind('active_physical')}`),
        ]),
        after: '380m',
      },
      quiet: {
        series: [
          series('storageKindBytes', '8000000000x400', kind('time_travel')),
          series('storageKindBytes', '10000000000x400', kind('active_physical')),
        ],
        after: '380m',
      },
    },
  },
];
