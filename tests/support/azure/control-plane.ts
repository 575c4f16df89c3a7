import type { IncomingHttpHeaders } from 'node:http';
import type { AccountModel } from './account-model.ts';
import type { HttpAnswer } from './http-faults.ts';
import { answerQuery, BadQuery, type MetricsSettings, parseQuery } from './metrics-query.ts';
import type { ReadBudget } from './read-budget.ts';
import {
  actionFor,
  answerResourceManager,
  findAccount,
  parseResourcePath,
  refusal,
} from './resource-manager.ts';
import type { Operations } from './throughput-operations.ts';
import type { TokenMint } from './tokens.ts';

export interface ControlPlane {
  readonly accounts: AccountModel[];
  readonly settings: MetricsSettings;
  readonly operations: Operations;
  readonly mint: TokenMint;
  /** Actions the client has no role for, in lower case. */
  readonly denied: ReadonlySet<string>;
  /** Audiences of tokens that are accepted, beside the double's own addresses. */
  readonly audiences: ReadonlySet<string>;
  budgetOf(subscription: string): ReadBudget;
  readonly pageSize: number;
  now(): number;
}

export interface ControlPlaneRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly origin: string;
}

const BATCH_PATH = /^\/subscriptions\/([^/]+)\/metrics:getBatch$/i;

/** Azure Resource Manager and Azure Monitor behind one address. */
export function answerControlPlane(plane: ControlPlane, request: ControlPlaneRequest): HttpAnswer {
  const refused = admit(plane, request);
  if (refused !== undefined) return refused;
  const [, batchSubscription] = BATCH_PATH.exec(request.path) ?? [];
  if (batchSubscription !== undefined) return answerBatch(plane, request, batchSubscription);
  const [, subscription] = /^\/subscriptions\/([^/]+)/i.exec(request.path) ?? [];
  if (subscription === undefined) return refusal(404, 'NotFound', `the double knows no path ${request.path}`);
  const budget = plane.budgetOf(subscription);
  const waitSeconds = request.method === 'GET' ? budget.take(plane.now()) : undefined;
  if (waitSeconds !== undefined) return throttledRead(subscription, waitSeconds);
  const headers = { 'x-ms-ratelimit-remaining-subscription-reads': String(budget.remaining(plane.now())) };
  const answer = answerRead(plane, request);
  return { ...answer, headers: { ...headers, ...answer.headers } };
}

function answerRead(plane: ControlPlane, request: ControlPlaneRequest): HttpAnswer {
  const { method, path, query, body, origin } = request;
  const status =
    method === 'GET' ? (plane.operations.status(path) ?? plane.operations.result(path)) : undefined;
  if (status !== undefined) return status;
  const restorable = answerRestorable(plane, path);
  if (restorable !== undefined) return restorable;
  const target = parseResourcePath(path.replace(/\/operationResults\/[^/]+$/i, ''));
  if (target === undefined) return refusal(404, 'NotFound', `the double knows no path ${path}`);
  const account = findAccount(plane.accounts, target.resourceId);
  const denied = authorize(plane, actionFor(method, target.rest), target.resourceId);
  if (denied !== undefined) return denied;
  if (account === undefined) {
    return refusal(404, 'ResourceNotFound', `The Resource '${target.resourceId}' was not found.`);
  }
  if (/^providers\/Microsoft\.Authorization\/permissions$/i.test(target.rest))
    return { status: 200, body: { value: [{ actions: ['*'], notActions: [...plane.denied] }] } };
  if (/^providers\/Microsoft\.Insights\/metrics$/i.test(target.rest))
    return answerClassic(plane, account, query);
  const ifMatch = request.headers['if-match'];
  const context = { ...plane, origin, nowMs: plane.now(), ifMatch };
  return answerResourceManager(method, account, target.rest, query, body, context);
}

const RESTORABLE_PATH =
  /^(\/subscriptions\/[^/]+)\/providers\/Microsoft\.DocumentDB\/locations\/[^/]+\/restorableDatabaseAccounts\/([^/]+)$/i;

/** An account that is backed up continuously, as it can be restored; needs the role on the subscription. */
function answerRestorable(plane: ControlPlane, path: string): HttpAnswer | undefined {
  const [, scope, instance] = RESTORABLE_PATH.exec(path) ?? [];
  if (scope === undefined || instance === undefined) return undefined;
  const denied = authorize(plane, 'Microsoft.DocumentDB/locations/restorableDatabaseAccounts/read', scope);
  if (denied !== undefined) return denied;
  const account = plane.accounts.find(
    ({ instanceId, backupPolicy }) => instanceId === instance && backupPolicy['type'] === 'Continuous',
  );
  if (account === undefined)
    return refusal(404, 'ResourceNotFound', 'The restorable database account was not found.');
  const body = {
    name: instance,
    type: 'Microsoft.DocumentDB/locations/restorableDatabaseAccounts',
    properties: {
      accountName: account.name,
      apiType: 'Sql',
      creationTime: instant(plane.now() - 400 * 86_400_000),
      oldestRestorableTime: instant(plane.now() - 7 * 86_400_000),
      restorableLocations: account.regions.map((locationName) => ({ locationName })),
    },
  };
  return { status: 200, body };
}

