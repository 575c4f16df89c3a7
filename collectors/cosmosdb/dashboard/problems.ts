import { overTime, type Panel } from '../../../src/sdk.ts';

const place = '{{database}}/{{container}} {{region}}';
const dataPlane = 'a target with a key alone (data plane) does not see it.';

export const problemPanels: readonly Panel[] = [
  overTime(
    'Requests refused',
    'perSecond',
    [['max by (target, database, container, region) ($throttledPerSecond{$on})', place]],
    'Requests that were answered 429. Clients try again up to nine times before an error reaches users.',
    { usuallyEmpty: dataPlane },
  ),
  overTime(
    'Hottest partition',
    'ratio',
    [['max by (target, database, container, region) ($hottestPartitionRatio{$on})', place]],
    'Utilisation of the busiest partition. At 100 % while the container is half idle, the partition key is the problem, not the throughput.',
    { thresholds: { warning: 0.85, critical: 0.95 }, usuallyEmpty: dataPlane },
  ),
  overTime(
    'Skew of partitions',
    'count',
    [['max by (target, database, container, region) ($partitionSkew{$on})', place]],
    'The busiest partition against the median one; 1 is even.',
    { thresholds: { warning: 2, critical: 3 }, usuallyEmpty: 'containers with one partition have none.' },
  ),
  overTime(
    'Refused by whose throughput',
    'ratio',
    [['max by (target, database, container, region) ($throttledThroughputRatio{$on})', place]],
    'The same as refused requests, but containers that share the throughput of their database stand together under an empty name: where a change of throughput would help.',
    { usuallyEmpty: dataPlane },
  ),
  overTime(
    'Changes of throughput under way',
    'state',
    [['max by (target, database, container) ($replacePending{$on})', '{{database}}/{{container}}']],
    'Whether Azure is still carrying a change out (1). Partitions are being split; it may take hours.',
    { kind: 'state-timeline', usuallyEmpty: 'no database or container has throughput of its own.' },
  ),
  overTime(
    'Findings',
    'count',
    [['max by (target, code, severity) ($findings{$on})', '{{target}} · {{code}} ({{severity}})']],
    'What Reeve found that somebody should mend. `reeve collect --json` has the texts.',
    { kind: 'table', usuallyEmpty: 'nothing was found.' },
  ),
];
