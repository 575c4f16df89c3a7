import { describe, expect, it } from 'vitest';
import { type CosmosAccount, startCosmosAccount } from '../../tests/support/cosmosdb/account.ts';
import { samplesOf, valueOf, type Watching, watchTarget } from '../../tests/support/watching.ts';
import { engine } from './index.ts';

const databases = [
  {
    name: 'shop',
    containers: [
      { name: 'orders', throughput: { kind: 'manual', requestUnits: 1_200 } },
      { name: 'carts', throughput: { kind: 'autoscale', maximum: 4_000 } },
    ],
  },
  { name: 'shared', throughput: { kind: 'manual', requestUnits: 800 }, containers: [{ name: 'a' }] },
] as const;

function watchWithKey(account: CosmosAccount, more: Readonly<Record<string, unknown>> = {}): Watching {
  return watchTarget({
    engine,
    target: { connectionString: { env: 'STRING' }, ...more },
    env: { STRING: account.connectionString },
  });
}

const provisioned = 'reeve_cosmosdb_provisioned_request_units_per_second';

describe('the data plane, on a double of an account', () => {
  it('tells throughput and sizes with a read-only key, and no consumption', async () => {
    await using account = await startCosmosAccount({ databases });
    account.setUsage('shop', 'orders', { documents: 7, documentsKb: 100, collectionKb: 130 });
    await using watching = watchWithKey(account);

    const snapshot = await watching.collect();

    const orders = { database: 'shop', container: 'orders', region: 'West Europe' };
    expect(snapshot.readings.flatMap(({ errors }) => errors)).toEqual([]);
    expect(valueOf(snapshot, provisioned, orders)).toBe(1_200);
    expect(valueOf(snapshot, provisioned, { ...orders, container: 'carts' })).toBe(4_000);
    expect(valueOf(snapshot, provisioned, { database: 'shared', container: '', region: 'West Europe' })).toBe(
      800,
    );
    expect(valueOf(snapshot, 'reeve_cosmosdb_data_bytes', orders)).toBe(102_400);
    expect(valueOf(snapshot, 'reeve_cosmosdb_index_bytes', orders)).toBe(30_720);
    expect(valueOf(snapshot, 'reeve_cosmosdb_documents', orders)).toBe(7);
    expect(samplesOf(snapshot, 'reeve_cosmosdb_request_unit_utilization_ratio')).toEqual([]);
    expect(samplesOf(snapshot, 'reeve_cosmosdb_serverless')).toEqual([]);
  });

  it('only reads', async () => {
    await using account = await startCosmosAccount({ databases });
    await using watching = watchWithKey(account);

    await watching.collect();

    expect(new Set(account.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
  });

  it('has no throughput in a serverless account, and that is no error', async () => {
    await using account = await startCosmosAccount({ serverless: true, databases: [{ name: 'shop' }] });
    await using watching = watchWithKey(account);

    const snapshot = await watching.collect();

    expect(snapshot.readings.flatMap(({ errors }) => errors)).toEqual([]);
    expect(samplesOf(snapshot, provisioned)).toEqual([]);
  });

  it('says denied when the keys were replaced, and shows no key', async () => {
    await using account = await startCosmosAccount({ databases });
    const old = account.readOnlyKey;
    await using watching = watchWithKey(account);
    await watching.collect();
    account.rotateKeys(Buffer.from('new').toString('base64'), Buffer.from('newer').toString('base64'));

    const snapshot = await watching.collect();

    expect(snapshot.failure?.code).toBe('denied');
    expect(JSON.stringify([snapshot, watching.log.events])).not.toContain(old);
  });

  it('waits as long as the account asks, and asks nothing meanwhile', async () => {
    await using account = await startCosmosAccount({ databases });
    account.throttle({ on: /\/offers/, times: 1, retryAfterMs: 60_000 });
    await using watching = watchWithKey(account);

    const snapshot = await watching.collect();

    const throughput = snapshot.readings.find(({ group }) => group === 'throughput');
    expect(throughput?.errors[0]).toMatchObject({ code: 'throttled', retryAfterMs: 60_000 });
    expect(account.requests.filter(({ status }) => status === 429)).toHaveLength(1);
    expect(account.requests.at(-1)?.status).toBe(429);
  });

  it.each([
    ['hang', 'timeout'],
    ['stall', 'timeout'],
    ['reset', 'unreachable'],
  ] as const)('ends a %s as %s and recovers', async (kind, code) => {
    await using account = await startCosmosAccount({ databases });
    const lift = account.faults.add({ on: /^GET \/$/, fault: { kind } });
    await using watching = watchWithKey(account, { interval: '1s', deadline: '1s' });

    const broken = await watching.collect();
    lift();

    expect(broken.failure?.code).toBe(code);
    expect((await watching.collect()).up).toBe(true);
  });

  it('leaves no part of a key that an answer repeats', async () => {
    await using account = await startCosmosAccount({ databases });
    const message = `${'x'.repeat(250)} key=${account.readOnlyKey}`;
    account.faults.add({ on: /./, fault: { kind: 'answer', status: 400, body: { code: 'Bad', message } } });
    await using watching = watchWithKey(account);

    const { failure } = await watching.collect();

    expect(failure?.message).toContain('key=[secret]');
    expect(failure?.message).not.toContain(account.readOnlyKey.slice(0, 8));
  });

  it('takes a list that does not end for no list', async () => {
    await using account = await startCosmosAccount({ databases });
    account.setUsage('shop', 'orders', { documents: 7, documentsKb: 100, collectionKb: 130 });
    const body = { _rid: '', DocumentCollections: [{ id: 'orders', _self: 'dbs/x/colls/y/' }], _count: 1 };
    const headers = { 'x-ms-continuation': 'more' };
    account.faults.add({
      on: /GET \/dbs\/shop\/colls$/,
      fault: { kind: 'answer', status: 200, headers, body },
    });
    await using watching = watchWithKey(account);

    const snapshot = await watching.collect();

    const errors = snapshot.readings.flatMap(({ errors: each }) => each);
    expect(errors.map(({ code }) => code)).toEqual(['malformed', 'malformed']);
    expect(samplesOf(snapshot, 'reeve_storage_bytes')).toEqual([]);
  });

  it('keeps one connection, and none after it is closed', async () => {
    await using account = await startCosmosAccount({ databases });
    const watching = watchWithKey(account);
    await watching.collect();

    const open = await account.connections();
    await watching[Symbol.asyncDispose]();

    expect(open).toBe(1);
    await expect.poll(() => account.connections()).toBe(0);
  });

  it('counts the containers that it left out, and tells no size of a database then', async () => {
    await using account = await startCosmosAccount({ databases });
    await using watching = watchWithKey(account, { maxContainers: 1 });

    const snapshot = await watching.collect();

    const storage = snapshot.readings.find(({ group }) => group === 'storage');
    expect(storage?.truncatedRows).toBe(2);
    expect(samplesOf(snapshot, 'reeve_storage_bytes')).toEqual([]);
  });
});
