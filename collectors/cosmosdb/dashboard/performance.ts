import { overTime, type Panel } from '../../../src/sdk.ts';

const place = '{{database}}/{{container}} {{region}}';
const dataPlane = 'a target with a key alone (data plane) does not see it.';

export const performancePanels: readonly Panel[] = [
  overTime(
    'Request units',
    'perSecond',
    [['max by (target, database, container, region) ($requestUnitsPerSecond{$on})', place]],
    'Request units consumed in a second, average of the newest settled minute (five minutes old).',
    { width: 12, usuallyEmpty: dataPlane },
  ),
  overTime(
    'Requests',
    'perSecond',
    [['max by (target, database, container, region) ($requestsPerSecond{$on})', place]],
    'Requests of all kinds.',
    { width: 12, usuallyEmpty: dataPlane },
  ),
  overTime(
    'Request units for a request',
    'count',
    [
      [
        'max by (target, database, container, region) ($requestUnitsPerSecond{$on}) / (max by (target, database, container, region) ($requestsPerSecond{$on}) > 0)',
        place,
      ],
    ],
    'What a request costs on average. A read of one small item costs 1, a write about 5; a rise means queries that scan.',
    { usuallyEmpty: 'nobody asks for anything.' },
  ),
  overTime(
    'Utilisation now',
    'ratio',
    [['max by (target, database, container, region) ($utilizationRatio{$on})', place]],
    'Consumed by provisioned throughput in the newest settled minute.',
    { usuallyEmpty: 'serverless accounts have no throughput, and a key alone does not show it.' },
  ),
  overTime(
    'Busiest second of a partition',
    'ratio',
    [['max by (target, database, container, region) ($normalizedRatio{$on})', place]],
    'Utilisation of the busiest partition as Azure normalises it. 100 % now and then is well used rather than wrong.',
    { usuallyEmpty: dataPlane },
  ),
  overTime(
    'Server-side latency',
    'seconds',
    [
      [
        'max by (target, database, container, region, connection_mode) ($latencySeconds{$on})',
        '{{database}}/{{container}} {{region}} {{connection_mode}}',
      ],
    ],
    'Mean time of the service by way of connection. Gateway mode is slower than direct.',
    { width: 12, usuallyEmpty: dataPlane },
  ),
  overTime(
    'Copies to other regions',
    'seconds',
    [
      [
        'max by (target, source_region, target_region) ($replicationLatencySeconds{$on})',
        '{{source_region}} → {{target_region}}',
      ],
    ],
    'Time within which 99 of 100 writes reach another region.',
    { width: 12, thresholds: { warning: 0.5, critical: 1 }, usuallyEmpty: 'the account has one region.' },
  ),
];
