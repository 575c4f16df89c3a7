import { defineMetrics } from '../../../src/sdk.ts';
import { accountGauge, monitorGauge, regionLabel } from './sources.ts';

export const accountMetrics = defineMetrics({
  accountInfo: {
    ...accountGauge,
    name: 'reeve_cosmosdb_account_info',
    help: 'Always 1; the labels say how the account is watched and what it is.',
    labels: {
      plane: 'control (Azure Monitor and Resource Manager) or data (the endpoint of the account).',
      consistency: 'Default consistency: Session, Strong, …; empty when unknown.',
    },
    source: 'properties.consistencyPolicy; data plane: userConsistencyPolicy',
  },
  serverless: {
    ...accountGauge,
    name: 'reeve_cosmosdb_serverless',
    help: 'Whether the account is serverless (1), so that nothing is provisioned and utilisation has no meaning, or not (0); absent on the data plane.',
    labels: {},
    source: 'properties.capabilities: EnableServerless',
  },
  regionWritable: {
    ...accountGauge,
    name: 'reeve_cosmosdb_region_writable',
    help: 'Whether a region takes writes (1) or only reads (0).',
    labels: { region: regionLabel },
    source: 'properties.writeLocations; data plane: writableLocations',
  },
  regionFailoverPriority: {
    ...accountGauge,
    name: 'reeve_cosmosdb_region_failover_priority',
    help: 'Order in which regions take over writes, 0 first; absent on the data plane.',
    labels: { region: regionLabel },
    source: 'properties.locations: failoverPriority',
  },
  throughputLimit: {
    ...accountGauge,
    name: 'reeve_cosmosdb_account_throughput_limit_request_units_per_second',
    help: 'Throughput that may be provisioned in the whole account; absent when it has no limit, and on the data plane.',
    labels: {},
    source: 'properties.capacity.totalThroughputLimit',
  },
  apiReadsRemaining: {
    ...accountGauge,
    name: 'reeve_cosmosdb_api_reads_remaining',
    help: 'Reads of Azure Resource Manager that are left to the agent in this subscription, out of 12,000 an hour that fill up again steadily; absent on the data plane.',
    labels: {},
    source: "the agent's own budget, and x-ms-ratelimit-remaining-subscription-reads where that is less",
    docs: 'https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling',
  },
  serviceAvailabilityRatio: {
    ...monitorGauge,
    name: 'reeve_cosmosdb_service_availability_ratio',
    unit: 'ratio',
    help: 'Part of the requests of the newest complete hour that the service answered, as the service itself counts.',
    labels: {},
    group: 'service_level',
    source: 'ServiceAvailability, average, 1 hour',
  },
});
