import type { HttpAnswer } from '../azure/http-faults.ts';
import type { InnerAnswer, InnerRequest, InnerServer } from './inner-server.ts';
import { at, type Offers, requestedThroughput } from './offers.ts';

/** Of one container, in the units of the quota headers. */
export interface ContainerUsage {
  readonly documents: number;
  /** Documents alone, in kB. */
  readonly documentsKb: number;
  /** Documents and index, in kB. */
  readonly collectionKb: number;
}

export interface AccountState {
  readonly name: string;
  regions: readonly string[];
  readonly serverless: boolean;
  readonly offers: Offers;
  /** Partition key ranges by `dbs/a/colls/b`. */
  readonly partitions: Map<string, number>;
  /** What quota headers say, by `dbs/a/colls/b`. */
  readonly usage: Map<string, ContainerUsage>;
  readonly inner: InnerServer;
}

export interface DataPlaneRequest extends InnerRequest {
  /** Decoded, without the query. */
  readonly path: string;
}

/** Answers a request that is allowed: from the offers, or from the inner server with what it lacks put in. */
export async function answerData(
  state: AccountState,
  request: DataPlaneRequest,
  endpoint: string,
): Promise<HttpAnswer> {
  const { method, path, headers } = request;
  if (path === '/' && method === 'GET') return { status: 200, body: renderAccount(state, endpoint) };
  const offers = answerOffers(state, request);
  if (offers !== undefined) return offers;
  const [, container] = /^\/(dbs\/[^/]+\/colls\/[^/]+)/.exec(path) ?? [];
  const isQuery = headers['x-ms-documentdb-isquery'] !== undefined;
  const range = headers['x-ms-documentdb-partitionkeyrangeid'];
  if (container !== undefined && path.endsWith('/docs') && range !== undefined && range !== '0') {
    // The inner server keeps all documents in its one range.
    return {
      status: 200,
      headers: { 'x-ms-request-charge': '2.79' },
      body: { _rid: '', Documents: [], _count: 0 },
    };
  }
  const answer = await state.inner.send(request);
  keepOffers(state, request, answer);
  const charge = { 'x-ms-request-charge': requestCharge(method, isQuery, request.body.length, answer) };
  const ranges =
    container !== undefined && path.endsWith('/pkranges') ? state.partitions.get(container) : undefined;
  if (answer.status === 200 && ranges !== undefined) {
    return { status: 200, headers: charge, body: renderRanges(ranges) };
  }
  const wantsQuota = headers['x-ms-documentdb-populatequotainfo'] === 'true' && path === `/${container}`;
  const quota =
    wantsQuota && container !== undefined && answer.status === 200
      ? await quotaHeaders(state, container)
      : {};
  return {
    status: answer.status,
    headers: { ...passedOn(answer), ...charge, ...quota },
    ...(answer.body.length > 0 ? { body: answer.body.toString() } : {}),
  };
}

function answerOffers(state: AccountState, { method, path, body }: DataPlaneRequest): HttpAnswer | undefined {
  if (!path.startsWith('/offers')) return undefined;
  if (state.serverless) {
    const message = 'Reading or replacing offers is not supported for serverless accounts.';
    return { status: 400, body: { code: 'BadRequest', message } };
  }
  const answer = state.offers.answer(method, path, body.length > 0 ? JSON.parse(body.toString()) : undefined);
  return answer && { ...answer, headers: { ...answer.headers, 'x-ms-request-charge': '2.00' } };
}

/** Creating reserves throughput, deleting ends it. A container without a wish gets 400 RU/s unless its database shares its own. */
function keepOffers(
  state: AccountState,
  { method, path, headers }: DataPlaneRequest,
  answer: InnerAnswer,
): void {
  const isQuery = headers['x-ms-documentdb-isquery'] !== undefined;
  const [, database] = /^\/dbs(?:\/([^/]+)\/colls)?$/.exec(path) ?? [];
  const creates =
    method === 'POST' && !isQuery && answer.status === 201 && /^\/dbs(\/[^/]+\/colls)?$/.test(path);
  if (creates && !state.serverless) {
    const made: unknown = JSON.parse(answer.body.toString());
    const owner = {
      self: String(at(made, '_self')),
      rid: String(at(made, '_rid')),
      path: `${path}/${String(at(made, 'id'))}`,
    };
    const needsOne = database !== undefined && !state.offers.has(`/dbs/${database}`);
    const throughput = requestedThroughput(headers) ?? (needsOne ? DEFAULT_THROUGHPUT : undefined);
    if (throughput !== undefined) state.offers.set(owner, throughput);
  }
  if (method === 'DELETE' && answer.status === 204) state.offers.remove(path);
}

