import { overTime, type Panel } from '../../../src/sdk.ts';

export const problemPanels: readonly Panel[] = [
  overTime(
    'Jobs that failed in the last hour',
    'count',
    [['max by (target, project, region, reason) ($failedJobs{$on})', '{{project}} {{region}} {{reason}}']],
    'By reason. quotaExceeded: a limit is reached. resourcesExceeded: a query is too large. invalidQuery: wrong SQL. stopped: somebody cancelled it.',
    { width: 12, usuallyEmpty: 'no job failed within the hour.' },
  ),
  overTime(
    'Part of the jobs that failed',
    'ratio',
    [
      [
        'sum by (target, project, region) (max by (target, project, region, reason) ($failedJobs{$on})) / max by (target, project, region) ($endedJobs{$on})',
        '{{project}} {{region}}',
      ],
    ],
    'Of the jobs that ended in the last hour. A few per cent of wrong SQL are usual.',
    {
      width: 12,
      thresholds: { warning: 0.05, critical: 0.5 },
      usuallyEmpty: 'no job failed within the hour.',
    },
  ),
  overTime(
    'Spend in an hour against usual',
    'usd',
    [
      ['max by (target, project) ($spendPerHourUsd{$on,window="last_24h"})', 'last day, {{project}}'],
      ['max by (target, project) ($spendUsd{$on,window="last_7d"}) / 168', 'usual (7 days), {{project}}'],
    ],
    'Average hour of the last day and of the last week. Several times the usual: a query in a loop, a new dashboard, a backfill.',
  ),
  overTime(
    'Wait before a query begins, 95 %',
    'seconds',
    [['max by (target, project, region) ($queuedP95Seconds{$on})', '{{project}} {{region}}']],
    'Queries wait for slots or for their turn. A minute and more makes dashboards late.',
    { thresholds: { warning: 10, critical: 60 }, usuallyEmpty: 'nobody queried within the hour.' },
  ),
  overTime(
    'Jobs that waited in the worst minute',
    'count',
    [['max by (target, project, region) ($queuedJobs{$on})', '{{project}} {{region}}']],
    'Average of the worst minute of the last hour.',
    { usuallyEmpty: 'nobody queried within the hour.' },
  ),
  overTime(
    'Findings',
    'count',
    [['max by (target, code, severity) ($findings{$on})', '{{target}} · {{code}} ({{severity}})']],
    'What Reeve found that somebody should mend. `reeve collect --json` has the texts.',
    { kind: 'table', width: 24, usuallyEmpty: 'nothing was found.' },
  ),
];
