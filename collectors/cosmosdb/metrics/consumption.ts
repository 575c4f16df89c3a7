import { defineMetrics } from '../../../src/sdk.ts';
import { byRegion, monitorGauge } from './sources.ts';

const minute = { ...monitorGauge, group: 'consumption', labels: byRegion } as const;

export const consumptionMetrics = defineMetrics({
  requestUnitsPerSecond: {
    ...minute,
    name: 'reeve_cosmosdb_request_units_per_second',
    unit: 'none',
    help: 'Request units consumed in a second, on average over the newest settled minute; 0 only where Azure says that the partitions were idle.',
    source: 'TotalRequestUnits, total of 1 minute / 60, by database, container and region',
  },
  utilizationRatio: {
    ...minute,
    name: 'reeve_cosmosdb_request_unit_utilization_ratio',
    unit: 'ratio',
    help: 'Consumed by provisioned throughput in the newest settled minute, for each region by itself because throughput is reserved in each; containers that share the throughput of their database stand together under an empty container, and serverless has none.',
    source: 'TotalRequestUnits / 60 / throughput settings (manual throughput or autoscale maximum)',
  },
  utilizationP95Ratio: {
    ...minute,
    name: 'reeve_cosmosdb_request_unit_utilization_p95_ratio',
    unit: 'ratio',
    help: 'Utilisation that 95 of 100 settled minutes of the window stayed within, rounded up to half a percent: 7 days and up to 6 hours more, or what is configured, with the minutes before the first start read from Azure where as much was provisioned as now; places as of the utilisation.',
    source:
      'TotalRequestUnits / 60 / throughput settings, of every minute; before the first start ProvisionedThroughput and AutoscaleMaxThroughput too',
    cost: 'none of its own; at the first start up to 60 reads of Azure Monitor, two a minute',
  },
  consumedMinute: {
    ...minute,
    name: 'reeve_cosmosdb_consumption_minute_timestamp_seconds',
    unit: 'timestamp',
    help: 'When the minute that consumption tells of began; the last 5 minutes are left out because Azure is still counting.',
    labels: {},
    source: 'TotalRequestUnits: timeStamp',
  },
  normalizedRatio: {
    ...minute,
    name: 'reeve_cosmosdb_normalized_request_unit_ratio',
    unit: 'ratio',
    help: 'Utilisation of the busiest partition in the newest settled minute: at 1 some requests were throttled, which is well used rather than wrong while few are.',
    source: 'NormalizedRUConsumption, maximum of 1 minute / 100',
    docs: 'https://learn.microsoft.com/azure/cosmos-db/monitor-normalized-request-units',
  },
  requestsPerSecond: {
    ...minute,
    name: 'reeve_cosmosdb_requests_per_second',
    unit: 'none',
    help: 'Requests in a second, on average over the newest settled minute.',
    source: 'TotalRequests, count of 1 minute / 60',
  },
  throttledPerSecond: {
    ...minute,
    name: 'reeve_cosmosdb_throttled_requests_per_second',
    unit: 'none',
    help: 'Requests in a second that were refused for want of throughput (429); 0 only where there were requests and none was refused.',
    source: "TotalRequests, count of 1 minute / 60, StatusCode eq '429'",
  },
  throttledRatio: {
    ...minute,
    name: 'reeve_cosmosdb_throttled_requests_ratio',
    unit: 'ratio',
    help: 'Part of the requests of the newest settled minute that were refused for want of throughput (429).',
    source: "TotalRequests with StatusCode eq '429' / TotalRequests",
  },
  throttledThroughputRatio: {
    ...minute,
    name: 'reeve_cosmosdb_throttled_throughput_ratio',
    unit: 'ratio',
    help: 'Part of the requests of the newest settled minute that were refused (429) by whose throughput did not suffice: containers that share that of their database stand together under an empty container.',
    source: "TotalRequests with StatusCode eq '429' / TotalRequests; throughput settings",
  },
});

const latency = { ...monitorGauge, unit: 'seconds', group: 'latency' } as const;

export const latencyMetrics = defineMetrics({
  latencySeconds: {
    ...latency,
    name: 'reeve_cosmosdb_server_side_latency_seconds',
    help: 'Time the service took for a request, on average over the newest settled minutes, weighted by requests: 5, with `workload: olap` 60, or what is configured.',
    labels: { ...byRegion, connection_mode: 'direct or gateway.' },
    source:
      'ServerSideLatencyDirect and ServerSideLatencyGateway, average of 1 minute; TotalRequests as weight',
  },
  latencyP95Seconds: {
    ...latency,
    name: 'reeve_cosmosdb_server_side_latency_p95_estimate_seconds',
    help: 'An estimate of the time that 95 of 100 requests stay within: the requests-weighted 95th percentile of averages by minute, region, operation and connection mode over the newest settled minutes (5, with `workload: olap` 60, or what is configured), which hides outliers within one of them.',
    labels: { database: byRegion.database, container: byRegion.container },
    source:
      'ServerSideLatencyDirect and ServerSideLatencyGateway, average of 1 minute by OperationType; TotalRequests as weight',
  },
  replicationLatencySeconds: {
    ...latency,
    name: 'reeve_cosmosdb_replication_latency_p99_seconds',
    help: 'Time within which 99 of 100 writes reach another region, worst of the newest settled minute; absent for an account in one region.',
    labels: { source_region: 'Where the write happened.', target_region: 'Where it was copied to.' },
    group: 'replication',
    source: 'ReplicationLatency, maximum of 1 minute',
  },
});
