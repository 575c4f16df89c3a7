import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Authority, createAuthority } from '../net/certificates.ts';
import { countConnections, listenOnLoopback, stopListening, type WebServer } from '../net/http-listening.ts';
import { createTempDir } from '../temp-dir.ts';
import { AccountModel, type AccountOptions } from './account-model.ts';
import { answerControlPlane, type ControlPlane } from './control-plane.ts';
import { type HttpAnswer, HttpFaults, sendAnswer } from './http-faults.ts';
import { answerIdentity, answerManagedIdentity, type ClientRegistration } from './identity.ts';
import type { MetricsSettings } from './metrics-query.ts';
import { ReadBudget } from './read-budget.ts';
import { Operations } from './throughput-operations.ts';
import { TokenMint } from './tokens.ts';

export interface AzureOptions {
  readonly accounts: readonly AccountOptions[];
  /** Unix time in milliseconds. Default: the system's. Minutes, tokens and budgets go by it; certificates do not. */
  readonly now?: () => number;
  /** Default: a free one. */
  readonly port?: number;
  /** Entries of a list in one page. Default 50. */
  readonly pageSize?: number;
}

export interface AzureRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** 0: not answered. */
  readonly status: number;
}

/** A double of Azure: Resource Manager, Monitor and the token endpoint, for Cosmos DB accounts, over https on loopback. */
export interface AzureDouble extends AsyncDisposable {
  /** `https://127.0.0.1:port`: the address of Resource Manager, of Monitor (both calls) and of the sign-in authority. */
  readonly url: string;
  readonly port: number;
  /** PEM of the authority that its certificate is signed by, and a file with it. */
  readonly ca: string;
  readonly caFile: string;
  /** What ClientSecretCredential has to be given. */
  readonly registration: ClientRegistration;
  /** Environment in which ManagedIdentityCredential finds the double's managed identity. */
  readonly managedIdentity: { readonly IDENTITY_ENDPOINT: string; readonly IDENTITY_HEADER: string };
  readonly accounts: readonly AccountModel[];
  /** The first one. */
  readonly account: AccountModel;
  readonly settings: MetricsSettings;
  readonly operations: Operations;
  readonly mint: TokenMint;
  readonly faults: HttpFaults;
  /** Oldest first; grows. */
  readonly requests: readonly AzureRequest[];
  /** Connections to the https port that are open now. */
  connections(): Promise<number>;
  budgetOf(subscription: string): ReadBudget;
  /** Takes the client a permission such as `Microsoft.Insights/metrics/read`; answered 403 AuthorizationFailed from now on. */
  deny(action: string): void;
  allow(action: string): void;
  /** From now on the certificate is one that has expired; connections are cut. */
  expireCertificate(): void;
  renewCertificate(): void;
  /** Nobody listens any more; the model and the port are kept. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  restart(): Promise<void>;
}

const REGISTRATION: ClientRegistration = {
  tenant: '00000000-0000-4000-8000-0000000007e4',
  clientId: '00000000-0000-4000-8000-00000000c11e',
  secret: 'double-client-secret',
  federatedToken: 'double-federated-token',
};

const AUDIENCES: readonly string[] = [
  'https://management.azure.com',
  'https://management.core.windows.net',
  'https://metrics.monitor.azure.com',
  'https://management.chinacloudapi.cn',
  'https://management.usgovcloudapi.net',
];

/** Starts the double on 127.0.0.1; nothing leaves the machine and nothing has to be installed. */
export async function startAzure(options: AzureOptions): Promise<AzureDouble> {
  const authority = createAuthority();
  const folder = await createTempDir('azure-double');
  const caFile = join(folder.path, 'ca.pem');
  await writeFile(caFile, authority.ca);
  const state = createState(options);
  const server = createServer(authority.issue(), (request, response) => serve(request, response, state));
  const identity = createHttpServer((request, response) => serveManagedIdentity(request, response, state));
  const stop = (): Promise<void> => stopListening(server);
  const stopAll = async (): Promise<void> => {
    await Promise.all([stop(), stopListening(identity)]);
    await folder.remove();
  };
  const [port, identityPort] = await listen(server, options.port, identity).catch(async (error: unknown) => {
    await stopAll();
    throw error;
  });
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    ca: authority.ca,
    caFile,
    registration: REGISTRATION,
    managedIdentity: {
      IDENTITY_ENDPOINT: `http://127.0.0.1:${identityPort}/msi/token`,
      IDENTITY_HEADER: MANAGED_IDENTITY_HEADER,
    },
    account: firstAccount(state.accounts),
    ...state,
    connections: () => countConnections(server),
    deny: (action) => void state.denied.add(action.toLowerCase()),
    allow: (action) => void state.denied.delete(action.toLowerCase()),
    expireCertificate: () => present(server, authority, Date.now() - 3_600_000),
    renewCertificate: () => present(server, authority),
    stop,
    restart: async () => {
      await stop();
      await listenOnLoopback(server, port);
    },
    [Symbol.asyncDispose]: stopAll,
  };
}

