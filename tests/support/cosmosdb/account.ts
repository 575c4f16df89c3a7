import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { type HttpAnswer, HttpFaults, sendAnswer } from '../azure/http-faults.ts';
import type { ServerCertificate } from '../net/certificates.ts';
import { findFreePort } from '../net/free-port.ts';
import { countConnections, listenOnLoopback, stopListening } from '../net/http-listening.ts';
import { type AccountState, answerData, type ContainerUsage } from './data-plane.ts';
import { startInnerServer } from './inner-server.ts';
import { isSignedWith } from './master-key.ts';
import { Offers, type OfferThroughput } from './offers.ts';

export interface CosmosContainerOptions {
  readonly name: string;
  /** Default `/id`. */
  readonly partitionKey?: string;
  /** Default: what the database has, else 400 RU/s. */
  readonly throughput?: OfferThroughput;
  /** Partition key ranges. Default 1. */
  readonly partitions?: number;
}

export interface CosmosDatabaseOptions {
  readonly name: string;
  /** Shared by its containers that have none of their own. */
  readonly throughput?: OfferThroughput;
  readonly containers?: readonly CosmosContainerOptions[];
}

export interface CosmosAccountOptions {
  /** Default `double-cosmos`. */
  readonly name?: string;
  /** Display names, the first writable. Default `West Europe`. */
  readonly regions?: readonly string[];
  readonly serverless?: boolean;
  readonly databases?: readonly CosmosDatabaseOptions[];
  /** Default: a free one. */
  readonly port?: number;
  /** Serves https with it; default http. */
  readonly certificate?: ServerCertificate;
}

export interface DataRequest {
  readonly method: string;
  readonly path: string;
  /** 0: not answered. */
  readonly status: number;
}

/** A double of one Cosmos DB account's data plane. */
export interface CosmosAccount extends AsyncDisposable {
  readonly name: string;
  /** `http://127.0.0.1:port/` (https with a certificate): what a client calls the endpoint. */
  readonly endpoint: string;
  readonly port: number;
  readonly key: string;
  /** May read, offers included; writing is 403. */
  readonly readOnlyKey: string;
  /** `AccountEndpoint=…;AccountKey=…;` with the read-only key. */
  readonly connectionString: string;
  readonly faults: HttpFaults;
  readonly offers: Offers;
  /** Oldest first; grows. */
  readonly requests: readonly DataRequest[];
  /** Display names; the first is writable. May be changed. */
  regions: readonly string[];
  /** 429 with `x-ms-retry-after-ms` for requests that fit (default: all), so many times (default: until lifted). */
  throttle(options?: {
    readonly on?: RegExp;
    readonly times?: number;
    readonly retryAfterMs?: number;
  }): () => void;
  /** What the quota headers say of a container; default: counted. */
  setUsage(database: string, container: string, usage: ContainerUsage): void;
  connections(): Promise<number>;
  /** Both keys are others now; the old ones are refused. */
  rotateKeys(key: string, readOnlyKey: string): void;
  stop(): Promise<void>;
  restart(): Promise<void>;
}

const KEY = Buffer.from('double-cosmos-primary-key, not a secret of anything').toString('base64');
const READ_ONLY_KEY = Buffer.from('double-cosmos-read-only-key, not a secret either').toString('base64');

/** Starts @vercel/cosmosdb-server behind a proxy of ours that adds what it lacks. Needs tests/node_modules. */
export async function startCosmosAccount(options: CosmosAccountOptions = {}): Promise<CosmosAccount> {
  const port = options.port ?? (await findFreePort());
  const endpoint = `${options.certificate ? 'https' : 'http'}://127.0.0.1:${port}/`;
  const state: ServerState = {
    name: options.name ?? 'double-cosmos',
    regions: options.regions ?? ['West Europe'],
    serverless: options.serverless ?? false,
    offers: new Offers(),
    partitions: new Map(),
    usage: new Map(),
    inner: await startInnerServer(),
    keys: { full: KEY, readOnly: READ_ONLY_KEY },
    faults: new HttpFaults(),
    requests: [],
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response, state, endpoint).catch(() => response.destroy());
  };
  const server = options.certificate
    ? createHttpsServer(options.certificate, handle)
    : createHttpServer(handle);
  const fill = (options.databases ?? []).map((database) => createDatabase(state, endpoint, database));
  await Promise.all(fill);
  await listenOnLoopback(server, port);
  return control(state, server, port, endpoint);
}

interface ServerState extends AccountState {
  readonly keys: { full: string; readOnly: string };
  readonly faults: HttpFaults;
  readonly requests: DataRequest[];
}

