import { engine } from '../../collectors/cosmosdb/index.ts';
import { type AzureDouble, startAzure } from '../support/azure/azure.ts';
import { shopAccount } from '../support/azure/shop-account.ts';
import { type CosmosAccount, startCosmosAccount } from '../support/cosmosdb/account.ts';
import type { Deployment, EngineHarness, TargetText } from './harness.ts';

/**
 * Doubles, not Azure: an account watched through a double of Azure Resource Manager and Monitor, and one watched with a key through
 * @vercel/cosmosdb-server behind a proxy of ours.
 */

const watched = shopAccount({
  name: 'double-contract',
  totalThroughputLimit: 100_000,
  loads: {
    carts: { requestUnitsPerSecond: 1_000, requestsPerSecond: 100 },
    a: { requestUnitsPerSecond: 200, requestsPerSecond: 20 },
  },
});

export const harness: EngineHarness = {
  engine,
  start: async () => {
    const azure = await startAzure({ accounts: [watched] });
    const account = await startCosmosAccount({
      regions: ['West Europe', 'North Europe'],
      databases: [
        {
          name: 'shop',
          containers: [
            { name: 'orders', throughput: { kind: 'manual', requestUnits: 1_200 } },
            { name: 'carts', throughput: { kind: 'autoscale', maximum: 4_000 } },
          ],
        },
      ],
    });
    return createDeployment(azure, account);
  },
  // One for what every minute needs, one for what can wait.
  connections: 2,
  version: '2024-11-15',
  historical: ['reeve_cosmosdb_request_unit_utilization_p95_ratio'],
  unreachable: {},
};

function createDeployment(azure: AzureDouble, account: CosmosAccount): Deployment {
  const { subscription, resourceGroup, name } = azure.account;
  const { tenant, clientId, secret } = azure.registration;
  const at = (port: number, canary = secret): TargetText => ({
    target: {
      account: { subscription, resourceGroup, name },
      identity: { clientSecret: { tenant, clientId, secret: { env: 'CONTRACT_SECRET' } } },
      endpoints: { arm: `https://127.0.0.1:${port}`, authority: azure.url },
      ca: azure.caFile,
    },
    env: { CONTRACT_SECRET: canary },
  });
  const withKey: TargetText = {
    target: { endpoint: account.endpoint, key: { env: 'CONTRACT_KEY' } },
    env: { CONTRACT_KEY: account.readOnlyKey },
  };
  return {
    port: azure.port,
    targets: [at(azure.port), withKey],
    through: at,
    withPassword: (canary) => at(azure.port, canary),
    // Its clients are always at work.
    work: async () => undefined,
    restart: () => azure.restart(),
    denyOne: async () => {
      azure.deny('Microsoft.Insights/metrics/read');
      return {
        unknown: [
          'reeve_cosmosdb_request_units_per_second',
          'reeve_cosmosdb_request_unit_utilization_ratio',
          'reeve_cosmosdb_server_side_latency_seconds',
          'reeve_storage_bytes',
        ],
      };
    },
    agentConnections: () => azure.connections(),
    [Symbol.asyncDispose]: async () => {
      await account[Symbol.asyncDispose]();
      await azure[Symbol.asyncDispose]();
    },
  };
}
