import type { Memory } from '../../../src/sdk.ts';
import type { AzureDouble } from '../../../tests/support/azure/azure.ts';
import { shopAccount } from '../../../tests/support/azure/shop-account.ts';
import { type Watching, watchTarget } from '../../../tests/support/watching.ts';
import { engine } from '../index.ts';

/** For tests: an account of the double of Azure, with two regions, a hot partition, and containers that share throughput. */
export const doubleShop = shopAccount({
  loads: {
    a: { requestUnitsPerSecond: 200, requestsPerSecond: 20 },
    b: { requestUnitsPerSecond: 600, requestsPerSecond: 60 },
  },
});

/** For tests. A target that watches an account of the double through the control plane. */
export function watchAccount(
  azure: AzureDouble,
  more: Readonly<Record<string, unknown>> = {},
  memory?: Memory,
): Watching {
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
    ...(memory === undefined ? {} : { memory }),
  });
}
