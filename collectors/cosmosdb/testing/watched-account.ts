import type { AccountOptions } from '../../../tests/support/azure/account-model.ts';
import type { AzureDouble } from '../../../tests/support/azure/azure.ts';
import { type Watching, watchTarget } from '../../../tests/support/watching.ts';
import { engine } from '../index.ts';

/** For tests: an account of the double of Azure, with two regions, a hot partition, and containers that share throughput. */
export const doubleShop: AccountOptions = {
  name: 'double-shop',
  regions: ['West Europe', 'North Europe'],
  databases: [
    {
      name: 'shop',
      containers: [
        {
          name: 'orders',
          throughput: { kind: 'manual', requestUnits: 10_000 },
          partitions: 3,
          load: {
            requestUnitsPerSecond: 6_000,
            requestsPerSecond: 600,
            throttledPerSecond: 6,
            regionShares: { 'West Europe': 0.75, 'North Europe': 0.25 },
            partitionShares: [0.6, 0.2, 0.2],
          },
        },
        { name: 'carts', throughput: { kind: 'autoscale', maximum: 4_000 } },
      ],
    },
    {
      name: 'shared',
      throughput: { kind: 'manual', requestUnits: 800 },
      containers: [
        {
          name: 'a',
          throughput: { kind: 'shared' },
          load: { requestUnitsPerSecond: 200, requestsPerSecond: 20 },
        },
        {
          name: 'b',
          throughput: { kind: 'shared' },
          load: { requestUnitsPerSecond: 600, requestsPerSecond: 60 },
        },
      ],
    },
  ],
};

/** For tests. A target that watches an account of the double through the control plane. */
export function watchAccount(azure: AzureDouble, more: Readonly<Record<string, unknown>> = {}): Watching {
  const { subscription, resourceGroup, name } = azure.account;
  const { tenant, clientId, secret } = azure.registration;
  return watchTarget({
    engine,
    target: {
      account: { subscription, resourceGroup, name },
      identity: { clientSecret: { tenant, clientId, secret: { env: 'DOUBLE_SECRET' } } },
      endpoints: { arm: azure.url, authority: azure.url },
      ca: azure.caFile,
      ...more,
    },
    env: { DOUBLE_SECRET: secret },
  });
}
