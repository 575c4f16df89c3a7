import { overTime, type Panel } from '../../../src/sdk.ts';

const place = '{{database}}/{{container}} {{region}}';
const dataPlane = 'a target with a key alone (data plane) does not see it.';

export const healthPanels: readonly Panel[] = [
  overTime(
    'Account',
    'state',
    [['max by (target, plane, consistency) ($accountInfo{$on})', '{{target}} · {{plane}} · {{consistency}}']],
    'How each account is watched and its default consistency.',
    { kind: 'stat', width: 4 },
  ),
  overTime(
    'Availability in the last full hour',
    'ratio',
    [['min by (target) ($serviceAvailabilityRatio{$on})', '{{target}}']],
    'Requests that the service answered, as it counts itself. Below 99.99 % it broke its agreement.',
    {
      kind: 'stat',
      width: 4,
      thresholds: { warning: 0.9999, critical: 0.99, below: true },
      usuallyEmpty: dataPlane,
    },
  ),
  overTime(
    'Regions that take writes',
    'state',
    [['max by (target, region) ($regionWritable{$on})', '{{target}} · {{region}}']],
    'Where writes go (1). A change is a failover.',
    { kind: 'state-timeline', width: 8 },
  ),
  overTime(
    'Utilisation over the window',
    'ratio',
    [['max by (target, database, container, region) ($utilizationP95Ratio{$on})', place]],
    'What 95 of 100 minutes of the last 7 days stayed within: between 70 and 85 % is well used. Below: lower the throughput unless it is at its minimum; above, with 429s: raise it. Containers that share throughput stand together under an empty name.',
    {
      kind: 'bar-gauge',
      objective: 'request_unit_utilization_ratio',
      usuallyEmpty: 'serverless accounts have no throughput, and a key alone does not show it.',
    },
  ),
  overTime(
    'Requests refused (429)',
    'ratio',
    [['max by (target, database, container, region) ($throttledRatio{$on})', place]],
    'Part of the requests that were refused for want of throughput. Up to 5 % is well used; more makes requests slow.',
    { width: 12, thresholds: { warning: 0.05, critical: 0.25 }, usuallyEmpty: dataPlane },
  ),
  overTime(
    'Server-side latency, 95 %',
    'seconds',
    [['max by (target, database, container) ($latencyP95Seconds{$on})', '{{database}}/{{container}}']],
    'Time of the service for 95 of 100 requests, without the network. Above the bound look for queries over all partitions.',
    { width: 12, objective: 'oltp_query_seconds', usuallyEmpty: dataPlane },
  ),
];
