import { overTime, type Panel } from '../../../src/sdk.ts';

const container = '{{database}}/{{container}}';

export const capacityPanels: readonly Panel[] = [
  overTime(
    'Provisioned throughput',
    'perSecond',
    [
      [
        'sum by (target, region) (max by (target, database, container, region) ($provisionedPerSecond{$on}))',
        '{{target}} · {{region}}',
      ],
    ],
    'RU/s that are reserved, and paid for, in each region: manual throughput and maxima of autoscale.',
    { usuallyEmpty: 'serverless accounts have none.' },
  ),
  overTime(
    'Provisioned by container',
    'perSecond',
    [['topk(20, max by (target, database, container) ($provisionedPerSecond{$on}))', container]],
    'RU/s in one region; throughput that containers share stands under an empty name.',
    { kind: 'bar-gauge', usuallyEmpty: 'serverless accounts have none.' },
  ),
  overTime(
    'Provisioned and not used',
    'perSecond',
    [
      [
        'topk(20, max by (target, database, container, region) ($provisionedPerSecond{$on}) * on (target, database, container, region) (1 - max by (target, database, container, region) ($utilizationP95Ratio{$on})))',
        '{{database}}/{{container}} {{region}}',
      ],
    ],
    'RU/s that 95 of 100 minutes left unused: the first place to save. What is at its minimum cannot be lowered.',
    { kind: 'bar-gauge', usuallyEmpty: 'serverless accounts have none.' },
  ),
  overTime(
    'Share of the limit of the account',
    'ratio',
    [
      [
        'sum by (target) (max by (target, database, container, region) ($provisionedPerSecond{$on})) / max by (target) ($throughputLimit{$on})',
        '{{target}}',
      ],
    ],
    'At 100 % the account refuses every increase and every new container.',
    { kind: 'gauge', thresholds: { warning: 0.8, critical: 0.9 }, usuallyEmpty: 'the account has no limit.' },
  ),
  overTime(
    'Limits of a container',
    'perSecond',
    [
      ['max by (target, database, container) ($minimumPerSecond{$on})', 'least, {{database}}/{{container}}'],
      ['max by (target, database, container) ($instantMaximum{$on})', 'at once, {{database}}/{{container}}'],
      ['max by (target, database, container) ($softMaximum{$on})', 'with splits, {{database}}/{{container}}'],
    ],
    'The least that throughput can be set to, the most that takes effect at once, and the most that splitting partitions gives.',
    { kind: 'table', usuallyEmpty: 'serverless accounts have none.' },
  ),
  overTime(
    'At minimum throughput',
    'state',
    [['max by (target, database, container) ($atMinimumThroughput{$on})', container]],
    'Whether throughput cannot be less (1): low utilisation is no waste there.',
    { kind: 'stat', usuallyEmpty: 'Azure does not say what the minimum is.' },
  ),
  overTime(
    'Autoscale maxima',
    'perSecond',
    [['max by (target, database, container) ($autoscaleMaximum{$on})', container]],
    'The most that autoscale may reach. Busy all day, manual throughput is cheaper.',
    { kind: 'stat', usuallyEmpty: 'throughput is manual.' },
  ),
  overTime(
    'Size of databases',
    'bytes',
    [['max by (target, database) ($storageBytes{$on})', '{{target}} · {{database}}']],
    'Documents and indexes in the region where they are largest; each region is charged for its copy.',
    { objective: 'storage_bytes_forecast', usuallyEmpty: 'sizes are read every 15 minutes.' },
  ),
  overTime(
    'Data and indexes',
    'bytes',
    [
      ['max by (target, database, container) ($dataBytes{$on})', 'data, {{database}}/{{container}}'],
      ['max by (target, database, container) ($indexBytes{$on})', 'indexes, {{database}}/{{container}}'],
    ],
    'By default every property is indexed; indexes larger than data ask for an indexing policy.',
    { usuallyEmpty: 'sizes are read every 15 minutes.' },
  ),
  overTime(
    'Documents',
    'count',
    [['max by (target, database, container) ($documents{$on})', container]],
    'Documents of each container.',
    { usuallyEmpty: 'sizes are read every 15 minutes.' },
  ),
];
