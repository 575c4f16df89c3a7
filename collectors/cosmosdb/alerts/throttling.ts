import type { AlertRule } from '../../../src/sdk.ts';
import {
  busyPartitions,
  container,
  pages,
  placed,
  raiseThroughput,
  refusedByOperation,
  series,
  showThatThroughput,
  showThroughput,
  where,
} from './series.ts';

const throttled = {
  name: 'ReeveCosmosdbThrottled',
  summary: `{{ $value | humanizePercentage }} of the requests to ${where} are refused with 429`,
  description:
    'Clients of Azure try again up to nine times and then fail. A few per cent are usual for well used throughput; more make requests slow, then lost.',
  command: showThroughput,
  runbook: {
    meaning:
      'More request units are asked for than are provisioned, on the container or on one partition of it. Users see slow requests and, when retries are used up, errors.',
    steps: [
      `See which operations are refused: \`${refusedByOperation}\``,
      `Is it the container or one partition? \`${busyPartitions}\`. One at 100 and the others idle is a hot partition: more throughput helps little; go on with ReeveCosmosdbHotPartition.`,
      `See throughput, its limits and whether a change is under way: ${showThatThroughput}`,
      `All partitions are busy: raise it, up to the instant maximum that takes effect at once: ${raiseThroughput}`,
      'Is somebody running a bulk job? Limit it (`MaxParallelism` and priority-based execution) instead of paying for it.',
      'What costs most? Diagnostic logs `CDBPartitionKeyRUConsumption` and `CDBQueryRuntimeStatistics`; queries over all partitions and unindexed filters are the usual ones.',
    ],
    afterwards:
      'It ends when few are refused. Lower the throughput again when the burst was a single one; autoscale does it by itself.',
    links: pages(
      'nosql/troubleshoot-request-rate-too-large',
      'monitor-normalized-request-units',
      'scaling-provisioned-throughput-best-practices',
    ),
  },
} as const;