async function listen(
  server: WebServer,
  port: number | undefined,
  identity: WebServer,
): Promise<readonly [number, number]> {
  return [await listenOnLoopback(server, port), await listenOnLoopback(identity)];
}

const MANAGED_IDENTITY_HEADER = 'double-identity-header';

interface State extends ControlPlane {
  readonly denied: Set<string>;
  readonly faults: HttpFaults;
  readonly requests: AzureRequest[];
}

function createState(options: AzureOptions): State {
  const now = options.now ?? Date.now;
  const budgets = new Map<string, ReadBudget>();
  const budgetOf = (subscription: string): ReadBudget => {
    const budget = budgets.get(subscription.toLowerCase()) ?? new ReadBudget();
    budgets.set(subscription.toLowerCase(), budget);
    return budget;
  };
  return {
    accounts: options.accounts.map((account) => new AccountModel(account)),
    settings: {
      ingestionDelayMs: 3 * 60_000,
      displayNames: {},
      missingDimensions: new Set(),
      unknownMetrics: new Set(),
      gaps: new Set(),
    },
    operations: new Operations(),
    mint: new TokenMint(now),
    denied: new Set(),
    audiences: new Set(AUDIENCES),
    budgetOf,
    pageSize: options.pageSize ?? 50,
    now,
    faults: new HttpFaults(),
    requests: [],
  };
}

function serve(request: IncomingMessage, response: ServerResponse, state: State): void {
  // A client that went away in the middle; or a mistake in the double, which its tests see as a cut connection.
  serveRequest(request, response, state).catch(() => response.destroy());
}

async function serveRequest(request: IncomingMessage, response: ServerResponse, state: State): Promise<void> {
  const origin = `https://${request.headers.host}`;
  const url = new URL(request.url ?? '/', origin);
  const path = decodeURIComponent(url.pathname);
  const seen = { method: request.method ?? 'GET', path, query: url.searchParams };
  const fault = state.faults.take(requestLine(request));
  const body = await text(request);
  if (fault?.kind === 'hang' || fault?.kind === 'reset' || fault?.kind === 'answer') {
    state.requests.push({ ...seen, status: fault.kind === 'answer' ? fault.status : 0 });
    sendAnswer(request, response, { status: 500 }, fault);
    return;
  }
  const answer = answerAny(state, { ...seen, headers: request.headers, body, origin });
  state.requests.push({ ...seen, status: answer.status });
  sendAnswer(request, response, answer, fault);
}

/** `GET /path?query`, decoded, for {@link HttpFaults}. */
function requestLine(request: IncomingMessage): string {
  return `${request.method} ${decodeURIComponent(request.url ?? '/').replaceAll('+', ' ')}`;
}

interface AnyRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly origin: string;
}

function answerAny(state: State, request: AnyRequest): HttpAnswer {
  const form = new URLSearchParams(request.body);
  const token = answerIdentity(request.path, form, request.origin, REGISTRATION, state.mint);
  if (token !== undefined) return token;
  const body: unknown = request.body === '' ? undefined : JSON.parse(request.body);
  return answerControlPlane(state, { ...request, body });
}

function serveManagedIdentity(request: IncomingMessage, response: ServerResponse, state: State): void {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const fault = state.faults.take(requestLine(request));
  const header = request.headers['x-identity-header']?.toString();
  const answer = answerManagedIdentity(
    url.searchParams,
    header,
    MANAGED_IDENTITY_HEADER,
    REGISTRATION,
    state.mint,
  );
  state.requests.push({
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    status: answer.status,
  });
  sendAnswer(request, response, answer, fault);
}

function present(server: Server, authority: Authority, toMs?: number): void {
  server.setSecureContext(authority.issue(toMs === undefined ? {} : { fromMs: toMs - 86_400_000, toMs }));
  server.closeAllConnections();
}

function firstAccount(accounts: readonly AccountModel[]): AccountModel {
  const [first] = accounts;
  if (first === undefined) throw new Error('the double of Azure needs an account');
  return first;
}
