import { Agent } from 'node:https';
import { CosmosClient, type CosmosClientOptions } from '@azure/cosmos';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../net/certificates.ts';
import { type CosmosAccount, startCosmosAccount } from './account.ts';

const DATABASES = [
  {
    name: 'shop',
    containers: [
      { name: 'orders', throughput: { kind: 'manual', requestUnits: 1_200 }, partitions: 3 },
      { name: 'carts', throughput: { kind: 'autoscale', maximum: 4_000 } },
      { name: 'plain' },
    ],
  },
  { name: 'shared', throughput: { kind: 'manual', requestUnits: 800 }, containers: [{ name: 'a' }] },
] as const;

describe('the double of a Cosmos DB account', () => {
  let account: CosmosAccount;
  beforeEach(async () => {
    account = await startCosmosAccount({ regions: ['West Europe', 'North Europe'], databases: DATABASES });
  });
  const clients: CosmosClient[] = [];
  afterEach(async () => {
    for (const client of clients.splice(0)) client.dispose();
    await account[Symbol.asyncDispose]();
  });

  const clientOf = (options: Partial<CosmosClientOptions> = {}): CosmosClient => {
    const client = new CosmosClient({ endpoint: account.endpoint, key: account.key, ...options });
    clients.push(client);
    return client;
  };

  it('tells the regions of the account', async () => {
    const client = clientOf();

    const { resource } = await client.getDatabaseAccount();

    expect(resource?.readableLocations.map(({ name }) => name)).toEqual(['West Europe', 'North Europe']);
    expect(resource?.writableLocations.map(({ name }) => name)).toEqual(['West Europe']);
  });

  it('checks the signature of every request', async () => {
    const client = clientOf();
    const stranger = clientOf({ key: Buffer.from('another').toString('base64') });

    const { resources } = await client.databases.readAll().fetchAll();

    expect(resources.map(({ id }) => id)).toEqual(['shop', 'shared']);
    await expect(stranger.databases.readAll().fetchAll()).rejects.toMatchObject({ code: 401 });
    account.rotateKeys(Buffer.from('new').toString('base64'), Buffer.from('newer').toString('base64'));
    await expect(client.databases.readAll().fetchAll()).rejects.toMatchObject({ code: 401 });
  });

  it('lets the read-only key read, and nothing more', async () => {
    const client = clientOf({ key: account.readOnlyKey });
    const container = client.database('shop').container('orders');

    expect((await container.readOffer()).resource?.content?.offerThroughput).toBe(1_200);
    expect((await container.items.query('SELECT * FROM c').fetchAll()).resources).toEqual([]);
    await expect(container.items.create({ id: '1' })).rejects.toMatchObject({ code: 403 });
    const other = new CosmosClient(account.connectionString);
    clients.push(other);
    expect((await other.databases.readAll().fetchAll()).resources).toHaveLength(2);
  });

  it('has manual, autoscale, default and shared throughput', async () => {
    const client = clientOf();
    const shop = client.database('shop');

    const offer = async (name: string): Promise<unknown> =>
      (await shop.container(name).readOffer()).resource?.content;

    expect(await offer('orders')).toMatchObject({ offerThroughput: 1_200 });
    expect(await offer('carts')).toMatchObject({ offerAutopilotSettings: { maxThroughput: 4_000 } });
    expect(await offer('plain')).toMatchObject({ offerThroughput: 400 });
    expect((await client.database('shared').readOffer()).resource?.content).toMatchObject({
      offerThroughput: 800,
    });
    expect((await client.database('shared').container('a').readOffer()).resource).toBeUndefined();
    expect((await shop.readOffer()).resource).toBeUndefined();
    expect((await client.offers.readAll().fetchAll()).resources).toHaveLength(4);
  });

  it('creates, changes and deletes throughput through the client', async () => {
    const client = clientOf();
    const { database } = await client.databases.create({ id: 'fresh' });
    const { container } = await database.containers.create({ id: 'c', throughput: 600, partitionKey: '/id' });
    const { resource } = await container.readOffer();

    const replaced = await client.offer(resource?.id ?? '').replace({
      id: '',
      offerType: 'Invalid',
      offerVersion: 'V2',
      resource: '',
      offerResourceId: '',
      ...resource,
      content: { offerThroughput: 700, offerIsRUPerMinuteThroughputEnabled: false },
    });
    await database.delete();

    expect(resource?.content?.offerThroughput).toBe(600);
    expect(replaced.resource?.content?.offerThroughput).toBe(700);
    expect((await client.offers.readAll().fetchAll()).resources).toHaveLength(4);
  });

  it('answers quota headers when asked: counted, or as told', async () => {
    const client = clientOf();
    const container = client.database('shop').container('carts');
    await container.items.create({ id: '1' });
    await container.items.create({ id: '2' });

    const counted = await container.read({ populateQuotaInfo: true });
    account.setUsage('shop', 'carts', { documents: 7, documentsKb: 2_048, collectionKb: 3_072 });
    const told = await container.read({ populateQuotaInfo: true });
    const unasked = await container.read();

    expect(counted.headers['x-ms-resource-usage']).toContain('documentsCount=2;');
    expect(told.headers['x-ms-resource-usage']).toContain(
      'documentsSize=2048;documentsCount=7;collectionSize=3072;',
    );
    expect(told.headers['x-ms-resource-quota']).toContain('collectionSize=52428800;');
    expect(unasked.headers['x-ms-resource-usage']).toBeUndefined();
  });

  it('has partition key ranges, and still finds every document once', async () => {
    const client = clientOf();
    const container = client.database('shop').container('orders');
    await container.items.create({ id: '1' });

    const { resources: ranges } = await container.readPartitionKeyRanges().fetchAll();
    const { resources: documents } = await container.items.query('SELECT * FROM c').fetchAll();

    expect(ranges.map(({ id }) => id)).toEqual(['0', '1', '2']);
    expect(documents).toHaveLength(1);
  });

  it('takes more request units for writing than for reading', async () => {
    const client = clientOf();
    const container = client.database('shop').container('carts');

    const created = await container.items.create({ id: '1' });
    const read = await container.item('1', '1').read();

    expect(created.requestCharge).toBeCloseTo(5.28);
    expect(read.requestCharge).toBe(1);
  });

  it('throttles so many times, or for good', async () => {
    const client = clientOf();
    account.throttle({ on: /^GET \/dbs$/, times: 2, retryAfterMs: 1 });
    const { resource } = await client.database('shop').read();
    expect(resource?.id).toBe('shop');

    const impatient = clientOf({
      connectionPolicy: {
        retryOptions: {
          maxRetryAttemptCount: 0,
          fixedRetryIntervalInMilliseconds: 0,
          maxWaitTimeInSeconds: 1,
        },
      },
    });
    await impatient.getDatabaseAccount();
    const lift = account.throttle({ retryAfterMs: 1_700 });
    await expect(impatient.database('shop').read()).rejects.toMatchObject({
      code: 429,
      retryAfterInMs: 1_700,
    });
    lift();
    expect((await impatient.database('shop').read()).statusCode).toBe(200);
  });

  it('refuses, hangs and answers by half on demand, and comes back', async () => {
    const client = clientOf();
    await client.getDatabaseAccount();
    const forbidden = {
      code: 'Forbidden',
      message:
        'Request originated from IP 203.0.113.7 through public internet. This is blocked by your Cosmos DB account firewall settings.',
    };
    account.faults.add({ on: /colls/, fault: { kind: 'answer', status: 403, body: forbidden } });
    await expect(client.database('shop').container('orders').read()).rejects.toMatchObject({ code: 403 });
    account.faults.clear();
    for (const kind of ['hang', 'stall'] as const) {
      account.faults.add({ on: /colls/, fault: { kind } });
      await expect(
        client
          .database('shop')
          .container('orders')
          .read({ abortSignal: AbortSignal.timeout(200) }),
      ).rejects.toThrow();
      account.faults.clear();
    }
    await account.stop();
    await account.restart();

    expect((await client.database('shop').container('orders').read()).statusCode).toBe(200);
  });

  it('has no offers when serverless', async () => {
    await using serverless = await startCosmosAccount({
      serverless: true,
      databases: [{ name: 'shop', containers: [{ name: 'c' }] }],
    });
    const client = clientOf({ endpoint: serverless.endpoint, key: serverless.key });

    await expect(client.offers.readAll().fetchAll()).rejects.toMatchObject({ code: 400 });
    expect((await client.database('shop').container('c').read()).statusCode).toBe(200);
  });

  it('speaks https with a certificate of a throwaway authority', async () => {
    const authority = createAuthority();
    await using secure = await startCosmosAccount({ certificate: authority.issue(), databases: DATABASES });
    const agent = new Agent({ ca: authority.ca, keepAlive: true });
    const client = clientOf({ endpoint: secure.endpoint, key: secure.key, agent });

    const { resources } = await client.databases.readAll().fetchAll();

    expect(resources).toHaveLength(2);
    agent.destroy();
  });
});
