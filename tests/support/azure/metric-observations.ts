import {
  type AccountModel,
  type ContainerModel,
  type DatabaseModel,
  type Load,
  reservedRequestUnits,
  type Throughput,
} from './account-model.ts';

/** What the service stores for one metric, one set of dimensions and one grain: the sum of `count` values, and their extremes. */
export interface Observation {
  readonly dimensions: Readonly<Record<string, string>>;
  readonly count: number;
  readonly total: number;
  readonly minimum: number;
  readonly maximum: number;
}

// What Azure Monitor says for a dimension that does not apply: both are seen (promitor#1621, beats#17553).
const EMPTY_DIMENSION = '__Empty';
const NO_DIMENSION = '<empty>';

/** The observations of a metric in the grain that begins at `atMs`. Their order is the model's. */
export function observe(
  account: AccountModel,
  metric: string,
  atMs: number,
  grainMs: number,
): readonly Observation[] {
  return OBSERVERS[metric]?.(account, atMs, grainMs / 1_000) ?? [];
}

type Observer = (account: AccountModel, atMs: number, seconds: number) => readonly Observation[];

const OBSERVERS: Readonly<Record<string, Observer>> = {
  TotalRequestUnits: (account, atMs, seconds) =>
    perServedLoad(account, atMs, ({ load, share, labels }) => {
      const total = load.requestUnitsPerSecond * share * seconds;
      const count = load.requestsPerSecond * share * seconds;
      return [
        many({ ...labels, ...SERVED }, count, total),
        ...throttled(load, share * seconds, (throttledCount) =>
          many({ ...labels, ...REFUSED }, throttledCount, 0),
        ),
      ];
    }),
  TotalRequests: (account, atMs, seconds) =>
    perServedLoad(account, atMs, ({ load, share, labels }) => {
      const more = { ConnectionMode: 'DIRECT', IsExternal: 'True' };
      const count = load.requestsPerSecond * share * seconds;
      return [
        many({ ...labels, ...SERVED, ...more }, count, count),
        ...throttled(load, share * seconds, (refused) =>
          many({ ...labels, ...REFUSED, ...more }, refused, refused),
        ),
      ];
    }),
  NormalizedRUConsumption: (account, atMs) => perPartition(account, atMs, normalizedPercent),
  AutoscaledRU: (account, atMs) =>
    perPartition(account, atMs, (partition) =>
      partition.throughput.kind === 'autoscale' ? autoscaled(partition) : undefined,
    ),
  PhysicalPartitionThroughputInfo: (account, atMs) => perPartition(account, atMs, ({ reserved }) => reserved),
  PhysicalPartitionSizeInfo: (account, atMs) =>
    perPartition(account, atMs, ({ container, partitions }) => container.dataBytes / partitions),
  PhysicalPartitionCount: (account) =>
    perOffer(account, ({ partitions }) => partitions).map((observation) => ({
      ...observation,
      dimensions: { ...observation.dimensions, IsSharedThroughputOffer: 'False' },
    })),
  ProvisionedThroughput: (account) => perOffer(account, ({ throughput }) => reservedRequestUnits(throughput)),
  AutoscaleMaxThroughput: (account) =>
    perOffer(account, ({ throughput }) => (throughput.kind === 'autoscale' ? throughput.maximum : undefined)),
  DataUsage: (account) => perContainer(account, ({ dataBytes }) => dataBytes),
  IndexUsage: (account) => perContainer(account, ({ indexBytes }) => indexBytes),
  DocumentCount: (account) => perContainer(account, ({ documents }) => documents),
  DocumentQuota: (account) => perContainer(account, ({ partitions }) => partitions * 50 * 1024 ** 3),
  ReplicationLatency: (account) =>
    account.regions.flatMap((source) =>
      account.regions
        .filter((target) => target !== source && (account.multiRegionWrites || source === account.regions[0]))
        .map((target) => one({ SourceRegion: source, TargetRegion: target }, account.replicationLatencyMs)),
    ),
  ServerSideLatencyDirect: (account, atMs, seconds) =>
    latencies(account, atMs, seconds, 'DIRECT', (load) => load.directLatencyMs ?? 4),
  ServerSideLatencyGateway: (account, atMs, seconds) =>
    latencies(account, atMs, seconds, 'GATEWAY', (load) => load.gatewayLatencyMs ?? 12),
  ServiceAvailability: (account) => [one({ IsExternal: 'True' }, account.availabilityPercent)],
  MetadataRequests: (account, _atMs, seconds) =>
    account.regions.map((region) =>
      many(
        {
          DatabaseName: NO_DIMENSION,
          CollectionName: NO_DIMENSION,
          Region: region,
          StatusCode: '200',
          Role: 'Gateway',
        },
        seconds / 10,
        seconds / 10,
      ),
    ),
};

const REQUEST_KIND = { OperationType: 'Query', CapacityType: 'Provisioned', PriorityLevel: 'High' } as const;
const SERVED = { ...REQUEST_KIND, StatusCode: '200', Status: 'Success' } as const;
const REFUSED = { ...REQUEST_KIND, StatusCode: '429', Status: 'ClientThrottlingError' } as const;

