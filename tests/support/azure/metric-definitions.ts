/** Metrics of Microsoft.DocumentDB/databaseAccounts as Azure Monitor defines them: an extract. */

export type Aggregation = 'Total' | 'Count' | 'Average' | 'Minimum' | 'Maximum';

export interface MetricDefinition {
  readonly name: string;
  /** What `localizedValue` says in English. */
  readonly displayName: string;
  readonly unit: 'Count' | 'Percent' | 'Bytes' | 'MilliSeconds';
  readonly aggregations: readonly Aggregation[];
  readonly dimensions: readonly string[];
  /** ISO 8601; the first is the one that the service stores. */
  readonly grains: readonly string[];
}

const MINUTE = ['PT1M', 'PT5M', 'PT1H', 'P1D'] as const;
const FIVE_MINUTES = ['PT5M', 'PT1H', 'P1D'] as const;
const CONTAINER = ['DatabaseName', 'CollectionName', 'Region'] as const;
const REQUEST = [
  ...CONTAINER,
  'StatusCode',
  'OperationType',
  'Status',
  'CapacityType',
  'PriorityLevel',
] as const;
const PARTITION = [...CONTAINER, 'PhysicalPartitionId', 'OfferOwnerRid'] as const;
const LATENCY = [...CONTAINER, 'ConnectionMode', 'OperationType', 'PublicAPIType'] as const;

/** @see https://learn.microsoft.com/en-us/azure/cosmos-db/monitor-reference */
export const METRIC_DEFINITIONS: readonly MetricDefinition[] = [
  define('TotalRequestUnits', 'Total Request Units', 'Count', 'Total Average Maximum', REQUEST, ['PT1M']),
  define(
    'TotalRequests',
    'Total Requests',
    'Count',
    'Count',
    [...REQUEST, 'ConnectionMode', 'IsExternal'],
    ['PT1M'],
  ),
  define(
    'NormalizedRUConsumption',
    'Normalized RU Consumption',
    'Percent',
    'Maximum Average',
    [...CONTAINER, 'PartitionKeyRangeId', 'CollectionRid', 'PhysicalPartitionId', 'OfferOwnerRid'],
    MINUTE,
  ),
  define('ProvisionedThroughput', 'Provisioned Throughput', 'Count', 'Maximum', CONTAINER, FIVE_MINUTES),
  define(
    'AutoscaleMaxThroughput',
    'Autoscale Max Throughput',
    'Count',
    'Maximum',
    ['DatabaseName', 'CollectionName'],
    ['PT5M', 'PT1H'],
  ),
  define('AutoscaledRU', 'Autoscaled RU', 'Count', 'Maximum', [...CONTAINER, 'PhysicalPartitionId'], MINUTE),
  define(
    'PhysicalPartitionThroughputInfo',
    'Physical Partition Throughput',
    'Count',
    'Maximum',
    PARTITION,
    FIVE_MINUTES,
  ),
  define(
    'PhysicalPartitionSizeInfo',
    'Physical Partition Size',
    'Bytes',
    'Maximum Average',
    PARTITION,
    MINUTE,
  ),
  define(
    'PhysicalPartitionCount',
    'Physical Partition Count',
    'Count',
    'Maximum',
    [...CONTAINER, 'IsSharedThroughputOffer', 'OfferOwnerRid'],
    ['PT5M'],
  ),
  define('DataUsage', 'Data Usage', 'Bytes', 'Total Average', CONTAINER, ['PT5M']),
  define('IndexUsage', 'Index Usage', 'Bytes', 'Total Average', CONTAINER, ['PT5M']),
  define('DocumentCount', 'Document Count', 'Count', 'Total Average', CONTAINER, ['PT5M']),
  define('DocumentQuota', 'Document Quota', 'Bytes', 'Total Average', CONTAINER, ['PT5M']),
  define(
    'ReplicationLatency',
    'P99 Replication Latency',
    'MilliSeconds',
    'Minimum Maximum Average',
    ['SourceRegion', 'TargetRegion'],
    MINUTE,
  ),
  define('ServerSideLatencyDirect', 'Server Side Latency Direct', 'MilliSeconds', 'Average', LATENCY, MINUTE),
  define(
    'ServerSideLatencyGateway',
    'Server Side Latency Gateway',
    'MilliSeconds',
    'Average',
    LATENCY,
    MINUTE,
  ),
  define(
    'ServiceAvailability',
    'Service Availability',
    'Percent',
    'Minimum Average Maximum',
    ['IsExternal'],
    ['PT1H'],
  ),
  define(
    'MetadataRequests',
    'Metadata Requests',
    'Count',
    'Count',
    [...CONTAINER, 'StatusCode', 'Role'],
    ['PT1M'],
  ),
];

/** Lengths of the intervals that the service knows, in milliseconds. */
export const GRAIN_MS: Readonly<Record<string, number>> = {
  PT1M: 60_000,
  PT5M: 300_000,
  PT15M: 900_000,
  PT30M: 1_800_000,
  PT1H: 3_600_000,
  PT6H: 21_600_000,
  PT12H: 43_200_000,
  P1D: 86_400_000,
};

/** Metric names are matched without regard to case, as by the service. */
export function findDefinition(name: string): MetricDefinition | undefined {
  return METRIC_DEFINITIONS.find((definition) => definition.name.toLowerCase() === name.toLowerCase());
}

function define(
  name: string,
  displayName: string,
  unit: MetricDefinition['unit'],
  aggregations: string,
  dimensions: readonly string[],
  grains: readonly string[],
): MetricDefinition {
  const known: readonly Aggregation[] = ['Total', 'Count', 'Average', 'Minimum', 'Maximum'];
  return {
    name,
    displayName,
    unit,
    aggregations: known.filter((aggregation) => aggregations.split(' ').includes(aggregation)),
    dimensions,
    grains,
  };
}
