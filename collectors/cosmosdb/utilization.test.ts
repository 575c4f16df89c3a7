import { describe, expect, it } from 'vitest';
import type { AccountOptions } from '../../tests/support/azure/account-model.ts';
import { startAzure } from '../../tests/support/azure/azure.ts';
import { testSurroundings } from '../../tests/support/surroundings.ts';
import { samplesOf, valueOf } from '../../tests/support/watching.ts';
import { doubleShop, watchAccount } from './testing/watched-account.ts';

const p95 = 'reeve_cosmosdb_request_unit_utilization_p95_ratio';
const orders = { database: 'shop', container: 'orders', region: 'West Europe' };

/** Busy in one minute of ten. */
const bursty: AccountOptions = {
  name: 'double-bursts',
  databases: [
    {
      name: 'shop',
      containers: [
        {
          name: 'orders',
          throughput: { kind: 'manual', requestUnits: 1_000 },
          limits: { minimum: 1_000 },
          load: (unixMs) => ({
            requestUnitsPerSecond: Math.floor(unixMs / 60_000) % 10 === 0 ? 900 : 300,
            requestsPerSecond: 10,
          }),
        },
      ],
    },
  ],
};

describe('utilisation over its window, on a double of Azure', () => {
  it('of a new target is known for a day after five collections', async () => {
    await using azure = await startAzure({ accounts: [bursty] });
    await using watching = watchAccount(azure);

    for (let count = 0; count < 5; count += 1) await watching.collect();

    expect(valueOf(watching.latest(), p95, orders)).toBe(0.9);
    expect(samplesOf(watching.latest(), p95)[0]?.basis).toBeGreaterThanOrEqual(1_440);
  });

  it('outlives a restart, and counts no minute twice', async () => {
    const { memory } = testSurroundings();
    await using azure = await startAzure({ accounts: [bursty] });
    const first = watchAccount(azure, {}, memory);
    await first.collect();
    const before = samplesOf(await first.collect(), p95)[0]?.basis ?? 0;
    await first[Symbol.asyncDispose]();

    await using again = watchAccount(azure, {}, memory);
    const after = samplesOf(await again.collect(), p95)[0]?.basis ?? 0;

    expect(before).toBeGreaterThanOrEqual(730);
    // One part more, and the minute that may have passed.
    expect(after - before).toBeGreaterThanOrEqual(360);
    expect(after - before).toBeLessThanOrEqual(362);
  });

  it('is told of containers that share throughput together, idle ones too', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    expect(valueOf(snapshot, p95, { database: 'shared', container: '', region: 'West Europe' })).toBe(0.5);
    expect(valueOf(snapshot, p95, orders)).toBe(0.45);
    expect(valueOf(snapshot, p95, { ...orders, container: 'carts' })).toBe(0);
  });

  it('says where throughput cannot be less, and whose throughput did not suffice', async () => {
    const load = { requestUnitsPerSecond: 800, requestsPerSecond: 90, throttledPerSecond: 10 };
    await using azure = await startAzure({
      accounts: [
        {
          name: 'double-one',
          databases: [
            ...(bursty.databases ?? []),
            {
              name: 'shared',
              throughput: { kind: 'manual', requestUnits: 800 },
              containers: [{ name: 'a', throughput: { kind: 'shared' }, load }],
            },
          ],
        },
      ],
    });
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    const atMinimum = 'reeve_cosmosdb_at_minimum_throughput';
    expect(valueOf(snapshot, atMinimum, { database: 'shop', container: 'orders' })).toBe(1);
    expect(valueOf(snapshot, atMinimum, { database: 'shared', container: '' })).toBe(0);
    const throttled = 'reeve_cosmosdb_throttled_throughput_ratio';
    expect(valueOf(snapshot, throttled, { database: 'shared', container: '', region: 'West Europe' })).toBe(
      0.1,
    );
    expect(valueOf(snapshot, throttled, orders)).toBe(0);
  });

  it('goes on counting while Azure asks for a pause in what can wait', async () => {
    await using azure = await startAzure({ accounts: [bursty] });
    azure.faults.add({
      on: /PT1H/,
      fault: { kind: 'answer', status: 429, body: { error: { code: 'TooManyRequests', message: 'later' } } },
    });
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    expect(samplesOf(snapshot, p95)[0]?.basis).toBeGreaterThanOrEqual(7);
    expect(samplesOf(snapshot, p95)[0]?.basis).toBeLessThanOrEqual(10);
    expect(snapshot.readings.find(({ group }) => group === 'consumption')?.state).toBe('ok');
  });

  it('of a serverless account does not exist', async () => {
    await using azure = await startAzure({ accounts: [{ ...bursty, serverless: true }] });
    await using watching = watchAccount(azure);

    expect(samplesOf(await watching.collect(), p95)).toEqual([]);
    expect(valueOf(watching.latest(), 'reeve_cosmosdb_serverless')).toBe(1);
  });
});
