/** What one Cosmos DB account of the double looks like. Nothing here measures anything: a test or the demo says what is true. */

export type Throughput =
  | { readonly kind: 'manual'; readonly requestUnits: number }
  | { readonly kind: 'autoscale'; readonly maximum: number }
  /** A container that takes its share of its database's throughput. */
  | { readonly kind: 'shared' };

export interface ThroughputLimits {
  /** What the service refuses to go below. Default: 400, or a tenth of the maximum with autoscale. */
  readonly minimum?: number;
  /** Up to where it scales at once, without splitting partitions. Default: 10,000 for each physical partition. */
  readonly instantMaximum?: number;
  /** Default: ten times the instant maximum. */
  readonly softAllowedMaximum?: number;
}

/** What clients do with a container, while it lasts. Rates are of the whole account: all regions and partitions together. */
export interface Load {
  /** Request units that were served. */
  readonly requestUnitsPerSecond: number;
  /** Requests answered 200. */
  readonly requestsPerSecond: number;
  /** Requests answered 429; they cost no request units. Default 0. */
  readonly throttledPerSecond?: number;
  /** By region name; missing regions get nothing. Default: all regions alike. */
  readonly regionShares?: Readonly<Record<string, number>>;
  /** In the order of the physical partitions, adding up to 1. Default: all alike. An uneven one is a hot partition. */
  readonly partitionShares?: readonly number[];
  /** The busiest second of a minute against the minute's average; decides NormalizedRUConsumption. Default 1. */
  readonly peakFactor?: number;
  /** Default 4 ms. */
  readonly directLatencyMs?: number;
  /** Default 12 ms. */
  readonly gatewayLatencyMs?: number;
}

/** Constant, or by Unix time in milliseconds: asked once for each minute. */
export type LoadPattern = Load | ((unixMs: number) => Load);

export interface ContainerOptions {
  readonly name: string;
  readonly throughput: Throughput;
  readonly limits?: ThroughputLimits;
  /** Physical partitions. Default 1. */
  readonly partitions?: number;
  /** Default: nobody uses it. */
  readonly load?: LoadPattern;
  readonly dataBytes?: number;
  readonly indexBytes?: number;
  readonly documents?: number;
  /** What Resource Manager says of it beside its id: partition key, indexing policy, `defaultTtl`. */
  readonly resource?: Readonly<Record<string, unknown>>;
}

export interface DatabaseOptions {
  readonly name: string;
  /** Absent: its containers have throughput of their own. */
  readonly throughput?: Exclude<Throughput, { kind: 'shared' }>;
  readonly limits?: ThroughputLimits;
  readonly containers: readonly ContainerOptions[];
}

export interface AccountOptions {
  /** Default `double-cosmos`. Make it say that it is a double. */
  readonly name?: string;
  readonly resourceGroup?: string;
  readonly subscription?: string;
  /** Display names; the first is the write region. Default `West Europe`. */
  readonly regions?: readonly string[];
  /** Writes go to every region. */
  readonly multiRegionWrites?: boolean;
  readonly consistency?: 'Strong' | 'BoundedStaleness' | 'Session' | 'ConsistentPrefix' | 'Eventual';
  readonly serverless?: boolean;
  /** Limit of the whole account in RU/s; -1: none. */
  readonly totalThroughputLimit?: number;
  readonly databases?: readonly DatabaseOptions[];
  /** As Azure writes it. Default: periodic, every 4 h, kept for 8 h, geo-redundant. */
  readonly backupPolicy?: Readonly<Record<string, unknown>>;
  /** Of every pair of regions. Default 8 ms. */
  readonly replicationLatencyMs?: number;
  /** Default 100. */
  readonly availabilityPercent?: number;
}

/** Throughput of a database or container, and what is allowed with it. */
export interface ThroughputState {
  throughput: Throughput;
  limits: ThroughputLimits;
  /** Unix time in milliseconds until which a change is not complete. */
  replacePendingUntilMs: number;
}

const periodicBackups = {
  type: 'Periodic',
  periodicModeProperties: {
    backupIntervalInMinutes: 240,
    backupRetentionIntervalInHours: 8,
    backupStorageRedundancy: 'Geo',
  },
} as const;

const usualResource = {
  partitionKey: { paths: ['/tenant'], kind: 'Hash', version: 2 },
  indexingPolicy: {
    indexingMode: 'consistent',
    automatic: true,
    includedPaths: [{ path: '/*' }],
    excludedPaths: [{ path: '/"_etag"/?' }],
  },
} as const;

const IDLE: Load = { requestUnitsPerSecond: 0, requestsPerSecond: 0 };