export const throttlingAlerts: readonly AlertRule[] = [
  {
    ...throttled,
    severity: 'ticket',
    expr: '$throttledRatio > 0.05 and $requestsPerSecond > 1',
    for: '10m',
    tests: {
      fires: {
        series: [
          series('throttledRatio', '0x5 0.1x30', placed),
          series('requestsPerSecond', '50x35', placed),
        ],
        after: '20m',
      },
      quiet: {
        series: [
          series('throttledRatio', '0x5 0.04x30', placed),
          series('requestsPerSecond', '50x35', placed),
        ],
        after: '20m',
      },
    },
  },
  {
    ...throttled,
    severity: 'page',
    expr: '$throttledRatio > 0.25 and $requestsPerSecond > 1',
    for: '5m',
    tests: {
      fires: {
        series: [
          series('throttledRatio', '0x5 0.4x30', placed),
          series('requestsPerSecond', '50x35', placed),
        ],
        after: '15m',
      },
      quiet: {
        // Three requests in a minute, one of them refused.
        series: [series('throttledRatio', '0.33x35', placed), series('requestsPerSecond', '0.05x35', placed)],
        after: '20m',
      },
    },
  },
  {
    name: 'ReeveCosmosdbHotPartition',
    severity: 'ticket',
    // Throughput that is shared stands under an empty container and is left out: its partitions hold several containers.
    expr: '$hottestPartitionRatio >= 0.95 and on (job, instance, target, engine, database, container, region) $utilizationRatio < 0.5',
    for: '30m',
    summary: `One partition of ${where} is {{ $value | humanizePercentage }} busy while the container as a whole is half idle`,
    description:
      'Throughput is divided evenly among partitions, so that one of them refuses requests although most of what is paid for is unused. More throughput helps little.',
    command: busyPartitions,
    runbook: {
      meaning:
        'Many requests go to one value, or few values, of the partition key. Users of those see 429s and slow requests.',
      steps: [
        `See which partition: \`${busyPartitions}\`, or \`reeve collect --target <target> --json\`, details \`partitions\`.`,
        'Find the key values: diagnostic log `CDBPartitionKeyRUConsumption` by PartitionKey, in Log Analytics: `CDBPartitionKeyRUConsumption | where CollectionName == "<container>" | summarize sum(RequestCharge) by PartitionKey | top 10 by sum_RequestCharge`.',
        'For relief in minutes: give that partition more of the throughput (redistribute throughput over partitions), or cache what is read so often.',
        'To mend it: another partition key with more values, or a hierarchical one, in a new container; copy with a container copy job.',
      ],
      afterwards: 'It ends when the partition is below 95 % or the others are used too.',
      links: pages(
        'partitioning-overview',
        'nosql/distribute-throughput-across-partitions',
        'hierarchical-partition-keys',
      ),
    },
    tests: {
      fires: {
        series: [
          series('hottestPartitionRatio', '1x60', placed),
          series('utilizationRatio', '0.2x60', placed),
        ],
        after: '40m',
      },
      quiet: {
        series: [
          series('hottestPartitionRatio', '1x60', placed),
          series('utilizationRatio', '0.8x60', placed),
        ],
        after: '40m',
      },
    },
  },
  {
    name: 'ReeveCosmosdbPartitionSkew',
    severity: 'info',
    expr: '$partitionSkew > 3 and on (job, instance, target, engine, database, container, region) $hottestPartitionRatio > 0.5',
    for: '1h',
    summary: `The busiest partition of ${where} is {{ $value | humanize }} times as busy as the median one`,
    description: 'Growth will throttle this partition first: most of the throughput cannot be used.',
    command: busyPartitions,
    runbook: {
      meaning: 'Load is uneven over the partitions. Users feel nothing yet.',
      steps: [
        `See how it is spread: \`${busyPartitions}\``,
        'Think about the partition key before the container grows: changing it later means copying everything.',
      ],
      afterwards: 'It ends when the load is spread more evenly, or small.',
      links: pages('partitioning-overview', 'monitor-normalized-request-units'),
    },
    tests: {
      fires: {
        series: [series('partitionSkew', '5x90', placed), series('hottestPartitionRatio', '0.8x90', placed)],
        after: '80m',
      },
      quiet: {
        series: [series('partitionSkew', '5x90', placed), series('hottestPartitionRatio', '0.1x90', placed)],
        after: '80m',
      },
    },
  },
  {
    name: 'ReeveCosmosdbAutoscaleAtMaximum',
    severity: 'ticket',
    expr: '$utilizationRatio > 0.95 and on (job, instance, target, engine, database, container) $autoscaleMaximum',
    for: '15m',
    summary: `${where} uses {{ $value | humanizePercentage }} of the maximum of its autoscale`,
    description:
      'Autoscale can give no more: further requests are refused with 429. As long as it lasts it costs half as much again as manual throughput of the same size.',
    command: showThroughput,
    runbook: {
      meaning: 'The maximum is the limit now. Users see slow requests and 429s when load grows on.',
      steps: [
        `See maximum and limits: ${showThatThroughput}`,
        `Raise the maximum if this load is to stay: ${raiseThroughput}`,
        'Busy all day, every day? Manual throughput of that size is cheaper: `az cosmosdb sql container throughput migrate --throughput-type manual`.',
        `Something new asks for so much? \`${refusedByOperation.replace("StatusCode eq '429' and ", '')}\``,
      ],
      afterwards: 'It ends when less than 95 % is used.',
      links: pages('provision-throughput-autoscale', 'how-to-choose-offer'),
    },
    tests: {
      fires: {
        series: [
          series('utilizationRatio', '0.5x5 0.99x30', placed),
          series('autoscaleMaximum', '4000x40', container),
        ],
        after: '25m',
      },
      quiet: {
        series: [
          series('utilizationRatio', '0.5x5 0.99x10 0.6x20', placed),
          series('autoscaleMaximum', '4000x40', container),
        ],
        after: '25m',
      },
    },
  },
];
