import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { ClientSecretCredential, ManagedIdentityCredential } from '@azure/identity';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AccountOptions } from './account-model.ts';
import { type AzureDouble, startAzure } from './azure.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 12, 0, 30);
const NAMESPACE = 'providers/Microsoft.Insights/metrics';

const ACCOUNT: AccountOptions = {
  name: 'double-shop',
  regions: ['West Europe', 'North Europe'],
  databases: [
    {
      name: 'shop',
      containers: [
        {
          name: 'orders',
          throughput: { kind: 'manual', requestUnits: 10_000 },
          partitions: 2,
          load: {
            requestUnitsPerSecond: 6_000,
            requestsPerSecond: 600,
            throttledPerSecond: 6,
            regionShares: { 'West Europe': 0.75, 'North Europe': 0.25 },
            partitionShares: [0.8, 0.2],
          },
        },
        { name: 'carts', throughput: { kind: 'autoscale', maximum: 4_000 } },
      ],
    },
    {
      name: 'shared',
      throughput: { kind: 'manual', requestUnits: 800 },
      containers: [
        { name: 'a', throughput: { kind: 'shared' } },
        { name: 'b', throughput: { kind: 'shared' } },
      ],
    },
  ],
};

describe('the double of Azure', () => {
  let azure: AzureDouble;
  let nowMs = NOW_MS;
  beforeEach(async () => {
    nowMs = NOW_MS;
    azure = await startAzure({ accounts: [ACCOUNT], now: () => nowMs });
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await azure[Symbol.asyncDispose]();
  });

  interface Reply {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    // biome-ignore lint: what came, to be looked into by each test
    readonly body: any; // eslint-disable-line
  }

  async function call(
    path: string,
    options: { method?: string; token?: string; body?: unknown } = {},
  ): Promise<Reply> {
    const token = options.token ?? azure.mint.issue('https://management.azure.com', 'c').token;
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const request = requestHttps(
      `${azure.url}${path}`,
      {
        method: options.method ?? 'GET',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        agent: false,
        ca: azure.ca,
      },
      (response) => {
        text(response).then((body) => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: body === '' ? undefined : JSON.parse(body),
          });
        }, reject);
      },
    );
    request.on('error', reject);
    request.end(options.body === undefined ? undefined : JSON.stringify(options.body));
    return promise;
  }

  const metrics = (parameters: Record<string, string>): Promise<Reply> =>
    call(
      `${azure.account.resourceId}/${NAMESPACE}?${new URLSearchParams({
        'api-version': '2018-01-01',
        timespan: '2026-11-23T11:50:00Z/2026-11-23T12:00:00Z',
        ...parameters,
      }).toString()}`,
    );

  it('signs an application in by its secret over https with its own authority', async () => {
    const { tenant, clientId, secret } = azure.registration;
    const options = {
      authorityHost: azure.url,
      disableInstanceDiscovery: true,
      tlsOptions: { ca: azure.ca },
    };
    const credential = new ClientSecretCredential(tenant, clientId, secret, options);
    const wrong = new ClientSecretCredential(tenant, clientId, 'wrong', options);

    const token = await credential.getToken('https://management.azure.com/.default');

    expect(azure.mint.check(token.token)).toMatchObject({ kind: 'valid' });
    await expect(wrong.getToken('https://management.azure.com/.default')).rejects.toThrow('AADSTS7000215');
  });

  it('gives a managed identity a token where the environment says', async () => {
    for (const [name, value] of Object.entries(azure.managedIdentity)) vi.stubEnv(name, value);
    const credential = new ManagedIdentityCredential();

    const token = await credential.getToken('https://management.azure.com/.default');

    const account = await call(`${azure.account.resourceId}?api-version=2025-10-15`, { token: token.token });
    expect(account).toMatchObject({
      status: 200,
      body: { name: 'double-shop', properties: { locations: [{ locationName: 'West Europe' }, {}] } },
    });
  });

  it('splits a metric by the dimensions of the filter, with values missing while they are ingested', async () => {
    const { body } = await metrics({
      metricnames: 'TotalRequestUnits',
      interval: 'PT1M',
      aggregation: 'Total',
      $filter: "DatabaseName eq '*' and CollectionName eq '*' and Region eq '*'",
      top: '100',
    });

    const [metric] = body.value;
    expect(metric).toMatchObject({
      id: expect.stringMatching(/\/metrics\/TotalRequestUnits$/),
      name: { value: 'TotalRequestUnits', localizedValue: 'Total Request Units' },
    });
    expect(metric.timeseries).toHaveLength(2);
    expect(metric.timeseries[0].metadatavalues).toMatchObject([
      { name: { value: 'databasename' }, value: 'shop' },
      { name: { value: 'collectionname' }, value: 'orders' },
      { name: { value: 'region' }, value: 'West Europe' },
    ]);
    expect(metric.timeseries[0].data).toHaveLength(10);
    expect(metric.timeseries[0].data[0]).toEqual({ timeStamp: '2026-11-23T11:50:00Z', total: 270_000 });
    expect(metric.timeseries[0].data[8]).toEqual({ timeStamp: '2026-11-23T11:58:00Z' });
  });

  it('reports the busier partition as hot, and the throughput of a shared database without a collection', async () => {
    const filter =
      "DatabaseName eq '*' and CollectionName eq '*' and Region eq 'West Europe' and PartitionKeyRangeId eq '*'";
    const hot = await metrics({
      metricnames: 'NormalizedRUConsumption',
      aggregation: 'Maximum',
      $filter: filter,
    });
    const provisioned = await metrics({
      metricnames: 'ProvisionedThroughput',
      interval: 'PT5M',
      aggregation: 'Maximum',
      $filter: "DatabaseName eq 'shared' and CollectionName eq '*' and Region eq 'West Europe'",
    });

    const orders = hot.body.value[0].timeseries.filter(
      (series: any) => series.metadatavalues[1].value === 'orders',
    );
    expect(orders.map((series: any) => series.data[0].maximum)).toEqual([72, 18]);
    expect(provisioned.body.value[0].timeseries).toHaveLength(1);
    expect(provisioned.body.value[0].timeseries[0].metadatavalues[1].value).toBe('__Empty');
    expect(provisioned.body.value[0].timeseries[0].data[0].maximum).toBe(800);
  });

  it('cuts at ten series without a word unless top says more', async () => {
    const parameters = {
      metricnames: 'NormalizedRUConsumption',
      aggregation: 'Maximum',
      $filter:
        "CollectionName eq '*' and Region eq '*' and PartitionKeyRangeId eq '*' and DatabaseName eq '*'",
    };

    const cut = await metrics(parameters);
    const whole = await metrics({ ...parameters, top: '50' });
    const unsplit = await metrics({ metricnames: 'NormalizedRUConsumption', aggregation: 'Maximum' });

    expect(cut.body.value[0].timeseries).toHaveLength(10);
    expect(whole.body.value[0].timeseries).toHaveLength(10);
    expect(unsplit.body.value[0].timeseries).toMatchObject([{ metadatavalues: [] }]);
  });

  it.each([
    ['an unknown metric', { metricnames: 'TotalRequests,Nonsense' }, 'Failed to find metric configuration'],
    [
      'a grain too fine',
      { metricnames: 'ProvisionedThroughput', interval: 'PT1M' },
      "'interval', the value must be",
    ],
    [
      'a dimension that the metric lacks',
      { metricnames: 'ServiceAvailability', interval: 'PT1H', $filter: "Region eq '*'" },
      'does not support requested dimension combination: region',
    ],
    [
      'more than 20 names',
      { metricnames: Array(21).fill('TotalRequests').join(',') },
      'the maximum allowed is 20',
    ],
  ])('refuses the whole call for %s', async (_name, parameters: Record<string, string>, message) => {
    const { status, body } = await metrics(parameters);

    expect(status).toBe(400);
    expect(body).toEqual({ code: 'BadRequest', message: expect.stringContaining(message) });
  });

  it('answers the batch call with wrapped errors, and without the Maximum of TotalRequestUnits', async () => {
    const batch = (names: string): Promise<Reply> => {
      const parameters = new URLSearchParams({
        'api-version': '2024-02-01',
        starttime: '2026-11-23T11:50:00Z',
        endtime: '2026-11-23T11:55:00Z',
        interval: 'PT1M',
        metricnamespace: 'Microsoft.DocumentDB/databaseAccounts',
        metricnames: names,
        aggregation: 'Total,Maximum',
      });
      return call(`/subscriptions/${azure.account.subscription}/metrics:getBatch?${parameters.toString()}`, {
        method: 'POST',
        body: { resourceids: [azure.account.resourceId] },
      });
    };

    const good = await batch('TotalRequestUnits');
    const bad = await batch('Nonsense');

    expect(good.body.values[0]).toMatchObject({ resourceid: azure.account.resourceId });
    expect(good.body.values[0].value[0].timeseries[0].data[0]).toEqual({
      timeStamp: '2026-11-23T11:50:00Z',
      total: 360_000,
    });
    expect(bad.body).toMatchObject({ error: { code: 'BadRequest' } });
  });

  it('speaks another language in display names only, and can leave a dimension out', async () => {
    azure.settings.displayNames = { TotalRequests: 'Anforderungen gesamt' };
    azure.settings.missingDimensions = new Set(['TotalRequests/Region']);

    const { body } = await metrics({
      metricnames: 'TotalRequests',
      aggregation: 'Count',
      $filter: "Region eq '*' and StatusCode eq '429'",
    });

    expect(body.value[0].name).toEqual({ value: 'TotalRequests', localizedValue: 'Anforderungen gesamt' });
    expect(body.value[0].timeseries[0].metadatavalues).toMatchObject([
      { name: { value: 'statuscode' }, value: '429' },
    ]);
  });

  it('refuses expired, foreign and missing roles as Azure does', async () => {
    const account = `${azure.account.resourceId}?api-version=2025-10-15`;
    const { token } = azure.mint.issue('https://management.azure.com', 'c');
    const vault = azure.mint.issue('https://vault.azure.net', 'c').token;
    azure.deny('Microsoft.DocumentDB/databaseAccounts/sqlDatabases/read');

    expect(await call(account, { token: vault })).toMatchObject({
      status: 401,
      body: { error: { code: 'InvalidAuthenticationTokenAudience' } },
    });
    expect(await call(`${azure.account.resourceId}/sqlDatabases?api-version=2025-10-15`)).toMatchObject({
      status: 403,
      body: { error: { code: 'AuthorizationFailed', message: expect.stringContaining('sqlDatabases/read') } },
    });
    nowMs += 3_600_000;
    expect(await call(account, { token })).toMatchObject({
      status: 401,
      body: { error: { code: 'ExpiredAuthenticationToken' } },
    });
  });

  it('counts reads of a subscription and throttles above its budget', async () => {
    const budget = azure.budgetOf(azure.account.subscription);
    budget.limit = 2;
    const account = `${azure.account.resourceId}?api-version=2025-10-15`;

    const answers = [await call(account), await call(account), await call(account)];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers[0]?.headers['x-ms-ratelimit-remaining-subscription-reads']).toBe('1');
    expect(answers[2]?.headers['retry-after']).toBe('3600');
    expect(budget.used(nowMs)).toBe(2);
  });

  it('lists containers page by page, and says where throughput is', async () => {
    await using paged = await startAzure({ accounts: [ACCOUNT], now: () => nowMs, pageSize: 1 });
    azure = await swap(azure, paged);
    const base = azure.account.resourceId;
    const first = await call(`${base}/sqlDatabases/shop/containers?api-version=2025-10-15`);
    const second = await call(first.body.nextLink.slice(azure.url.length));

    expect([first, second].map(({ body }) => body.value[0].name)).toEqual(['orders', 'carts']);
    expect(second.body.nextLink).toBeUndefined();
    const throughput = async (path: string): Promise<Reply> =>
      call(`${base}/sqlDatabases/${path}/throughputSettings/default?api-version=2025-10-15`);
    expect(await throughput('shop/containers/orders')).toMatchObject({
      status: 200,
      body: { properties: { resource: { throughput: 10_000, minimumThroughput: '400' } } },
    });
    expect(await throughput('shop/containers/carts')).toMatchObject({
      body: {
        properties: {
          resource: { autoscaleSettings: { maxThroughput: 4_000 }, instantMaximumThroughput: '10000' },
        },
      },
    });
    expect(await throughput('shared')).toMatchObject({ status: 200 });
    expect(await throughput('shared/containers/a')).toMatchObject({
      status: 404,
      body: { code: 'NotFound' },
    });
    expect(await throughput('shop')).toMatchObject({ status: 404 });
  });

  it('changes throughput as a long-running operation within its limits', async () => {
    const path = `${azure.account.resourceId}/sqlDatabases/shop/containers/orders/throughputSettings/default?api-version=2025-10-15`;
    const put = (throughput: number): Promise<Reply> =>
      call(path, { method: 'PUT', body: { properties: { resource: { throughput } } } });

    const low = await put(100);
    const accepted = await put(20_000);
    const poll = String(accepted.headers['azure-asyncoperation']).slice(azure.url.length);
    const states = [(await call(poll)).body.status, (await call(poll)).body.status];
    const after = await call(path);
    const during = await put(20_100);

    expect(low).toMatchObject({ status: 400 });
    expect(accepted.status).toBe(202);
    expect(states).toEqual(['InProgress', 'Succeeded']);
    expect(after.body.properties.resource).toMatchObject({ throughput: 20_000, offerReplacePending: 'true' });
    expect(during.status).toBe(409);
  });

  it('fails on demand: refusal, reset, flood, expired certificate, nobody there, and heals', async () => {
    const account = `${azure.account.resourceId}?api-version=2025-10-15`;
    azure.faults.add({ on: /databaseAccounts/, fault: { kind: 'answer', status: 503, body: {} }, times: 1 });
    expect(await call(account)).toMatchObject({ status: 503 });
    const lift = azure.faults.add({ on: /databaseAccounts/, fault: { kind: 'reset' } });
    await expect(call(account)).rejects.toThrow();
    lift();
    azure.expireCertificate();
    await expect(call(account)).rejects.toMatchObject({ code: 'CERT_HAS_EXPIRED' });
    azure.renewCertificate();
    await azure.stop();
    await expect(call(account)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await azure.restart();

    expect(await call(account)).toMatchObject({ status: 200 });
  });

  it('has no throughput to speak of when serverless', async () => {
    await using serverless = await startAzure({
      accounts: [{ ...ACCOUNT, serverless: true }],
      now: () => nowMs,
    });
    azure = await swap(azure, serverless);

    const account = await call(`${azure.account.resourceId}?api-version=2025-10-15`);
    const throughput = await call(
      `${azure.account.resourceId}/sqlDatabases/shop/containers/orders/throughputSettings/default?api-version=2025-10-15`,
    );
    const provisioned = await metrics({
      metricnames: 'ProvisionedThroughput',
      interval: 'PT5M',
      aggregation: 'Maximum',
    });

    expect(account.body.properties.capabilities).toEqual([{ name: 'EnableServerless' }]);
    expect(throughput).toMatchObject({ status: 400 });
    expect(provisioned.body.value[0].timeseries).toEqual([]);
  });
});

async function swap(old: AzureDouble, next: AzureDouble): Promise<AzureDouble> {
  await old[Symbol.asyncDispose]();
  return next;
}