interface LoadPhase {
  readonly fromMs: number;
  readonly load: LoadPattern;
}

export class ContainerModel {
  readonly database: string;
  readonly name: string;
  readonly settings: ThroughputState;
  partitions: number;
  dataBytes: number;
  indexBytes: number;
  documents: number;
  resource: Readonly<Record<string, unknown>>;
  /** Grows with every change of it. */
  revision = 1;
  #phases: readonly LoadPhase[];

  constructor(database: string, options: ContainerOptions) {
    this.database = database;
    this.name = options.name;
    this.settings = throughputState(options.throughput, options.limits);
    this.partitions = options.partitions ?? 1;
    this.dataBytes = options.dataBytes ?? 512 * 1024;
    this.indexBytes = options.indexBytes ?? 64 * 1024;
    this.documents = options.documents ?? 1_000;
    this.resource = { ...usualResource, ...options.resource };
    this.#phases = [{ fromMs: Number.NEGATIVE_INFINITY, load: options.load ?? IDLE }];
  }

  /** From that minute on clients do this. `sinceMs` is Unix time and may lie in the past. */
  setLoad(load: LoadPattern, sinceMs: number): void {
    const earlier = this.#phases.filter(({ fromMs }) => fromMs < sinceMs);
    this.#phases = [...earlier, { fromMs: sinceMs, load }];
  }

  loadAt(unixMs: number): Load {
    const load = this.#phases.findLast(({ fromMs }) => fromMs <= unixMs)?.load ?? IDLE;
    return typeof load === 'function' ? load(unixMs) : load;
  }
}

export class DatabaseModel {
  readonly name: string;
  readonly containers: ContainerModel[];
  readonly settings: ThroughputState | undefined;

  constructor(options: DatabaseOptions) {
    this.name = options.name;
    this.containers = options.containers.map((container) => new ContainerModel(options.name, container));
    this.settings = options.throughput && throughputState(options.throughput, options.limits);
  }
}

export class AccountModel {
  readonly name: string;
  readonly resourceGroup: string;
  readonly subscription: string;
  readonly serverless: boolean;
  readonly multiRegionWrites: boolean;
  readonly consistency: string;
  readonly databases: DatabaseModel[];
  regions: readonly string[];
  backupPolicy: Readonly<Record<string, unknown>>;
  totalThroughputLimit: number;
  replicationLatencyMs: number;
  availabilityPercent: number;

  constructor(options: AccountOptions = {}) {
    this.name = options.name ?? 'double-cosmos';
    this.resourceGroup = options.resourceGroup ?? 'double-group';
    this.subscription = options.subscription ?? '00000000-0000-4000-8000-00000000d0b1';
    this.serverless = options.serverless ?? false;
    this.multiRegionWrites = options.multiRegionWrites ?? false;
    this.consistency = options.consistency ?? 'Session';
    this.regions = options.regions ?? ['West Europe'];
    this.backupPolicy = options.backupPolicy ?? periodicBackups;
    this.totalThroughputLimit = options.totalThroughputLimit ?? -1;
    this.replicationLatencyMs = options.replicationLatencyMs ?? 8;
    this.availabilityPercent = options.availabilityPercent ?? 100;
    this.databases = (options.databases ?? []).map((database) => new DatabaseModel(database));
  }

  /** Another one for an account that was deleted and made again. */
  get instanceId(): string {
    return `00000000-0000-4000-8000-${Buffer.from(this.name).toString('hex').padEnd(12, '0').slice(0, 12)}`;
  }

  /** `/subscriptions/…/databaseAccounts/{name}` */
  get resourceId(): string {
    return `/subscriptions/${this.subscription}/resourceGroups/${this.resourceGroup}/providers/Microsoft.DocumentDB/databaseAccounts/${this.name}`;
  }

  /** @throws {Error} when the model has no such database or container: a mistake of the test. */
  container(database: string, name: string): ContainerModel {
    const found = this.databases
      .find((candidate) => candidate.name === database)
      ?.containers.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`the double has no container ${database}/${name}`);
    return found;
  }
}

/** RU/s that the service has reserved in each region; 0 for a container without throughput of its own. */
export function reservedRequestUnits(throughput: Throughput | undefined): number {
  if (throughput === undefined || throughput.kind === 'shared') return 0;
  return throughput.kind === 'manual' ? throughput.requestUnits : throughput.maximum;
}

function throughputState(throughput: Throughput, limits: ThroughputLimits = {}): ThroughputState {
  return { throughput, limits, replacePendingUntilMs: 0 };
}