const DEFAULT_THROUGHPUT = { kind: 'manual', requestUnits: 400 } as const;

function renderAccount(state: AccountState, endpoint: string): unknown {
  const locations = state.regions.map((name) => ({ name, databaseAccountEndpoint: endpoint }));
  return {
    _self: '',
    id: state.name,
    _rid: `${state.name}.documents.azure.com`,
    media: '//media/',
    addresses: '//addresses/',
    _dbs: '//dbs/',
    writableLocations: locations.slice(0, 1),
    readableLocations: locations,
    enableMultipleWriteLocations: false,
    continuousBackupEnabled: false,
    userReplicationPolicy: { asyncReplication: false, minReplicaSetSize: 3, maxReplicasetSize: 4 },
    userConsistencyPolicy: { defaultConsistencyLevel: 'Session' },
    systemReplicationPolicy: { minReplicaSetSize: 3, maxReplicasetSize: 4 },
    readPolicy: { primaryReadCoefficient: 1, secondaryReadCoefficient: 1 },
    queryEngineConfiguration: '{"maxSqlQueryInputLength":262144,"sqlAllowTop":true,"sqlAllowSubQuery":true}',
  };
}

/** Even ranges of the hash space, from `` to `FF`. */
function renderRanges(count: number): unknown {
  const bounds = Array.from({ length: count + 1 }, (_, index) =>
    index === 0
      ? ''
      : index === count
        ? 'FF'
        : Math.floor((index / count) * 0x3fff_ffff)
            .toString(16)
            .toUpperCase()
            .padStart(8, '0')
            .padEnd(32, '0'),
  );
  const ranges = Array.from({ length: count }, (_, index) => ({
    _rid: `double${index}`,
    id: String(index),
    minInclusive: bounds[index],
    maxExclusive: bounds[index + 1],
    ridPrefix: index,
    throughputFraction: 1 / count,
    status: 'online',
    parents: [],
  }));
  return { _rid: '', PartitionKeyRanges: ranges, _count: count };
}

async function quotaHeaders(
  state: AccountState,
  container: string,
): Promise<Readonly<Record<string, string>>> {
  const usage = state.usage.get(container) ?? (await countUsage(state, container));
  const scripts = 'functions=0;storedProcedures=0;triggers=0';
  return {
    'x-ms-resource-quota':
      'functions=50;storedProcedures=200;triggers=50;documentSize=10240;documentsSize=52428800;documentsCount=-1;collectionSize=52428800;',
    'x-ms-resource-usage': `${scripts};documentSize=0;documentsSize=${usage.documentsKb};documentsCount=${usage.documents};collectionSize=${usage.collectionKb};`,
  };
}

async function countUsage(state: AccountState, container: string): Promise<ContainerUsage> {
  const url = `/${container}/docs`;
  const { body } = await state.inner.send({ method: 'GET', url, headers: {}, body: Buffer.alloc(0) });
  const documents = at(safeJson(body), 'Documents');
  const kb = Math.ceil(body.length / 1_024);
  return {
    documents: Array.isArray(documents) ? documents.length : 0,
    documentsKb: kb,
    collectionKb: kb * 2,
  };
}

/** About what the service takes: 1 for reading 1 kB by its key, 5 and more for writing it, 2.8 and more for a query. */
function requestCharge(method: string, isQuery: boolean, sentBytes: number, answer: InnerAnswer): string {
  if (answer.status >= 400) return '1';
  if (isQuery) return (2.79 + Number(answer.headers['x-ms-item-count'] ?? 0) * 0.05).toFixed(2);
  const kb = Math.max(1, Math.ceil((method === 'GET' ? answer.body.length : sentBytes) / 1_024));
  return (method === 'GET' ? kb : 4.71 + kb * 0.57).toFixed(2);
}

const NOT_PASSED_ON: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
]);

function passedOn({ headers }: InnerAnswer): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name, value]) => !NOT_PASSED_ON.has(name) && value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
}

function safeJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined; // not JSON: says nothing
  }
}
