import { describe, expect, it } from 'vitest';
import { type AzureDouble, startAzure } from '../../../tests/support/azure/azure.ts';
import { shopAccount } from '../../../tests/support/azure/shop-account.ts';
import { cosmosdbMetrics } from '../metrics.ts';
import { target } from '../testing/collector-input.ts';
import { cosmosdbOperationsInput, SleepingClock, testContext } from '../testing/operations-input.ts';
import { watchAccount } from '../testing/watched-account.ts';
import { createCosmosdbOperations } from './create-operations.ts';
import { layoutAdvice } from './layout-advice.ts';

type Pipeline = 'throughput' | 'storage_growth' | 'backup';

async function adviceOf(azure: AzureDouble, pipeline: Pipeline): Promise<readonly string[]> {
  await using watching = watchAccount(azure);
  const snapshot = await watching.collect();
  const clock = new SleepingClock(Date.now());
  const operations = createCosmosdbOperations(cosmosdbOperationsInput(azure, { clock, snapshot }));
  try {
    const found = (await operations.advise?.(pipeline, testContext())) ?? [];
    return found.map(({ title }) => title);
  } finally {
    await operations.close();
  }
}

describe('advice on a Cosmos DB account', () => {
  it('explains a hot partition key and what consistency costs, with numbers', async () => {
    await using azure = await startAzure({
      accounts: [{ ...shopAccount(), consistency: 'BoundedStaleness' }],
    });

    const titles = await adviceOf(azure, 'throughput');

    expect(titles[0]).toContain('shop/orders: its busiest partition in West Europe is 3.0 times as busy');
    expect(titles[0]).toContain('its key /tenant');
    expect(titles[1]).toContain('default consistency is BoundedStaleness: reads cost twice');
  });

  it('says what grows and where nothing ever expires, and never makes it expire', async () => {
    const account = shopAccount();
    const databases = (account.databases ?? []).map((database) => ({
      ...database,
      containers: database.containers.map((each) =>
        each.name === 'orders' ? { ...each, dataBytes: 45 * 1_073_741_824, documents: 1_000 } : each,
      ),
    }));
    await using azure = await startAzure({ accounts: [{ ...account, databases }] });

    const titles = await adviceOf(azure, 'storage_growth');

    expect(titles.join('\n')).toContain(
      'shop/orders keeps every document for ever: 45.0 GiB, 1000 documents',
    );
    expect(titles.join('\n')).not.toContain('shop/carts keeps');
    expect(azure.requests.every(({ method }) => method === 'GET' || method === 'POST')).toBe(true);
  });

  it('says from when on Azure can restore the account, and that a policy proves nothing', async () => {
    const backupPolicy = { type: 'Continuous', continuousModeProperties: { tier: 'Continuous7Days' } };
    await using azure = await startAzure({ accounts: [{ ...shopAccount(), backupPolicy }] });
    const clock = new SleepingClock(Date.now());
    const operations = createCosmosdbOperations(cosmosdbOperationsInput(azure, { clock }));

    const found = await operations.backups?.list(testContext());
    azure.deny('Microsoft.DocumentDB/locations/restorableDatabaseAccounts/read');
    const unseen = await operations.backups?.list(testContext());
    const strategy = operations.backups?.strategy('/backups');
    await operations.close();

    expect(found).toMatchObject([{ kind: 'continuous', name: 'Continuous7Days', isRetained: false }]);
    expect(found?.[0]?.detail).toMatch(/any second of 7 days \(since 20/);
    expect(unseen?.[0]?.detail).toContain(
      'needs Microsoft.DocumentDB/locations/restorableDatabaseAccounts/read',
    );
    expect(Object.keys(operations.backups ?? {})).not.toContain('drill');
    expect(strategy?.files.map(({ name }) => name)).toEqual([
      'turn-on-continuous-backup.sh',
      'restore-to-new-account.sh',
    ]);
  });

  it('finds fault with two copies in one place', async () => {
    const periodicModeProperties = {
      backupIntervalInMinutes: 240,
      backupRetentionIntervalInHours: 8,
      backupStorageRedundancy: 'Local',
    };
    const backupPolicy = { type: 'Periodic', periodicModeProperties };
    await using azure = await startAzure({ accounts: [{ ...shopAccount(), backupPolicy }] });
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    const reading = snapshot.readings.find(({ group }) => group === 'backups');
    expect(reading?.findings.map(({ code }) => code)).toEqual([
      'backup_retention_short',
      'backup_in_one_region',
    ]);
    expect(reading?.findings[0]?.message).toContain('8 h (2 copies, one every 4 h)');
  });
});

describe('layoutAdvice', () => {
  const place = { database: 'shop', container: 'orders', region: 'West Europe' };
  const regions = ['West Europe', 'North Europe'].map((name) => ({
    name,
    writable: true,
    failoverPriority: 0,
  }));
  const account = { facts: { consistency: 'Session', regions }, identity: {}, answer: undefined };

  it('counts the writes that pay for an index on every path, and the regions that take none of them', () => {
    const uses = [
      { ...place, operation: 'Create', requestUnits: 80_000 },
      { ...place, operation: 'Query', requestUnits: 20_000 },
    ];
    const facts = {
      ...place,
      defaultTtl: undefined,
      analyticalTtl: undefined,
      partitionKey: ['/tenant'],
      indexesAll: true,
      indexedPaths: 1,
      excludedPaths: 0,
    };

    const titles = layoutAdvice({
      // Only what it looks at.
      account: { ...account, facts: { ...emptyFacts, ...account.facts } },
      containers: [facts],
      sizes: new Map([['shop/orders', { dataBytes: 1_000, indexBytes: 400, documents: 10 }]]),
      uses,
      snapshot: undefined,
    }).map(({ title }) => title);

    expect(titles).toEqual([
      '2 regions take writes, and 100 % of what was written in the last hour went to West Europe: several write regions are charged higher and bring conflicts',
      'shop/orders indexes every path, and 80 % of its 100000 RU of the last hour were writes, which pay for each indexed path, and the index is 40 % of the data',
    ]);
  });

  it('says why a region that is used too little keeps what a busy one needs', () => {
    const sample = (region: string, value: number) => ({
      metric: { ...cosmosdbMetrics.utilizationP95Ratio },
      labels: ['shop', 'orders', region],
      value,
    });
    const samples = [sample('West Europe', 0.8), sample('North Europe', 0.2)];
    const snapshot = { target, server: {}, up: true, failure: undefined, at: 0, readings: [], samples };

    const titles = layoutAdvice({
      account: { ...account, facts: { ...emptyFacts, ...account.facts } },
      containers: [],
      sizes: new Map(),
      uses: [],
      snapshot,
    }).map(({ title }) => title);

    expect(titles).toEqual([
      'shop/orders: throughput is the same in every region, West Europe uses 80 % of it, and North Europe (20 %) cannot have less',
    ]);
  });
});

const emptyFacts = {
  plane: 'control',
  serverless: false,
  throughputLimit: undefined,
  api: undefined,
  backup: undefined,
  identity: {},
} as const;