function control(state: ServerState, server: Server, port: number, endpoint: string): CosmosAccount {
  return {
    name: state.name,
    endpoint,
    port,
    get key() {
      return state.keys.full;
    },
    get readOnlyKey() {
      return state.keys.readOnly;
    },
    get connectionString() {
      return `AccountEndpoint=${endpoint};AccountKey=${state.keys.readOnly};`;
    },
    get regions() {
      return state.regions;
    },
    set regions(regions) {
      state.regions = regions;
    },
    faults: state.faults,
    offers: state.offers,
    requests: state.requests,
    throttle: ({ on = /^/, times, retryAfterMs = 50 } = {}) =>
      state.faults.add({ on, fault: throttling(retryAfterMs), ...(times === undefined ? {} : { times }) }),
    setUsage: (database, container, usage) =>
      void state.usage.set(`dbs/${database}/colls/${container}`, usage),
    connections: () => countConnections(server),
    rotateKeys: (key, readOnlyKey) => void Object.assign(state.keys, { full: key, readOnly: readOnlyKey }),
    stop: () => stopListening(server),
    restart: async () => {
      await stopListening(server);
      await listenOnLoopback(server, port);
    },
    [Symbol.asyncDispose]: async () => {
      await stopListening(server);
      await state.inner[Symbol.asyncDispose]();
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  state: ServerState,
  endpoint: string,
): Promise<void> {
  const method = request.method ?? 'GET';
  const url = request.url ?? '/';
  // The client writes //dbs sometimes.
  const path = decodeURIComponent(url.replace(/\?.*$/, '')).replaceAll(/\/+/g, '/');
  const body = await buffer(request);
  const fault = state.faults.take(`${method} ${path}`);
  const replaced = fault?.kind === 'answer' || fault?.kind === 'hang' || fault?.kind === 'reset';
  const answer = replaced
    ? { status: fault.kind === 'answer' ? fault.status : 0 }
    : (refuse(request, method, path, state) ??
      (await answerData(state, { method, path, url, headers: request.headers, body }, endpoint)));
  state.requests.push({ method, path, status: answer.status });
  sendAnswer(request, response, answer, fault);
}

/** 401 unless signed with one of the keys; 403 for writing with the read-only one. */
function refuse(
  request: IncomingMessage,
  method: string,
  path: string,
  { keys }: ServerState,
): HttpAnswer | undefined {
  const { authorization, 'x-ms-date': date } = request.headers;
  const signed = { method, path, authorization, date: date?.toString() };
  if (isSignedWith(keys.full, signed)) return undefined;
  if (!isSignedWith(keys.readOnly, signed)) {
    const message =
      "The input authorization token can't serve the request. The wrong key is being used or the expected payload is not built as per the protocol.";
    return { status: 401, body: { code: 'Unauthorized', message } };
  }
  const reads = method === 'GET' || request.headers['x-ms-documentdb-isquery'] !== undefined;
  if (reads) return undefined;
  const message =
    'Insufficient permissions provided in the authorization header for the corresponding request.';
  return { status: 403, body: { code: 'Forbidden', message } };
}

async function createDatabase(
  state: ServerState,
  endpoint: string,
  { name, throughput, containers = [] }: CosmosDatabaseOptions,
): Promise<void> {
  const create = async (path: string, body: object, wanted: OfferThroughput | undefined): Promise<void> => {
    const headers = { 'content-type': 'application/json', ...throughputHeaders(wanted) };
    const request = { method: 'POST', path, url: path, headers, body: Buffer.from(JSON.stringify(body)) };
    const { status } = await answerData(state, request, endpoint);
    if (status !== 201) throw new Error(`the double could not create ${path}: ${status}`);
  };
  await create('/dbs', { id: name }, throughput);
  for (const container of containers) {
    const partitionKey = { paths: [container.partitionKey ?? '/id'], kind: 'Hash', version: 2 };
    await create(`/dbs/${name}/colls`, { id: container.name, partitionKey }, container.throughput);
    state.partitions.set(`dbs/${name}/colls/${container.name}`, container.partitions ?? 1);
  }
}

function throughputHeaders(throughput: OfferThroughput | undefined): Readonly<Record<string, string>> {
  if (throughput === undefined) return {};
  return throughput.kind === 'manual'
    ? { 'x-ms-offer-throughput': String(throughput.requestUnits) }
    : { 'x-ms-cosmos-offer-autopilot-settings': JSON.stringify({ maxThroughput: throughput.maximum }) };
}

function throttling(retryAfterMs: number) {
  return {
    kind: 'answer',
    status: 429,
    headers: { 'x-ms-retry-after-ms': String(retryAfterMs), 'x-ms-substatus': '3200' },
    body: {
      code: '429',
      message:
        'Message: {"Errors":["Request rate is large. More Request Units may be needed, so no changes were made."]}',
    },
  } as const;
}