interface ServedLoad {
  readonly load: Load;
  /** Of this region. */
  readonly share: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Once for each container and region that clients use at that time. */
function perServedLoad(
  account: AccountModel,
  atMs: number,
  describe: (served: ServedLoad) => readonly Observation[],
): readonly Observation[] {
  return containersOf(account).flatMap((container) => {
    const load = container.loadAt(atMs);
    if (load.requestsPerSecond === 0 && (load.throttledPerSecond ?? 0) === 0) return [];
    return account.regions.flatMap((region) => {
      const share = regionShare(account, load, region);
      return share === 0 ? [] : describe({ load, share, labels: containerLabels(container, region) });
    });
  });
}

function latencies(
  account: AccountModel,
  atMs: number,
  seconds: number,
  mode: string,
  latency: (load: Load) => number,
): readonly Observation[] {
  return perServedLoad(account, atMs, ({ load, share, labels }) => {
    const count = load.requestsPerSecond * share * seconds;
    const dimensions = { ...labels, ConnectionMode: mode, OperationType: 'Query', PublicAPIType: 'Sql' };
    return [many(dimensions, count, count * latency(load))];
  });
}

function throttled(
  load: Load,
  scale: number,
  describe: (count: number) => Observation,
): readonly Observation[] {
  const count = (load.throttledPerSecond ?? 0) * scale;
  return count > 0 ? [describe(count)] : [];
}

interface Partition {
  readonly container: ContainerModel;
  readonly throughput: Throughput;
  readonly partitions: number;
  /** RU/s reserved for it in each region. */
  readonly reserved: number;
  /** RU/s of its busiest second in this region. */
  readonly consumed: number;
}

/** Once for each physical partition of containers with throughput, in each region. */
function perPartition(
  account: AccountModel,
  atMs: number,
  measure: (partition: Partition) => number | undefined,
): readonly Observation[] {
  if (account.serverless) return [];
  return containersOf(account).flatMap((container) => {
    const throughput = effectiveThroughput(account, container);
    const { partitions } = container;
    const load = container.loadAt(atMs);
    const observeOne = (region: string, index: number): readonly Observation[] => {
      const share = regionShare(account, load, region) * (load.partitionShares?.[index] ?? 1 / partitions);
      const value = measure({
        container,
        throughput,
        partitions,
        reserved: reservedRequestUnits(throughput) / partitions,
        consumed: load.requestUnitsPerSecond * share * (load.peakFactor ?? 1),
      });
      const id = String(index);
      const labels = {
        PartitionKeyRangeId: id,
        PhysicalPartitionId: id,
        CollectionRid: rid(container),
        OfferOwnerRid: rid(container),
      };
      return value === undefined ? [] : [one({ ...containerLabels(container, region), ...labels }, value)];
    };
    const indexes = Array.from({ length: partitions }, (_, index) => index);
    return account.regions.flatMap((region) => indexes.flatMap((index) => observeOne(region, index)));
  });
}

/** In whole percent and at most 100, as the service reports it. */
function normalizedPercent({ consumed, reserved }: Partition): number | undefined {
  return reserved === 0 ? undefined : Math.min(100, Math.round((consumed / reserved) * 100));
}

/** Autoscale serves between a tenth of the maximum and the maximum. */
function autoscaled({ consumed, reserved }: Partition): number {
  return Math.min(reserved, Math.max(reserved / 10, consumed));
}

interface Offer {
  readonly throughput: Throughput;
  readonly partitions: number;
}

/** Once for each database or container with throughput of its own, in each region; a database has no collection name. */
function perOffer(
  account: AccountModel,
  measure: (offer: Offer) => number | undefined,
): readonly Observation[] {
  if (account.serverless) return [];
  const describe = (database: string, collection: string, offer: Offer): readonly Observation[] => {
    const value = measure(offer);
    if (value === undefined) return [];
    return account.regions.map((region) =>
      one(
        {
          DatabaseName: database,
          CollectionName: collection,
          Region: region,
          OfferOwnerRid: `${database}/${collection}`,
        },
        value,
      ),
    );
  };
  return account.databases.flatMap((database) => [
    ...(database.settings
      ? describe(database.name, EMPTY_DIMENSION, { throughput: database.settings.throughput, partitions: 1 })
      : []),
    ...database.containers
      .filter((container) => container.settings.throughput.kind !== 'shared')
      .flatMap((container) =>
        describe(database.name, container.name, {
          throughput: container.settings.throughput,
          partitions: container.partitions,
        }),
      ),
  ]);
}

function perContainer(
  account: AccountModel,
  measure: (container: ContainerModel) => number,
): readonly Observation[] {
  return containersOf(account).flatMap((container) =>
    account.regions.map((region) => one(containerLabels(container, region), measure(container))),
  );
}

/** A container without throughput of its own uses its database's. */
function effectiveThroughput(account: AccountModel, container: ContainerModel): Throughput {
  const own = container.settings.throughput;
  if (own.kind !== 'shared') return own;
  const database = account.databases.find(
    (candidate: DatabaseModel) => candidate.name === container.database,
  );
  return database?.settings?.throughput ?? own;
}

function containersOf(account: AccountModel): readonly ContainerModel[] {
  return account.databases.flatMap(({ containers }) => containers);
}

function regionShare(account: AccountModel, load: Load, region: string): number {
  return load.regionShares ? (load.regionShares[region] ?? 0) : 1 / account.regions.length;
}

function containerLabels(container: ContainerModel, region: string): Record<string, string> {
  return { DatabaseName: container.database, CollectionName: container.name, Region: region };
}

function rid(container: ContainerModel): string {
  return Buffer.from(`${container.database}/${container.name}`).toString('base64');
}

function one(dimensions: Readonly<Record<string, string>>, value: number): Observation {
  return { dimensions, count: 1, total: value, minimum: value, maximum: value };
}

/** `count` values that are all alike. */
function many(dimensions: Readonly<Record<string, string>>, count: number, total: number): Observation {
  const value = count === 0 ? 0 : total / count;
  return { dimensions, count, total, minimum: value, maximum: value };
}
