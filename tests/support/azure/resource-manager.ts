import type { AccountModel, Throughput, ThroughputState } from './account-model.ts';
import { answerContainer, renderContainer } from './container-resources.ts';
import type { HttpAnswer } from './http-faults.ts';
import { flat, renderChild } from './provider-answers.ts';
import { throughputLimits } from './throughput-limits.ts';
import type { Operations } from './throughput-operations.ts';

/** What {@link answerResourceManager} needs to know beside the request. */
export interface ResourceManagerContext {
  readonly accounts: readonly AccountModel[];
  readonly operations: Operations;
  /** `https://host:port` as the client wrote it. */
  readonly origin: string;
  /** Entries of a list in one answer. */
  readonly pageSize: number;
  readonly nowMs: number;
  /** The header If-Match. */
  readonly ifMatch?: string | undefined;
}

/** A path of Azure Resource Manager, taken apart. */
export interface ResourcePath {
  readonly resourceId: string;
  /** Below the account: `sqlDatabases/shop/containers`. */
  readonly rest: string;
}

const ACCOUNT_PATH =
  /^(\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.DocumentDB\/databaseAccounts\/[^/]+)(?:\/(.*?))?\/?$/i;

/** `undefined` for what is no path of a Cosmos DB account. */
export function parseResourcePath(path: string): ResourcePath | undefined {
  const [, resourceId, rest = ''] = ACCOUNT_PATH.exec(path) ?? [];
  return resourceId === undefined ? undefined : { resourceId, rest };
}

export function findAccount(accounts: readonly AccountModel[], resourceId: string): AccountModel | undefined {
  return accounts.find((account) => account.resourceId.toLowerCase() === resourceId.toLowerCase());
}

/**
 * The permission that a call needs, as in role definitions.
 *
 * @see https://learn.microsoft.com/en-us/azure/role-based-access-control/permissions/databases#microsoftdocumentdb
 */
export function actionFor(method: string, rest: string): string {
  if (/^providers\/Microsoft\.Insights\/metrics$/i.test(rest)) return 'Microsoft.Insights/metrics/read';
  if (/^providers\/Microsoft\.Authorization\/permissions$/i.test(rest))
    return 'Microsoft.Authorization/permissions/read';
  const kinds = rest.split('/').filter((_, index) => index % 2 === 0 && rest !== '');
  const path = ['Microsoft.DocumentDB/databaseAccounts', ...kinds].join('/');
  if (method === 'POST') return `${path}/action`;
  if (method === 'DELETE') return `${path}/delete`;
  return method === 'GET' ? `${path}/read` : `${path}/write`;
}

