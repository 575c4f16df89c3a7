import type { PlannedPanel } from './plan.ts';

/** Throughput is billed by the hour, used or not. */
export const cosmosdbCost: readonly PlannedPanel[] = [
  {
    title: 'Throughput paid for',
    description:
      'Provisioned RU/s of all containers and regions together. Every 100 of them are billed by the hour, used or not.',
    kind: 'stat',
    unit: 'count',
    width: 6,
    queries: [
      {
        expr: 'sum by (target) (max by (target, database, container, region) ($provisionedPerSecond{$on}))',
        legend: '{{target}}',
      },
    ],
  },
  {
    title: 'Part of it that is used',
    description: 'Consumed divided by provisioned RU/s in the last settled minute, all containers together.',
    kind: 'stat',
    unit: 'ratio',
    width: 6,
    queries: [
      {
        expr: 'sum by (target) (max by (target, database, container, region) ($requestUnitsPerSecond{$on})) / sum by (target) (max by (target, database, container, region) ($provisionedPerSecond{$on}))',
        legend: '{{target}}',
      },
    ],
  },
  {
    title: 'Throughput paid for and not used',
    description:
      'Provisioned minus consumed RU/s, by container. What stays high day and night is money; what falls to zero at peaks is throttled then.',
    kind: 'timeseries',
    unit: 'count',
    width: 12,
    queries: [
      {
        expr: 'topk(20, sum by (target, database, container) (max by (target, database, container, region) ($provisionedPerSecond{$on})) - sum by (target, database, container) (max by (target, database, container, region) ($requestUnitsPerSecond{$on})))',
        legend: '{{target}} · {{database}}/{{container}}',
      },
    ],
  },
  {
    title: 'Utilisation judged by the objective',
    description:
      'The value behind `request_unit_utilization_ratio`. Below the band throughput can be lowered, above it requests will be throttled.',
    kind: 'timeseries',
    unit: 'ratio',
    width: 12,
    objective: 'request_unit_utilization_ratio',
    queries: [
      {
        expr: 'max by (target, subject) ($objectiveValue{$on,objective="request_unit_utilization_ratio"})',
        legend: '{{target}} · {{subject}}',
        usuallyEmpty: 'less than a day of minutes was seen.',
      },
    ],
  },
  {
    title: 'Least throughput allowed',
    description:
      'What each container may be lowered to. Where it is near what is provisioned, only fewer data or regions save money.',
    kind: 'timeseries',
    unit: 'count',
    width: 12,
    queries: [
      {
        expr: 'topk(20, max by (target, database, container) ($minimumPerSecond{$on}))',
        legend: '{{target}} · {{database}}/{{container}}',
      },
    ],
  },
];
