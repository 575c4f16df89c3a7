import { defineMetrics } from '../../../src/sdk.ts';
import { byContainer, byRegion, monitorGauge, throughputGauge } from './sources.ts';

export const throughputMetrics = defineMetrics({
  provisionedPerSecond: {
    ...throughputGauge,
    name: 'reeve_cosmosdb_provisioned_request_units_per_second',
    help: 'Throughput reserved in a region: the manual one or the autoscale maximum; what containers of a database share stands under an empty container.',
    labels: byRegion,
    source:
      'throughputSettings: throughput, autoscaleSettings.maxThroughput; data plane: offerThroughput, offerAutopilotSettings.maxThroughput',
  },
  autoscaleMaximum: {
    ...throughputGauge,
    name: 'reeve_cosmosdb_autoscale_maximum_request_units_per_second',
    help: 'The most that autoscale may reach; absent where throughput is manual.',
    labels: byContainer,
    source:
      'throughputSettings: autoscaleSettings.maxThroughput; data plane: offerAutopilotSettings.maxThroughput',
  },
  minimumPerSecond: {
    ...throughputGauge,
    name: 'reeve_cosmosdb_minimum_request_units_per_second',
    help: 'The least that throughput (with autoscale: its maximum) can be set to now; who is there already cannot save by going lower.',
    labels: byContainer,
    source: 'throughputSettings: minimumThroughput; data plane: x-ms-cosmos-min-throughput',
  },
  atMinimumThroughput: {
    ...throughputGauge,
    name: 'reeve_cosmosdb_at_minimum_throughput',
    help: 'Whether throughput is set to the least that it can be set to (1), so that low utilisation cannot be mended by less, or to more (0); absent where Azure does not say.',
    labels: byContainer,
    source:
      'throughputSettings: throughput or autoscaleSettings.maxThroughput <= minimumThroughput; data plane: x-ms-cosmos-min-throughput',
  },
  instantMaximum: {
    ...throughputGauge,
    name: 'reeve_cosmosdb_instant_maximum_request_units_per_second',
    help: 'The most that throughput can be raised to at once, without splitting partitions; absent on the data plane.',
    labels: byContainer,
    source: 'throughputSettings: instantMaximumThroughput',
  },
  softMaximum: {
    ...throughputGauge,
    name: 'reeve_cosmosdb_soft_maximum_request_units_per_second',
    help: 'The most that throughput can be raised to by splitting partitions; absent on the data plane.',
    labels: byContainer,
    source: 'throughputSettings: softAllowedMaximumThroughput',
  },
  replacePending: {
    ...throughputGauge,
    name: 'reeve_cosmosdb_offer_replace_pending',
    help: 'Whether a change of throughput is still being carried out (1) or not (0); absent where Azure does not say.',
    labels: byContainer,
    source: 'throughputSettings: offerReplacePending; data plane: x-ms-offer-replace-pending',
  },
});

const partitions = {
  ...monitorGauge,
  kind: 'gauge',
  unit: 'none',
  group: 'partitions',
  labels: byRegion,
} as const;

export const partitionMetrics = defineMetrics({
  partitionSkew: {
    ...partitions,
    name: 'reeve_cosmosdb_partition_skew',
    help: 'Utilisation of the busiest partition divided by that of the median one, over the newest 15 settled minutes; 1 is even; absent for a single partition, and where the median one is idle: see the hottest partition.',
    source: 'NormalizedRUConsumption by PartitionKeyRangeId, maximum of 5 minutes: max / median',
    docs: 'https://learn.microsoft.com/azure/cosmos-db/monitor-normalized-request-units',
  },
  hottestPartitionRatio: {
    ...partitions,
    name: 'reeve_cosmosdb_hottest_partition_ratio',
    unit: 'ratio',
    help: 'Utilisation of the busiest partition by what is reserved for it, over the newest 15 settled minutes; beside the utilisation of the container it shows a hot partition also where the median one is idle.',
    source: 'NormalizedRUConsumption by PartitionKeyRangeId, maximum of 5 minutes / 100: max',
    docs: 'https://learn.microsoft.com/azure/cosmos-db/monitor-normalized-request-units',
  },
  partitionRanges: {
    ...partitions,
    name: 'reeve_cosmosdb_partition_key_ranges',
    help: 'Partitions that took requests in the newest 15 settled minutes.',
    source: 'NormalizedRUConsumption: values of PartitionKeyRangeId',
  },
});
