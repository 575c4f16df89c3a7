import type { AlertRule } from '../../../src/sdk.ts';
import {
  failures,
  oneAgent,
  otherAgent,
  overJobs,
  overThoseJobs,
  pages,
  project,
  scope,
  series,
  waiting,
} from './series.ts';

/** Whose fault a failure is not: a job that was stopped on purpose, and SQL that is wrong. */
const ours = 'reason!~"stopped|invalidQuery"';

const failing = {
  name: 'ReeveBigqueryJobsFailing',
  for: '15m',
  summary:
    '{{ $value | humanizePercentage }} of the jobs of {{ $labels.project }} in {{ $labels.region }} ({{ $labels.target }}) failed in the last hour',
  description:
    'Pipelines that depend on them lack data, and those that try again cost more. Jobs that were stopped and queries with wrong SQL are not counted.',
  command: overJobs(failures.select, failures.rest),
  runbook: {
    meaning: 'Many jobs fail for the same few reasons. Users see missing or old data.',
    steps: [
      `See the reasons and an example of each: ${overThoseJobs(failures.select, failures.rest)}`,
      'quotaExceeded, rateLimitExceeded: go on with ReeveBigqueryQuotaExceeded.',
      'resourcesExceeded: one query needs too much memory: no ORDER BY without LIMIT, no join of everything with everything, smaller aggregates.',
      'accessDenied: what was changed in IAM? `gcloud logging read \'protoPayload.methodName="SetIamPolicy"\' --project=<project> --freshness=2h`',
      'notFound: a table was dropped or expired: `bq show --format=prettyjson <project>:<dataset>`, and within 7 days it can be brought back: `bq cp <dataset>.<table>@-3600000 <dataset>.<table>`',
      'backendError, internalError: BigQuery itself, https://status.cloud.google.com/; try again later.',
    ],
    afterwards: 'It ends when less than the threshold fails. Run what failed again, oldest first.',
    links: pages('error-messages', 'troubleshoot-queries', 'information-schema-jobs'),
  },
} as const;

/** Each agent's own count: what two agents count of one project is not twice as much. */
const failed = `sum without (reason) ($failedJobs{${ours}})`;
/** Part of the jobs that failed, of those that ended in the last hour. */
const failedPart = `${failed} / $endedJobs`;
const enough = `${failed} >= 5`;