/** Answers what Reeve uses of Microsoft.DocumentDB/databaseAccounts, api-version 2025-10-15; the caller has been admitted already. */
export function answerResourceManager(
  method: string,
  account: AccountModel,
  rest: string,
  query: URLSearchParams,
  body: unknown,
  context: ResourceManagerContext,
): HttpAnswer {
  if (!/^\d{4}-\d\d-\d\d(-preview)?$/.test(query.get('api-version') ?? '')) {
    return refusal(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  }
  if (rest === '' && method === 'GET') return { status: 200, body: renderAccount(account) };
  const [, database, , container] =
    /^sqlDatabases(?:\/([^/]+))?(\/containers(?:\/([^/]+))?)?/i.exec(rest) ?? [];
  const [, , containersPart] = /^sqlDatabases(?:\/([^/]+))?(\/containers)?/i.exec(rest) ?? [];
  const found = account.databases.find(({ name }) => name === decode(database));
  if (/^sqlDatabases$/i.test(rest)) {
    const names = account.databases.map(({ name }) => name);
    return page(
      context,
      query,
      account,
      rest,
      names.map((name) => renderChild(account, `sqlDatabases/${name}`, name)),
    );
  }
  if (found === undefined) return notFound(rest);
  if (/\/throughputSettings\/default(\/\w+)?$/i.test(rest)) {
    const settings =
      container === undefined
        ? found.settings
        : found.containers.find(({ name }) => name === decode(container))?.settings;
    return answerThroughput(method, account, rest, settings, body, context);
  }
  if (containersPart !== undefined && container === undefined) {
    const children = found.containers.map((each) =>
      renderContainer(account, `sqlDatabases/${found.name}/containers/${each.name}`, each),
    );
    return page(context, query, account, rest, children);
  }
  if (container !== undefined) {
    const request = {
      method,
      account,
      rest,
      database: found,
      container: decode(container),
      body,
      ...context,
    };
    return answerContainer(request) ?? notFound(rest);
  }
  return { status: 200, body: renderChild(account, rest, decode(database)) };
}

function answerThroughput(
  method: string,
  account: AccountModel,
  rest: string,
  settings: ThroughputState | undefined,
  body: unknown,
  context: ResourceManagerContext,
): HttpAnswer {
  if (account.serverless) {
    return flat(400, 'BadRequest', 'Reading or replacing offers is not supported for serverless accounts.');
  }
  if (settings === undefined || settings.throughput.kind === 'shared') return notFound(rest);
  const render = (): unknown => renderThroughput(account, rest, settings, context.nowMs);
  if (method === 'GET') return { status: 200, body: render() };
  if (context.ifMatch !== undefined && context.ifMatch !== etagOf(settings)) {
    return flat(412, 'PreconditionFailed', 'The operation specified an eTag that is not the current one.');
  }
  return context.operations.start({
    account,
    rest,
    settings,
    body,
    origin: context.origin,
    nowMs: context.nowMs,
  });
}

function renderThroughput(
  account: AccountModel,
  rest: string,
  settings: ThroughputState,
  nowMs: number,
): unknown {
  const limits = throughputLimits(settings);
  return {
    id: `${account.resourceId}/${rest}`,
    type: `Microsoft.DocumentDB/databaseAccounts/${rest
      .split('/')
      .filter((_, index) => index % 2 === 0)
      .join('/')}`,
    name: 'default',
    properties: {
      resource: {
        ...renderThroughputValue(settings.throughput),
        _etag: etagOf(settings),
        // The service writes these numbers as text.
        minimumThroughput: String(limits.minimum),
        instantMaximumThroughput: String(limits.instantMaximum),
        softAllowedMaximumThroughput: String(limits.softAllowedMaximum),
        ...(settings.replacePendingUntilMs > nowMs ? { offerReplacePending: 'true' } : {}),
      },
    },
  };
}

function etagOf({ throughput }: ThroughputState): string {
  return `"${Buffer.from(JSON.stringify(throughput)).toString('hex').slice(-24)}"`;
}

function renderThroughputValue(throughput: Throughput): Readonly<Record<string, unknown>> {
  if (throughput.kind === 'shared') return {};
  if (throughput.kind === 'manual') return { throughput: throughput.requestUnits };
  // `throughput` is what autoscale stands at: a tenth of the maximum when idle.
  return { throughput: throughput.maximum / 10, autoscaleSettings: { maxThroughput: throughput.maximum } };
}

function renderAccount(account: AccountModel): unknown {
  const locations = account.regions.map((region, index) => ({
    id: `${account.name}-${regionId(region)}`,
    locationName: region,
    documentEndpoint: `https://${account.name}-${regionId(region)}.documents.azure.com:443/`,
    provisioningState: 'Succeeded',
    failoverPriority: index,
    isZoneRedundant: false,
  }));
  return {
    id: account.resourceId,
    name: account.name,
    location: account.regions[0],
    type: 'Microsoft.DocumentDB/databaseAccounts',
    kind: 'GlobalDocumentDB',
    tags: { double: 'true' },
    properties: {
      provisioningState: 'Succeeded',
      documentEndpoint: `https://${account.name}.documents.azure.com:443/`,
      databaseAccountOfferType: 'Standard',
      enableMultipleWriteLocations: account.multiRegionWrites,
      enableAutomaticFailover: account.regions.length > 1,
      consistencyPolicy: { defaultConsistencyLevel: account.consistency },
      capabilities: account.serverless ? [{ name: 'EnableServerless' }] : [],
      capacity: { totalThroughputLimit: account.totalThroughputLimit },
      writeLocations: account.multiRegionWrites ? locations : locations.slice(0, 1),
      readLocations: locations,
      locations,
      instanceId: account.instanceId,
      backupPolicy: account.backupPolicy,
      disableLocalAuth: false,
    },
  };
}

function page(
  { pageSize, origin }: ResourceManagerContext,
  query: URLSearchParams,
  account: AccountModel,
  rest: string,
  entries: readonly unknown[],
): HttpAnswer {
  const from = Number(query.get('$skiptoken') ?? 0);
  const value = entries.slice(from, from + pageSize);
  const next = from + pageSize;
  if (next >= entries.length) return { status: 200, body: { value } };
  const nextLink = `${origin}${account.resourceId}/${rest}?api-version=${query.get('api-version')}&$skiptoken=${next}`;
  return { status: 200, body: { value, nextLink } };
}

function regionId(region: string): string {
  return region.toLowerCase().replaceAll(' ', '');
}

function decode(segment: string | undefined): string {
  return decodeURIComponent(segment ?? '');
}

function notFound(rest: string): HttpAnswer {
  return flat(404, 'NotFound', `Message: {"Errors":["Resource Not Found. ${rest}"]}`);
}

export function refusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return { status, headers, body: { error: { code, message } } };
}
