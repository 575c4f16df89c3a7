import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AzureDouble, startAzure } from './azure.ts';
import { type AzureReply, callAzure, NOW_MS, readMetrics, SHOP } from './azure-call.ts';

const ALL_DIMENSIONS =
  "DatabaseName eq '*' and CollectionName eq '*' and Region eq '*' and PartitionKeyRangeId eq '*'";

describe('the double of Azure Monitor', () => {
  let azure: AzureDouble;
  beforeEach(async () => {
    azure = await startAzure({ accounts: [SHOP], now: () => NOW_MS });
  });
  afterEach(() => azure[Symbol.asyncDispose]());

  it('splits a metric by the dimensions of the filter, with values missing while they are ingested', async () => {
    const reply = await readMetrics(azure, {
      metricnames: 'TotalRequestUnits',
      aggregation: 'Total',
      $filter: "DatabaseName eq '*' and CollectionName eq '*' and Region eq '*'",
      top: '100',
    });

    const series = seriesOf(reply);
    expect(reply.body).toMatchObject({
      interval: 'PT1M',
      value: [{ name: { value: 'TotalRequestUnits', localizedValue: 'Total Request Units' }, unit: 'Count' }],
    });
    expect(series.map(({ labels }) => labels)).toEqual([
      { databasename: 'shop', collectionname: 'orders', region: 'West Europe' },
      { databasename: 'shop', collectionname: 'orders', region: 'North Europe' },
    ]);
    expect(series[0]?.data).toHaveLength(10);
    expect(series[0]?.data[0]).toEqual({ timeStamp: '2026-11-23T11:50:00Z', total: 270_000 });
    expect(series[0]?.data[8]).toEqual({ timeStamp: '2026-11-23T11:58:00Z' });
  });

  it('reports the busier partition as hot', async () => {
    const reply = await readMetrics(azure, {
      metricnames: 'NormalizedRUConsumption',
      aggregation: 'Maximum',
      $filter: "CollectionName eq 'orders' and Region eq 'West Europe' and PartitionKeyRangeId eq '*'",
    });

    expect(seriesOf(reply).map(({ data }) => data[0])).toMatchObject([{ maximum: 72 }, { maximum: 18 }]);
  });

  it('reports the throughput of a shared database without a collection', async () => {
    const reply = await readMetrics(azure, {
      metricnames: 'ProvisionedThroughput',
      interval: 'PT5M',
      aggregation: 'Maximum',
      $filter: "DatabaseName eq 'shared' and CollectionName eq '*' and Region eq 'West Europe'",
    });

    expect(seriesOf(reply)).toMatchObject([
      {
        labels: { collectionname: '__Empty' },
        data: [{ maximum: 800 }, { timeStamp: '2026-11-23T11:55:00Z' }],
      },
    ]);
  });

  it('cuts at ten series without a word unless top says more, and does not split without a filter', async () => {
    const query = { metricnames: 'NormalizedRUConsumption', aggregation: 'Maximum' };

    const cut = await readMetrics(azure, { ...query, $filter: ALL_DIMENSIONS });
    const whole = await readMetrics(azure, { ...query, $filter: ALL_DIMENSIONS, top: '50' });
    const unsplit = await readMetrics(azure, query);

    expect(seriesOf(cut)).toHaveLength(10);
    expect(seriesOf(whole)).toHaveLength(12);
    expect(seriesOf(unsplit)).toMatchObject([{ labels: {} }]);
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
    ['more than 20 names', { metricnames: 'TotalRequests,'.repeat(21) }, 'the maximum allowed is 20'],
  ])(
    'refuses the whole call for %s',
    async (_what, parameters: Readonly<Record<string, string>>, message) => {
      const { status, body } = await readMetrics(azure, parameters);

      expect(status).toBe(400);
      expect(body).toEqual({ code: 'BadRequest', message: expect.stringContaining(message) });
    },
  );

  it('does not know a metric that this service is said not to have', async () => {
    azure.settings.unknownMetrics = new Set(['ServerSideLatencyDirect']);

    const { status, body } = await readMetrics(azure, {
      metricnames: 'TotalRequests,ServerSideLatencyDirect',
    });

    expect(status).toBe(400);
    expect(body).toMatchObject({
      message: expect.stringContaining('metric: ServerSideLatencyDirect, Valid metrics: '),
    });
  });

  it('answers the batch call with wrapped errors, and without the Maximum of TotalRequestUnits', async () => {
    const good = await readBatch(azure, 'TotalRequestUnits');
    const bad = await readBatch(azure, 'Nonsense');
    azure.deny('Microsoft.Insights/metrics/read');
    const denied = await readBatch(azure, 'TotalRequestUnits');

    expect(good.body).toMatchObject({ values: [{ resourceid: azure.account.resourceId }] });
    expect(JSON.stringify(good.body)).toContain('{"timeStamp":"2026-11-23T11:50:00Z","total":360000}');
    expect(bad).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } });
    expect(denied).toMatchObject({ status: 403, body: { error: { code: 'AuthorizationFailed' } } });
    expect(azure.budgetOf(azure.account.subscription).used(NOW_MS)).toBe(0);
  });

  it('speaks another language in display names only, and can leave a dimension or a minute out', async () => {
    azure.settings.displayNames = { TotalRequests: 'Anforderungen gesamt' };
    azure.settings.missingDimensions = new Set(['TotalRequests/Region']);
    azure.settings.gaps = new Set([Date.UTC(2026, 10, 23, 11, 51)]);

    const reply = await readMetrics(azure, {
      metricnames: 'TotalRequests',
      aggregation: 'Count',
      $filter: "Region eq '*' and StatusCode eq '429'",
    });

    expect(reply.body).toMatchObject({
      value: [{ name: { value: 'TotalRequests', localizedValue: 'Anforderungen gesamt' } }],
    });
    expect(seriesOf(reply)[0]).toMatchObject({
      labels: { statuscode: '429' },
      data: [
        { count: 270 },
        { timeStamp: '2026-11-23T11:51:00Z' },
        { count: 270 },
        {},
        {},
        {},
        {},
        {},
        {},
        {},
      ],
    });
    expect(seriesOf(reply)[0]?.data[1]).not.toHaveProperty('count');
  });

  it('follows the load that it is told, from that minute on', async () => {
    const orders = azure.account.container('shop', 'orders');
    orders.setLoad({ requestUnitsPerSecond: 1, requestsPerSecond: 1 }, Date.UTC(2026, 10, 23, 11, 51));
    orders.setLoad(
      (atMs) => ({ requestUnitsPerSecond: new Date(atMs).getUTCMinutes(), requestsPerSecond: 1 }),
      Date.UTC(2026, 10, 23, 11, 53),
    );

    const reply = await readMetrics(azure, { metricnames: 'TotalRequestUnits', aggregation: 'Total' });

    const minutes = seriesOf(reply)[0]?.data.slice(0, 5);
    expect(minutes).toMatchObject([
      { total: 360_000 },
      { total: 60 },
      { total: 60 },
      { total: 3_180 },
      { total: 3_240 },
    ]);
  });

  it.each([
    ['ReplicationLatency', 'PT1M', 'Average', "SourceRegion eq '*' and TargetRegion eq '*'", { average: 8 }],
    ['ServiceAvailability', 'PT1H', 'Average', '', { average: 100 }],
    [
      'DataUsage',
      'PT5M',
      'Total',
      "CollectionName eq 'carts' and Region eq 'West Europe'",
      { total: 524_288 },
    ],
    [
      'DocumentCount',
      'PT5M',
      'Total',
      "CollectionName eq 'carts' and Region eq 'West Europe'",
      { total: 1_000 },
    ],
    ['ServerSideLatencyGateway', 'PT1M', 'Average', "ConnectionMode eq '*'", { average: 12 }],
    ['AutoscaledRU', 'PT1M', 'Maximum', "CollectionName eq '*'", { maximum: 200 }],
    ['AutoscaleMaxThroughput', 'PT5M', 'Maximum', "CollectionName eq '*'", { maximum: 4_000 }],
    ['MetadataRequests', 'PT1M', 'Count', "DatabaseName eq '<empty>'", { count: 12 }],
    ['PhysicalPartitionCount', 'PT5M', 'Maximum', "CollectionName eq 'orders'", { maximum: 2 }],
  ])('has values of %s', async (metricnames, interval, aggregation, $filter, expected) => {
    const timespan = '2026-11-23T10:00:00Z/2026-11-23T12:00:00Z';

    const reply = await readMetrics(azure, {
      metricnames,
      interval,
      aggregation,
      timespan,
      ...($filter ? { $filter } : {}),
    });

    expect(seriesOf(reply)).toHaveLength(1);
    expect(seriesOf(reply)[0]?.data[0]).toMatchObject(expected);
  });
});

