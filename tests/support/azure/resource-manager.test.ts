import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AzureDouble, startAzure } from './azure.ts';
import { type AzureReply, callAzure, NOW_MS, readMetrics, SHOP } from './azure-call.ts';

const VERSION = 'api-version=2025-10-15';

describe('the double of Azure Resource Manager', () => {
  let azure: AzureDouble;
  let nowMs = NOW_MS;
  beforeEach(async () => {
    nowMs = NOW_MS;
    azure = await startAzure({ accounts: [SHOP], now: () => nowMs, pageSize: 1 });
  });
  afterEach(() => azure[Symbol.asyncDispose]());

  const throughputPath = (path: string): string =>
    `${azure.account.resourceId}/sqlDatabases/${path}/throughputSettings/default?${VERSION}`;
  const throughputOf = (path: string): Promise<AzureReply> => callAzure(azure, throughputPath(path));
  const put = (throughput: number): Promise<AzureReply> =>
    callAzure(azure, throughputPath('shop/containers/orders'), {
      method: 'PUT',
      body: { properties: { resource: { throughput } } },
    });

  it('lists containers page by page', async () => {
    const first = await callAzure(
      azure,
      `${azure.account.resourceId}/sqlDatabases/shop/containers?${VERSION}`,
    );
    const { nextLink } = z.object({ nextLink: z.string() }).parse(first.body);
    const second = await callAzure(azure, nextLink);

    expect(nextLink.startsWith(azure.url)).toBe(true);
    expect(first.body).toMatchObject({ value: [{ name: 'orders' }] });
    expect(second.body).toMatchObject({ value: [{ name: 'carts' }] });
    expect(second.body).not.toHaveProperty('nextLink');
  });

  it('says where throughput is, and 404 where it is not', async () => {
    expect(await throughputOf('shop/containers/orders')).toMatchObject({
      status: 200,
      body: { properties: { resource: { throughput: 10_000, minimumThroughput: '400' } } },
    });
    expect(await throughputOf('shop/containers/carts')).toMatchObject({
      body: {
        properties: {
          resource: { autoscaleSettings: { maxThroughput: 4_000 }, instantMaximumThroughput: '10000' },
        },
      },
    });
    expect(await throughputOf('shared')).toMatchObject({ status: 200 });
    expect(await throughputOf('shared/containers/a')).toMatchObject({
      status: 404,
      body: { code: 'NotFound' },
    });
    expect(await throughputOf('shop')).toMatchObject({ status: 404 });
    expect(await throughputOf('nowhere')).toMatchObject({ status: 404 });
  });

  it('changes throughput as a long-running operation', async () => {
    const accepted = await put(9_000);
    const status = String(accepted.headers['azure-asyncoperation']);
    const result = String(accepted.headers['location']);

    const steps = [
      await callAzure(azure, result),
      await callAzure(azure, status),
      await callAzure(azure, status),
    ];

    expect(accepted.status).toBe(202);
    expect(steps).toMatchObject([
      { status: 202 },
      { body: { status: 'InProgress' } },
      { body: { status: 'Succeeded' } },
    ]);
    expect(await callAzure(azure, result)).toMatchObject({
      status: 200,
      body: { properties: { resource: { throughput: 9_000 } } },
    });
    expect(azure.operations.accepted).toHaveLength(1);
  });

  it('refuses what is below the minimum, and changes while partitions are being split', async () => {
    const low = await put(100);
    azure.operations.polls = 0;
    const split = await put(20_000);
    await callAzure(azure, String(split.headers['azure-asyncoperation']));
    const during = await put(20_100);
    const pending = await throughputOf('shop/containers/orders');
    nowMs += azure.operations.splitMs;
    const after = await throughputOf('shop/containers/orders');

    expect(low).toMatchObject({ status: 400, body: { message: expect.stringContaining('between 400 and') } });
    expect(during.status).toBe(409);
    expect(pending.body).toMatchObject({ properties: { resource: { offerReplacePending: 'true' } } });
    expect(JSON.stringify(after.body)).not.toContain('offerReplacePending');
  });

  it('fails an operation on demand, and leaves the throughput as it was', async () => {
    azure.operations.polls = 0;
    azure.operations.failing = true;

    const accepted = await put(9_000);
    const status = await callAzure(azure, String(accepted.headers['azure-asyncoperation']));

    expect(status.body).toMatchObject({ status: 'Failed', error: { code: 'ServiceUnavailable' } });
    expect(await throughputOf('shop/containers/orders')).toMatchObject({
      body: { properties: { resource: { throughput: 10_000 } } },
    });
  });

  it('changes manual to autoscale only by a migration', async () => {
    azure.operations.polls = 0;
    const [path] = throughputPath('shop/containers/orders').split('?');
    const direct = await callAzure(azure, `${path}?${VERSION}`, {
      method: 'PUT',
      body: { properties: { resource: { autoscaleSettings: { maxThroughput: 10_000 } } } },
    });
    const migration = await callAzure(azure, `${path}/migrateToAutoscale?${VERSION}`, { method: 'POST' });
    await callAzure(azure, String(migration.headers['azure-asyncoperation']));

    expect(direct.status).toBe(400);
    expect(migration.status).toBe(202);
    expect(await throughputOf('shop/containers/orders')).toMatchObject({
      body: { properties: { resource: { autoscaleSettings: { maxThroughput: 10_000 } } } },
    });
  });

  it('has no throughput to speak of when serverless', async () => {
    await using serverless = await startAzure({
      accounts: [{ ...SHOP, serverless: true }],
      now: () => nowMs,
    });
    const { resourceId } = serverless.account;

    const account = await callAzure(serverless, `${resourceId}?${VERSION}`);
    const throughput = await callAzure(
      serverless,
      `${resourceId}/sqlDatabases/shop/containers/orders/throughputSettings/default?${VERSION}`,
    );
    const provisioned = await readMetrics(serverless, {
      metricnames: 'ProvisionedThroughput',
      interval: 'PT5M',
      aggregation: 'Maximum',
    });

    expect(account.body).toMatchObject({ properties: { capabilities: [{ name: 'EnableServerless' }] } });
    expect(throughput).toMatchObject({ status: 400, body: { code: 'BadRequest' } });
    expect(provisioned.body).toMatchObject({ value: [{ timeseries: [] }] });
  });
});
