import { describe, expect, it } from 'vitest';
import type { AccountOptions } from '../../tests/support/azure/account-model.ts';
import { startAzure } from '../../tests/support/azure/azure.ts';
import { actionFor } from '../../tests/support/azure/resource-manager.ts';
import { samplesOf, valueOf } from '../../tests/support/watching.ts';
import { actions } from './grants.ts';
import { doubleShop, watchAccount } from './testing/watched-account.ts';

const utilization = 'reeve_cosmosdb_request_unit_utilization_ratio';
const consumed = 'reeve_cosmosdb_request_units_per_second';

/** One database whose containers are given. */
function accountOf(
  containers: NonNullable<AccountOptions['databases']>[number]['containers'],
): AccountOptions {
  return { name: 'double-one', databases: [{ name: 'shop', containers }] };
}

describe('the control plane, on a double of Azure', () => {
  it('tells utilisation of each region against what is reserved in that region', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    await using watching = watchAccount(azure);
    await watching.collect();

    const snapshot = await watching.collect();

    const orders = { database: 'shop', container: 'orders' };
    expect(valueOf(snapshot, consumed, { ...orders, region: 'West Europe' })).toBe(4_500);
    expect(valueOf(snapshot, utilization, { ...orders, region: 'West Europe' })).toBe(0.45);
    expect(valueOf(snapshot, utilization, { ...orders, region: 'North Europe' })).toBe(0.15);
    const shared = { database: 'shared', container: '', region: 'West Europe' };
    expect(valueOf(snapshot, utilization, shared)).toBe(0.5);
    expect(samplesOf(snapshot, utilization).map(({ basis }) => basis)).toContain(1);
  });

  it('tells the utilisation of a small account at once', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    await using watching = watchAccount(azure);

    expect(samplesOf(await watching.collect(), utilization).length).toBeGreaterThan(0);
  });

  it('asks for each region by itself where there is more than Azure tells at once', async () => {
    const containers = Array.from({ length: 300 }, (_, index) => ({
      name: `c${index}`,
      throughput: { kind: 'manual', requestUnits: 1_000 } as const,
      partitions: 3,
      load: { requestUnitsPerSecond: 10, requestsPerSecond: 1 },
    }));
    await using azure = await startAzure({
      accounts: [{ ...accountOf(containers), regions: ['West Europe', 'North Europe'] }],
    });
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    const partitions = snapshot.readings.find(({ group }) => group === 'partitions');
    expect(partitions?.findings).toEqual([]);
    expect(samplesOf(snapshot, 'reeve_cosmosdb_partition_key_ranges').map(({ value }) => value)).toEqual(
      Array.from({ length: 100 }, () => 3),
    );
    expect(partitions?.truncatedRows).toBe(500);
  });

  it('tells 0 for an idle container only because its partitions are idle too', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    await using watching = watchAccount(azure);
    const carts = { database: 'shop', container: 'carts', region: 'West Europe' };
    await watching.collect();

    expect(valueOf(await watching.collect(), utilization, carts)).toBe(0);
    azure.settings.unknownMetrics = new Set(['NormalizedRUConsumption']);
    expect(valueOf(await watching.collect(), utilization, carts)).toBeUndefined();
  });

  it('does not go on telling what was consumed before an account fell idle', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    const idle = { requestUnitsPerSecond: 0, requestsPerSecond: 0 };
    const names = [
      ['shop', 'orders'],
      ['shared', 'a'],
      ['shared', 'b'],
    ] as const;
    for (const [database, name] of names) {
      azure.account.container(database, name).setLoad(idle, Date.now() - 9 * 60_000);
    }
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    const orders = { database: 'shop', container: 'orders', region: 'West Europe' };
    expect(valueOf(snapshot, utilization, orders)).toBe(0);
    expect(samplesOf(snapshot, 'reeve_cosmosdb_throttled_requests_ratio')).toEqual([]);
  });

  it('does nothing that the role it asks for does not allow', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    await using watching = watchAccount(azure);

    await watching.collect();

    const below = azure.requests
      .filter(({ path }) => path.startsWith(azure.account.resourceId))
      .map(({ method, path }) => actionFor(method, path.slice(azure.account.resourceId.length + 1)));
    expect(below.length).toBeGreaterThan(10);
    expect(below.filter((action) => !actions.includes(action))).toEqual([]);
    // A star would include the read-only key.
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
  });

  it('reads on when Azure speaks German', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    azure.settings.displayNames = {
      TotalRequestUnits: 'Anforderungseinheiten gesamt',
      DataUsage: 'Datennutzung',
      ServerSideLatencyDirect: 'Latenz',
    };
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    expect(samplesOf(snapshot, consumed).length).toBeGreaterThan(0);
    expect(samplesOf(snapshot, 'reeve_cosmosdb_data_bytes').length).toBeGreaterThan(0);
    expect(samplesOf(snapshot, 'reeve_cosmosdb_server_side_latency_seconds').length).toBeGreaterThan(0);
  });

  it('keeps the other metrics of a call when Azure does not know one, and does not ask for that one again', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    azure.settings.unknownMetrics = new Set(['IndexUsage']);
    await using watching = watchAccount(azure);
    await watching.collect();
    const before = azure.requests.length;

    const snapshot = await watching.collect();

    const storage = snapshot.readings.find(({ group }) => group === 'storage');
    expect(storage?.errors).toEqual([]);
    expect(storage?.findings.map(({ code, subject }) => [code, subject])).toEqual([
      ['metric_not_offered', 'IndexUsage'],
    ]);
    expect(samplesOf(snapshot, 'reeve_cosmosdb_data_bytes').length).toBeGreaterThan(0);
    // Half of a size is no size.
    expect(samplesOf(snapshot, 'reeve_storage_bytes')).toEqual([]);
    const asked = azure.requests.slice(before).map(({ query }) => query.get('metricnames') ?? '');
    expect(asked.filter((names) => names.includes('IndexUsage'))).toEqual([]);
  });

  it('attributes nothing that Azure did not split, and says so', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    azure.settings.missingDimensions = new Set(['TotalRequestUnits/Region']);
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    expect(samplesOf(snapshot, consumed)).toEqual([]);
    expect(samplesOf(snapshot, utilization)).toEqual([]);
    const consumption = snapshot.readings.find(({ group }) => group === 'consumption');
    expect(consumption?.findings.map(({ code }) => code)).toContain('metric_without_dimension');
  });

  it('tells how full the hottest partition is where the others are idle', async () => {
    const shares = [1, ...Array.from({ length: 9 }, () => 0)];
    const load = { requestUnitsPerSecond: 500, requestsPerSecond: 50, partitionShares: shares };
    const throughput = { kind: 'manual', requestUnits: 10_000 } as const;
    const container = { name: 'orders', throughput, partitions: 10, load };
    await using azure = await startAzure({ accounts: [accountOf([container])] });
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    const hottest = samplesOf(snapshot, 'reeve_cosmosdb_hottest_partition_ratio');
    expect(hottest.map(({ value }) => value)).toEqual([0.5]);
    expect(samplesOf(snapshot, 'reeve_cosmosdb_partition_skew')).toEqual([]);
  });

  it('tells no utilisation at all where throughput is switched off', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    await using watching = watchAccount(azure, { groups: { throughput: { enabled: false } } });

    const snapshot = await watching.collect();

    expect(samplesOf(snapshot, consumed).length).toBeGreaterThan(0);
    expect(samplesOf(snapshot, utilization)).toEqual([]);
    expect(azure.requests.filter(({ path }) => path.includes('throughputSettings'))).toEqual([]);
  });

  it('says which partition is hot', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    const partitions = snapshot.readings.find(({ group }) => group === 'partitions');
    expect(partitions?.findings.map(({ code, subject }) => [code, subject])).toEqual([
      ['hot_partition', 'shop/orders in West Europe'],
    ]);
    expect(partitions?.details['partitions']?.[0]).toMatchObject({ partition: '0', peak: 0.81, skew: 3 });
  });

  it('tells no utilisation of a serverless account', async () => {
    const load = { requestUnitsPerSecond: 100, requestsPerSecond: 10 };
    const container = { name: 'orders', throughput: { kind: 'shared' }, load } as const;
    await using azure = await startAzure({ accounts: [{ ...accountOf([container]), serverless: true }] });
    await using watching = watchAccount(azure);
    await watching.collect();

    const snapshot = await watching.collect();

    expect(snapshot.readings.flatMap(({ errors }) => errors)).toEqual([]);
    expect(valueOf(snapshot, 'reeve_cosmosdb_serverless')).toBe(1);
    expect(samplesOf(snapshot, consumed).map(({ value }) => value)).toEqual([100]);
    expect(samplesOf(snapshot, utilization)).toEqual([]);
  });

  it('tells containers apart up to a number, the busiest first, and counts the others', async () => {
    const containers = Array.from({ length: 12 }, (_, index) => ({
      name: `c${index}`,
      throughput: { kind: 'manual', requestUnits: 1_000 } as const,
      load: { requestUnitsPerSecond: 10 * (index + 1), requestsPerSecond: index + 1 },
    }));
    await using azure = await startAzure({ accounts: [accountOf(containers)] });
    await using watching = watchAccount(azure, { maxContainers: 3 });

    const snapshot = await watching.collect();

    expect(
      samplesOf(snapshot, consumed)
        .map(({ value }) => value)
        .sort((a, b) => a - b),
    ).toEqual([100, 110, 120]);
    const left = snapshot.readings.map(({ group, truncatedRows }) => [group, truncatedRows]);
    expect(left).toContainEqual(['consumption', 9]);
    expect(left).toContainEqual(['throughput', 9]);
  });

  it('reads lists of databases and containers over their pages', async () => {
    const containers = Array.from({ length: 7 }, (_, index) => ({
      name: `c${index}`,
      throughput: { kind: 'manual', requestUnits: 400 + 100 * index } as const,
    }));
    await using azure = await startAzure({ accounts: [accountOf(containers)], pageSize: 2 });
    await using watching = watchAccount(azure);

    const provisioned = samplesOf(
      await watching.collect(),
      'reeve_cosmosdb_provisioned_request_units_per_second',
    );

    expect(provisioned.map(({ value }) => value)).toEqual([400, 500, 600, 700, 800, 900, 1_000]);
  });

  it('follows no name out of the account', async () => {
    const throughput = { kind: 'manual', requestUnits: 400 } as const;
    const containers = [
      { name: 'orders', throughput },
      { name: '..', throughput },
    ];
    await using azure = await startAzure({ accounts: [accountOf(containers)] });
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    const throughputs = snapshot.readings.find(({ group }) => group === 'throughput');
    expect(throughputs?.errors.map(({ subject, code }) => [subject, code])).toEqual([
      ['shop/..', 'unsupported'],
    ]);
    expect(samplesOf(snapshot, 'reeve_cosmosdb_minimum_request_units_per_second')).toHaveLength(1);
  });

  it('loses nothing but its number when one container cannot be read', async () => {
    await using azure = await startAzure({ accounts: [doubleShop] });
    const flat = { code: 'BadRequest', message: 'this one is broken' };
    azure.faults.add({
      on: /orders\/throughputSettings/,
      fault: { kind: 'answer', status: 400, body: flat },
    });
    await using watching = watchAccount(azure);

    const snapshot = await watching.collect();

    const throughput = snapshot.readings.find(({ group }) => group === 'throughput');
    expect(throughput?.state).toBe('partial');
    expect(throughput?.errors.map(({ subject, code }) => [subject, code])).toEqual([
      ['shop/orders', 'unsupported'],
    ]);
    expect(samplesOf(snapshot, 'reeve_cosmosdb_minimum_request_units_per_second')).toHaveLength(2);
  });
});
