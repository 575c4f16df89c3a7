import { describe, expect, it } from 'vitest';
import type { CheckItem, Collector } from '../../src/sdk.ts';
import { Secret } from '../../src/sdk.ts';
import { startAzure } from '../../tests/support/azure/azure.ts';
import { startCosmosAccount } from '../../tests/support/cosmosdb/account.ts';
import { FakeClock } from '../../tests/support/fake-clock.ts';
import { createCosmosdbCollector } from './collector.ts';
import type { CosmosdbOptions } from './config.ts';
import { ReadBudget } from './read-budget.ts';
import { readsAnHour } from './read-plan.ts';
import { collectorInput, controlOf, type Surroundings, target } from './testing/collector-input.ts';
import { doubleShop } from './testing/watched-account.ts';

async function collectorOf(
  options: Partial<CosmosdbOptions>,
  surroundings: Surroundings = {},
): Promise<Collector> {
  return createCosmosdbCollector(collectorInput(options, surroundings));
}

async function checkOf(collector: Collector): Promise<readonly CheckItem[]> {
  const { signal } = new AbortController();
  await collector.open(signal);
  return collector.check(signal);
}

describe('check, on doubles', () => {
  it('finds nothing where the role is given', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    const collector = await collectorOf(controlOf(azure));

    const items = await checkOf(collector);

    await collector.close();
    expect(items).toEqual([]);
  });

  it('says what is blind without metrics, once, and how to give them', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    azure.deny('Microsoft.Insights/metrics/read');
    const collector = await collectorOf(controlOf(azure));

    const items = await checkOf(collector);

    await collector.close();
    expect(items.map(({ severity, groups }) => ({ severity, groups }))).toEqual([
      {
        severity: 'blind',
        groups: ['consumption', 'latency', 'replication', 'partitions', 'storage', 'service_level'],
      },
    ]);
    const lines = items[0]?.remedy.split('\n') ?? [];
    expect(lines.map((line) => line.replace(/ '.*/, ''))).toEqual([
      '# the first once in a subscription, the second for each account',
      'az role definition create --role-definition',
      `az role assignment create --assignee "<principal>" --role "Reeve Cosmos DB Reader ${azure.account.subscription}" --scope "${azure.account.resourceId}"`,
    ]);
  });

  it('says what is blind without throughput settings', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    azure.deny('Microsoft.DocumentDB/databaseAccounts/sqlDatabases/throughputSettings/read');
    const collector = await collectorOf(controlOf(azure));

    const items = await checkOf(collector);

    await collector.close();
    expect(items).toMatchObject([
      {
        severity: 'blind',
        groups: ['throughput', 'consumption'],
        metrics: ['provisionedPerSecond', 'utilizationRatio'],
      },
    ]);
    expect(items[0]?.message).toContain('sqlDatabases/throughputSettings/read');
  });

  it('says what is blind with throughput switched off, and does not read it', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    const groups = { throughput: { enabled: false, everyMs: undefined } };
    const collector = await collectorOf(controlOf(azure), { groups });

    const items = await checkOf(collector);

    await collector.close();
    expect(items).toMatchObject([
      { severity: 'blind', groups: ['consumption'], metrics: ['utilizationRatio'] },
    ]);
    expect(items[0]?.message).toMatch(/groups\.throughput.*utilisation/);
    expect(azure.requests.filter(({ path }) => path.includes('/sqlDatabases'))).toEqual([]);
  });

  it('advises when all targets of a subscription ask for more than it grants', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    const budget = new ReadBudget(new FakeClock());
    budget.plan('others', 11_900);
    const collector = await collectorOf(controlOf(azure), { budget });

    const items = await checkOf(collector);

    await collector.close();
    expect(items).toMatchObject([{ severity: 'advice' }]);
    expect(items[0]?.message).toMatch(/takes \d+ reads .* an hour; .* of 12000 together/);
  });

  it('says that a key shows no consumption', async () => {
    await using account = await startCosmosAccount({ databases: [{ name: 'shop' }] });
    const collector = await collectorOf({
      endpoint: account.endpoint,
      key: new Secret(account.readOnlyKey),
    });

    const items = await checkOf(collector);

    await collector.close();
    expect(items.map(({ severity }) => severity)).toEqual(['blind', 'advice']);
    expect(items[0]?.message).toMatch(/request_unit_utilization_ratio/);
    expect(items[1]?.remedy).toMatch(/read-only-keys/);
  });
});

describe('assumptions, on doubles', () => {
  it('hold on the control plane, but for one that takes time', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    const collector = await collectorOf(controlOf(azure));
    const { signal } = new AbortController();
    await collector.open(signal);

    const found = await collector.assumptions?.(signal);

    await collector.close();
    expect(found?.map(({ verdict }) => verdict)).toEqual([
      'holds',
      'holds',
      'holds',
      'holds',
      'holds',
      'untested',
    ]);
  });

  it('hold on the data plane', async () => {
    const containers = [{ name: 'orders' }];
    await using account = await startCosmosAccount({ databases: [{ name: 'shop', containers }] });
    const collector = await collectorOf({
      endpoint: account.endpoint,
      key: new Secret(account.readOnlyKey),
    });
    const { signal } = new AbortController();
    await collector.open(signal);

    const found = await collector.assumptions?.(signal);

    await collector.close();
    expect(found?.map(({ verdict }) => verdict)).toEqual(['holds', 'holds']);
  });
});

describe('readsAnHour', () => {
  it('is what an account of 50 containers costs at the cadences of the engine', () => {
    expect(readsAnHour(target, { regions: 2, databases: 5, containers: 50 })).toBe(1_229);
  });

  it('costs less without groups that are switched off', () => {
    const groups = { throughput: { enabled: false, everyMs: undefined } };

    expect(readsAnHour({ ...target, groups }, { regions: 1, databases: 5, containers: 50 })).toBe(437);
  });
});
