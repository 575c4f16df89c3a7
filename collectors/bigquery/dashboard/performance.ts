import { overTime, type Panel } from '../../../src/sdk.ts';

const scope = '{{project}} {{region}}';
const nobody = 'nobody queried within the hour.';

export const performancePanels: readonly Panel[] = [
  overTime(
    'Time of queries',
    'seconds',
    [
      ['max by (target, project, region) ($jobP50Seconds{$on})', 'half, {{project}} {{region}}'],
      ['max by (target, project, region) ($jobP95Seconds{$on})', '95 %, {{project}} {{region}}'],
    ],
    'Half and 95 of 100 interactive queries took no longer.',
    { usuallyEmpty: nobody },
  ),
  overTime(
    'Queries that ended',
    'count',
    [['max by (target, project, region) ($finishedJobs{$on})', scope]],
    'Interactive queries of others that ended well in the last hour.',
    { usuallyEmpty: nobody },
  ),
  overTime(
    'Answered from the cache',
    'ratio',
    [['max by (target, project, region) ($cacheHitRatio{$on})', scope]],
    'Queries that cost nothing because nothing had changed. Dashboards that add the present time to their SQL never hit it.',
    { usuallyEmpty: nobody },
  ),
  overTime(
    'Slots in use',
    'count',
    [
      ['max by (target, project, region) ($slotsUsed{$on})', 'average, {{project}} {{region}}'],
      ['max by (target, project, region) ($slotsUsedMax{$on})', 'busiest minute, {{project}} {{region}}'],
    ],
    'Over the last hour. On demand a project has 2,000; a reservation as many as are paid for.',
    { width: 12, usuallyEmpty: nobody },
  ),
  overTime(
    'Work that could have run with more slots',
    'count',
    [['max by (target, project, region) ($runnableUnits{$on})', scope]],
    'Several times the slots in use for an hour: capacity is short.',
    { width: 12, usuallyEmpty: nobody },
  ),
];