export const jobAlerts: readonly AlertRule[] = [
  {
    ...failing,
    severity: 'ticket',
    expr: `${failedPart} > 0.05 and ${enough}`,
    tests: {
      fires: {
        series: [
          series('failedJobs', '10x60', `${scope},reason="resourcesExceeded"`),
          series('endedJobs', '100x60', scope),
        ],
        after: '30m',
      },
      quiet: {
        series: [
          series('failedJobs', '10x60', `${scope},reason="invalidQuery"`),
          series('endedJobs', '100x60', scope),
        ],
        after: '30m',
      },
    },
  },
  {
    ...failing,
    severity: 'page',
    expr: `${failedPart} > 0.5 and ${enough}`,
    tests: {
      fires: {
        series: [oneAgent, otherAgent].flatMap((agent) => [
          series('failedJobs', '60x60', `${agent},${scope},reason="backendError"`),
          series('endedJobs', '80x60', `${agent},${scope}`),
        ]),
        after: '30m',
      },
      quiet: {
        // One of two jobs: too few to wake anybody.
        series: [
          series('failedJobs', '1x60', `${scope},reason="backendError"`),
          series('endedJobs', '2x60', scope),
        ],
        after: '30m',
      },
    },
  },
  {
    name: 'ReeveBigqueryQuotaExceeded',
    severity: 'page',
    expr: 'sum without (reason) ($failedJobs{reason=~"quotaExceeded|rateLimitExceeded|billingTierLimitExceeded"}) >= 3',
    for: '5m',
    summary:
      '{{ $value }} jobs of {{ $labels.project }} in {{ $labels.region }} ({{ $labels.target }}) were refused for their quota in the last hour',
    description:
      'Everybody of that quota is refused until it fills up again: a daily one not before midnight Pacific time. Pipelines stand still.',
    command: overJobs(failures.select, failures.rest),
    runbook: {
      meaning:
        'A limit of BigQuery, or a quota that somebody set to save money, is reached. Users get errors.',
      steps: [
        `Which quota? The message says it: ${overThoseJobs(failures.select, failures.rest)}`,
        'See its use: Google Cloud console, IAM & Admin, Quotas, service BigQuery API, sorted by current usage.',
        '"Custom quota exceeded": yours (`QueryUsagePerDay`, `QueryUsagePerUserPerDay`). Find what used it up (ReeveBigquerySpendBurst) before you raise it.',
        '"too many table update operations", "too many DML statements": batch the writes; streaming goes through the Storage Write API.',
        '"Exceeded rate limits: too many concurrent queries": spread the schedule, or queue with batch priority.',
      ],
      afterwards: 'It ends when jobs pass again for an hour. Run what was refused.',
      links: pages('troubleshoot-quotas', 'quotas', 'custom-quotas'),
    },
    tests: {
      fires: { series: [series('failedJobs', '8x30', `${scope},reason="quotaExceeded"`)], after: '15m' },
      quiet: {
        series: [
          series('failedJobs', '2x30', `${oneAgent},${scope},reason="quotaExceeded"`),
          series('failedJobs', '2x30', `${otherAgent},${scope},reason="quotaExceeded"`),
          series('failedJobs', '9x30', `${scope},reason="resourcesExceeded"`),
        ],
        after: '15m',
      },
    },
  },
  {
    name: 'ReeveBigqueryJobsQueued',
    severity: 'ticket',
    expr: '$queuedP95Seconds > 60 and $finishedJobs >= 5',
    for: '30m',
    summary:
      'Queries of {{ $labels.project }} in {{ $labels.region }} ({{ $labels.target }}) wait {{ $value | humanizeDuration }} before they begin',
    description:
      'They wait for slots or for their turn, before anything is read. Dashboards and pipelines get late.',
    command: overJobs(waiting.select, waiting.rest),
    runbook: {
      meaning: 'More jobs are started than may run at once. Users wait.',
      steps: [
        `See what runs and what waits: ${overThoseJobs(waiting.select, waiting.rest)}`,
        'One user or one pipeline holds most slots? Cancel or put off: `bq --project_id=<project> --location=<region> cancel <job>`',
        'A reservation is full: raise its autoscaling maximum, `bq update --project_id=<admin project> --location=<region> --reservation --autoscale_max_slots=<slots> <reservation>`, or give interactive work one of its own.',
        'On demand: spread scheduled queries over the hour; give them batch priority.',
      ],
      afterwards: 'It ends when 95 of 100 queries begin within a minute.',
      links: pages('query-queues', 'slots', 'reservations-workload-management'),
    },
    tests: {
      fires: {
        series: [series('queuedP95Seconds', '1x5 120x60', scope), series('finishedJobs', '40x70', scope)],
        after: '50m',
      },
      quiet: {
        series: [series('queuedP95Seconds', '1x5 120x60', scope), series('finishedJobs', '3x70', scope)],
        after: '50m',
      },
    },
  },
  {
    name: 'ReeveBigquerySlotsSaturated',
    severity: 'ticket',
    expr: '$queuedJobs > 5 and on (job, instance, target, engine, project, region) $runnableUnits > 4 * $slotsUsed and on (job, instance, target, engine, project, region) $slotsUsed > 10',
    for: '1h',
    summary:
      '{{ $value | humanize }} jobs of {{ $labels.project }} in {{ $labels.region }} ({{ $labels.target }}) wait for slots, and those that run could use four times as many',
    description: 'Every query takes several times as long as it would with enough slots.',
    command: overJobs(waiting.select, waiting.rest),
    runbook: {
      meaning:
        'Capacity is short for over an hour. Users see slow queries; on a reservation they cost no more, only time.',
      steps: [
        `See who uses the slots: ${overThoseJobs(waiting.select, waiting.rest)}`,
        'A query that takes most of them? Make it read less: partitions, columns, materialised views.',
        'On a reservation: more slots for the hours that need them (autoscaling), idle slots of other reservations (`ignore_idle_slots=false`).',
        'On demand there are 2,000 slots for the project: move heavy pipelines to a reservation of their own.',
      ],
      afterwards: 'It ends when jobs no longer wait.',
      links: pages('slots', 'reservations-workload-management', 'information-schema-jobs-timeline'),
    },
    tests: {
      fires: {
        series: [
          series('queuedJobs', '12x90', scope),
          series('runnableUnits', '4000x90', scope),
          series('slotsUsed', '500x90', scope),
        ],
        after: '80m',
      },
      quiet: {
        series: [
          series('queuedJobs', '12x90', scope),
          series('runnableUnits', '600x90', scope),
          series('slotsUsed', '500x90', scope),
        ],
        after: '80m',
      },
    },
  },
  {
    name: 'ReeveBigqueryApiThrottled',
    severity: 'ticket',
    expr: 'sum without (group) (increase($collectErrorsTotal{engine="bigquery",code="throttled"}[30m])) > 3',
    for: '0s',
    summary:
      'BigQuery refused {{ $value | humanize }} readings of {{ $labels.target }} for its rate or quota within half an hour',
    description:
      'Spend and failures go unseen meanwhile. Others with the same project or principal are probably refused too.',
    command: "reeve check --target '{{ $labels.target }}'",
    runbook: {
      meaning:
        'Reeve itself is refused: too many requests, or the quota of bytes of its user or project is used up.',
      steps: [
        'What does BigQuery say? `reeve check --target <target>`; the log of Reeve, `collection failed`, has the message.',
        'Quota of the project: Google Cloud console, IAM & Admin, Quotas, BigQuery API. A daily one comes back at midnight Pacific time.',
        'Read less often: `groups: { spend: { every: 1h } }`; fewer targets with the same principal.',
      ],
      afterwards: 'It ends half an hour after the last refusal.',
      links: pages('quotas', 'troubleshoot-quotas'),
    },
    tests: {
      fires: {
        series: [series('collectErrorsTotal', '0x5 0+1x40', 'group="spend",code="throttled"')],
        after: '30m',
      },
      quiet: {
        series: [series('collectErrorsTotal', '0x5 0+1x40', 'group="spend",code="timeout"')],
        after: '30m',
      },
    },
  },
  {
    name: 'ReeveBigqueryApiSlow',
    severity: 'ticket',
    expr: '$apiResponseSeconds > 5',
    for: '15m',
    summary:
      'The API of BigQuery takes {{ $value | humanizeDuration }} to answer for {{ $labels.project }} ({{ $labels.target }})',
    description:
      'Listing one dataset is answered within a second when all is well. Jobs are slow to begin meanwhile.',
    command: 'curl -s https://status.cloud.google.com/incidents.json | head -c 2000',
    runbook: {
      meaning: 'BigQuery, or the way to it, is slow. Users see slow consoles and late jobs.',
      steps: [
        'Does Google report trouble? https://status.cloud.google.com/',
        'Is it the way there? `curl -s -o /dev/null -w "%{time_connect} %{time_total}\\n" https://bigquery.googleapis.com/` on the host of Reeve; proxies and DNS.',
        'Nothing of both: wait, and open a support case after an hour.',
      ],
      afterwards: 'It ends when an answer takes less than 5 seconds.',
      links: [
        'https://docs.cloud.google.com/bigquery/docs/reference/rest',
        'https://status.cloud.google.com/',
      ],
    },
    tests: {
      fires: { series: [series('apiResponseSeconds', '0.3x5 8x30', project)], after: '25m' },
      quiet: { series: [series('apiResponseSeconds', '0.3x5 8x5 0.3x30', project)], after: '25m' },
    },
  },
];