function readBatch(azure: AzureDouble, names: string): Promise<AzureReply> {
  const parameters = new URLSearchParams({
    'api-version': '2024-02-01',
    starttime: '2026-11-23T11:50:00Z',
    endtime: '2026-11-23T11:55:00Z',
    interval: 'PT1M',
    metricnamespace: 'Microsoft.DocumentDB/databaseAccounts',
    metricnames: names,
    aggregation: 'Total,Maximum',
  });
  return callAzure(
    azure,
    `/subscriptions/${azure.account.subscription}/metrics:getBatch?${parameters.toString()}`,
    {
      method: 'POST',
      body: { resourceids: [azure.account.resourceId] },
    },
  );
}

/** Of the first metric: labels by name, and the points as they came. */
function seriesOf({ body }: AzureReply) {
  return (METRICS.parse(body).value[0]?.timeseries ?? []).map(({ metadatavalues, data }) => ({
    labels: Object.fromEntries(metadatavalues.map(({ name, value }) => [name.value, value])),
    data,
  }));
}

const METRICS = z.object({
  value: z.array(
    z.object({
      timeseries: z.array(
        z.object({
          metadatavalues: z.array(z.object({ name: z.object({ value: z.string() }), value: z.string() })),
          data: z.array(z.record(z.string(), z.unknown())),
        }),
      ),
    }),
  ),
});
