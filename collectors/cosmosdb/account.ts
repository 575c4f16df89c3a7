import { z } from 'zod';
import { CollectError, type ServerIdentity } from '../../src/sdk.ts';
import { type BackupPolicy, backupPolicySchema, toBackupPolicy } from './backup-policy.ts';
import type { CosmosdbContext } from './metrics.ts';

/** What is known of an account by one reading of it; every plane fills in what it can see. */
export interface AccountFacts {
  readonly plane: 'control' | 'data';
  /** As Azure writes it; empty when it is not given. */
  readonly consistency: string;
  /** Undefined when it cannot be known. */
  readonly serverless: boolean | undefined;
  readonly regions: readonly RegionFacts[];
  /** RU/s in the whole account; undefined when there is no limit, or none that can be seen. */
  readonly throughputLimit: number | undefined;
  /** How databases and containers are named in Azure Resource Manager. */
  readonly api: AccountApi | undefined;
  /** Undefined where it cannot be seen. */
  readonly backup: BackupPolicy | undefined;
  readonly identity: ServerIdentity;
}

export interface RegionFacts {
  readonly name: string;
  readonly writable: boolean;
  readonly failoverPriority: number | undefined;
}

/** What the kinds of databases and containers of an API are called in Azure Resource Manager. */
export interface AccountApi {
  readonly databases: string;
  readonly containers: string;
}

/** By capability; the first that fits. */
const apis: readonly (readonly [capability: string, AccountApi | undefined])[] = [
  ['EnableCassandra', { databases: 'cassandraKeyspaces', containers: 'tables' }],
  ['EnableGremlin', { databases: 'gremlinDatabases', containers: 'graphs' }],
  ['EnableTable', undefined],
  ['EnableMongo', { databases: 'mongodbDatabases', containers: 'collections' }],
];
const sqlApi: AccountApi = { databases: 'sqlDatabases', containers: 'containers' };

const locationSchema = z.looseObject({ locationName: z.string(), failoverPriority: z.number().optional() });

const accountSchema = z.looseObject({
  kind: z.string().optional(),
  properties: z.looseObject({
    documentEndpoint: z.string().optional(),
    consistencyPolicy: z.looseObject({ defaultConsistencyLevel: z.string().optional() }).nullish(),
    capabilities: z.array(z.looseObject({ name: z.string() })).nullish(),
    locations: z.array(locationSchema).nullish(),
    readLocations: z.array(locationSchema).nullish(),
    writeLocations: z.array(locationSchema).nullish(),
    backupPolicy: backupPolicySchema.nullish(),
    capacity: z.looseObject({ totalThroughputLimit: z.number().optional() }).nullish(),
  }),
});

/** @throws {CollectError} `malformed` for what is no account. */
export function parseAccount(answer: unknown): AccountFacts {
  const read = accountSchema.safeParse(answer);
  if (!read.success)
    throw new CollectError('malformed', 'Azure Resource Manager answered something else than an account');
  const { kind, properties } = read.data;
  const capabilities = new Set((properties.capabilities ?? []).map(({ name }) => name));
  if (kind === 'MongoDB') capabilities.add('EnableMongo');
  const special = apis.find(([capability]) => capabilities.has(capability));
  const writable = new Set((properties.writeLocations ?? []).map(({ locationName }) => locationName));
  const limit = properties.capacity?.totalThroughputLimit;
  return {
    plane: 'control',
    consistency: properties.consistencyPolicy?.defaultConsistencyLevel ?? '',
    serverless: capabilities.has('EnableServerless'),
    regions: (properties.locations ?? properties.readLocations ?? []).map(
      ({ locationName, failoverPriority }) => ({
        name: locationName,
        writable: writable.has(locationName),
        failoverPriority,
      }),
    ),
    throughputLimit: limit === undefined || limit < 0 ? undefined : limit,
    api: special === undefined ? sqlApi : special[1],
    backup: properties.backupPolicy ? toBackupPolicy(properties.backupPolicy) : undefined,
    identity: identityOf(properties.documentEndpoint),
  };
}

/** Address and port of the endpoint of the account. */
export function identityOf(endpoint: string | undefined): ServerIdentity {
  const url = endpoint === undefined ? null : URL.parse(endpoint);
  if (url === null) return {};
  const standard = url.protocol === 'https:' ? 443 : 80;
  return { address: url.hostname, port: url.port === '' ? standard : Number(url.port) };
}

export function recordAccount(
  account: AccountFacts,
  readsRemaining: number | undefined,
  context: CosmosdbContext,
): void {
  const { plane, consistency, serverless } = account;
  context.record('accountInfo', 1, { plane, consistency });
  context.record('serverless', serverless === undefined ? undefined : Number(serverless), {});
  for (const { name, writable, failoverPriority } of account.regions) {
    context.record('regionWritable', Number(writable), { region: name });
    context.record('regionFailoverPriority', failoverPriority, { region: name });
  }
  context.record('throughputLimit', account.throughputLimit, {});
  context.record('apiReadsRemaining', readsRemaining, {});
}
