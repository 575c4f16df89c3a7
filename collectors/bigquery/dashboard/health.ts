import { overTime, type Panel } from '../../../src/sdk.ts';

export const healthPanels: readonly Panel[] = [
  overTime(
    'Spend this month',
    'usd',
    [['max by (target, project) ($spendUsd{$on,window="month"})', '{{target}} · {{project}}']],
    'Month to date in the billing time zone: queries by bytes billed, reservations by capacity and time.',
    { kind: 'stat', width: 6 },
  ),
  overTime(
    'Expected at the end of the month',
    'usd',
    [
      ['max by (target, project) ($spendForecastUsd{$on,window="month"})', '{{target}} · {{project}}'],
      ['max by (target, project) ($spendForecastLowerUsd{$on,window="month"})', 'at least, {{project}}'],
      ['max by (target, project) ($spendForecastUpperUsd{$on,window="month"})', 'at most, {{project}}'],
    ],
    'Forecast with the ends of the interval that holds eight months of ten. Above the budget: find who spends, below, before the month is over.',
    { width: 12, objective: 'bigquery_spend_usd', usuallyEmpty: 'a forecast takes seven days of history.' },
  ),
  overTime(
    'Answers of the API',
    'seconds',
    [['max by (target, project) ($apiResponseSeconds{$on})', '{{target}} · {{project}}']],
    'Time to list one dataset; below a second when all is well.',
    { kind: 'stat', width: 6, thresholds: { warning: 2, critical: 5 } },
  ),
  overTime(
    'Time of queries, 95 %',
    'seconds',
    [['max by (target, project, region) ($jobP95Seconds{$on})', '{{project}} {{region}}']],
    'Time from creation to end of interactive queries of others, in the last hour. Above the bound: are they queued, or do they read too much?',
    { width: 12, objective: 'olap_query_seconds', usuallyEmpty: 'nobody queried within the hour.' },
  ),
  overTime(
    'Jobs now',
    'count',
    [
      ['max by (target, project) ($runningJobs{$on})', 'running, {{project}}'],
      ['max by (target, project) ($pendingJobs{$on})', 'waiting, {{project}}'],
    ],
    'Jobs of all users that run or wait. Many waiting: slots or concurrency are short.',
    { width: 12 },
  ),
];