/** `GET {resource}/providers/Microsoft.Insights/metrics`, whose errors are not wrapped. */
function answerClassic(plane: ControlPlane, account: AccountModel, parameters: URLSearchParams): HttpAnswer {
  try {
    const query = parseQuery(parameters, plane.now());
    const value = answerQuery(account, query, plane.settings, plane.now());
    const timespan = `${instant(query.fromMs)}/${instant(query.toMs)}`;
    return { status: 200, body: { cost: 1, timespan, interval: query.interval, value, ...origin(account) } };
  } catch (error) {
    if (!(error instanceof BadQuery)) throw error;
    return { status: 400, body: { code: 'BadRequest', message: error.message } };
  }
}

/** `POST /subscriptions/{s}/metrics:getBatch`, whose errors are wrapped in `error`; needs the role on the subscription. */
function answerBatch(plane: ControlPlane, request: ControlPlaneRequest, subscription: string): HttpAnswer {
  const denied = authorize(plane, 'Microsoft.Insights/metrics/read', `/subscriptions/${subscription}`);
  if (denied !== undefined) return denied;
  try {
    const query = parseQuery(request.query, plane.now());
    const values = resourceIds(request.body).map((resourceId) => {
      const account = findAccount(plane.accounts, resourceId);
      if (account === undefined) throw new BadQuery(`The resource ${resourceId} was not found.`);
      const value = answerQuery(account, query, plane.settings, plane.now()).map(withoutLostMaximum);
      const span = {
        starttime: instant(query.fromMs),
        endtime: instant(query.toMs),
        interval: query.interval,
      };
      return { cost: 1, ...span, value, ...origin(account), resourceid: account.resourceId };
    });
    return { status: 200, body: { values } };
  } catch (error) {
    if (!(error instanceof BadQuery)) throw error;
    return refusal(400, 'BadRequest', error.message);
  }
}

/** A known fault of the real batch call: it has no Maximum of TotalRequestUnits (opentelemetry-collector-contrib#48812). */
function withoutLostMaximum(metric: unknown): unknown {
  const text = JSON.stringify(metric);
  if (!text.includes('/metrics/TotalRequestUnits"')) return metric;
  return JSON.parse(text, (key, value: unknown) => (key === 'maximum' ? undefined : value));
}

function admit(plane: ControlPlane, { headers, origin: own }: ControlPlaneRequest): HttpAnswer | undefined {
  const [, token] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
  const challenge = { 'www-authenticate': `Bearer authorization_uri="${own}/", error="invalid_token"` };
  if (token === undefined) {
    return refusal(
      401,
      'AuthenticationFailed',
      "Authentication failed. The 'Authorization' header is missing.",
      challenge,
    );
  }
  const verdict = plane.mint.check(token);
  if (verdict.kind === 'invalid') {
    return refusal(401, 'InvalidAuthenticationToken', 'The access token is invalid.', challenge);
  }
  const { audience, expiresAtMs } = verdict.claims;
  if (verdict.kind === 'expired') {
    const message = `The access token expiry UTC time '${instant(expiresAtMs)}' is earlier than current UTC time '${instant(plane.now())}'.`;
    return refusal(401, 'ExpiredAuthenticationToken', message, challenge);
  }
  if (plane.audiences.has(audience) || audience === own) return undefined;
  const message = `The access token has been obtained for wrong audience or resource '${audience}'. It should exactly match with one of the allowed audiences '${[...plane.audiences].join("','")}'.`;
  return refusal(401, 'InvalidAuthenticationTokenAudience', message, challenge);
}

function authorize(plane: ControlPlane, action: string, scope: string): HttpAnswer | undefined {
  if (!plane.denied.has(action.toLowerCase())) return undefined;
  return refusal(
    403,
    'AuthorizationFailed',
    `The client 'double-client' with object id '00000000-0000-0000-0000-000000000000' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

function throttledRead(subscription: string, waitSeconds: number): HttpAnswer {
  return refusal(
    429,
    'SubscriptionRequestsThrottled',
    `Number of read requests for subscription '${subscription}' exceeded the limit. Please try again after '${waitSeconds}' seconds.`,
    { 'retry-after': String(waitSeconds), 'x-ms-ratelimit-remaining-subscription-reads': '0' },
  );
}

function resourceIds(body: unknown): readonly string[] {
  if (
    typeof body !== 'object' ||
    body === null ||
    !('resourceids' in body) ||
    !Array.isArray(body.resourceids)
  ) {
    throw new BadQuery('resourceids is required');
  }
  return body.resourceids.map(String);
}

function origin(account: AccountModel): Readonly<Record<string, string>> {
  return {
    namespace: 'Microsoft.DocumentDB/databaseAccounts',
    resourceregion: (account.regions[0] ?? '').toLowerCase().replaceAll(' ', ''),
  };
}

function instant(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
