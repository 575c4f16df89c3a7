import { engine } from '../../collectors/cosmosdb/index.ts';
import { type AzureDouble, startAzure } from '../../tests/support/azure/azure.ts';
import { targets } from '../agent-config.ts';
import type { Cast } from '../cast.ts';

/** The Cosmos DB of the demo: NOT Azure, but a double of what Azure says of an account, in the demo's own process. */
export interface CartsAccount {
  readonly azure: AzureDouble;
  readonly cast: Cast;
}

const database = 'shop';

/** Container `carts`: little used as a whole, yet throttled, because most requests are for one partition. */
export const hotContainer = 'carts';
/** Container `prices`: used up, until somebody raises its throughput. */
export const tightContainer = 'prices';

/** RU/s of `prices`, and what is consumed of it. */
export const prices = { consumed: 950, tight: 1_000, raised: 1_200 } as const;

export async function startCarts(keep: (resource: AsyncDisposable) => void): Promise<CartsAccount> {
  const azure = await startAzure({
    accounts: [
      {
        name: 'double-carts',
        databases: [
          {
            name: database,
            containers: [
              {
                name: hotContainer,
                throughput: { kind: 'manual', requestUnits: 9_000 },
                partitions: 3,
                dataBytes: 40 * 1024 ** 3,
                load: {
                  requestUnitsPerSecond: 4_200,
                  requestsPerSecond: 700,
                  throttledPerSecond: 21,
                  partitionShares: [0.7, 0.15, 0.15],
                  peakFactor: 1.1,
                },
              },
              {
                name: tightContainer,
                throughput: { kind: 'manual', requestUnits: prices.tight },
                load: { requestUnitsPerSecond: prices.consumed, requestsPerSecond: 300 },
              },
            ],
          },
        ],
      },
    ],
  });
  keep(azure);
  return { azure, cast: castOf(azure) };
}

/** Somebody changes the throughput of `prices`. */
export function provision({ azure }: CartsAccount, requestUnits: number): void {
  azure.account.container(database, tightContainer).settings.throughput = { kind: 'manual', requestUnits };
}

function castOf({ url, caFile, account, registration }: AzureDouble): Cast {
  return {
    engine: engine.id,
    title: `${engine.title}, one account`,
    double: 'no Azure, but a server of ours that answers in its shapes',
    targets: [targets.cartsAccount],
    config: `  - id: ${targets.cartsAccount}
    engine: cosmosdb
    account: { subscription: ${account.subscription}, resourceGroup: ${account.resourceGroup}, name: ${account.name} }
    identity:                          # real life: leave it out on a machine with a managed identity
      clientSecret: { tenant: ${registration.tenant}, clientId: ${registration.clientId}, secret: { file: secrets/CARTS_CLIENT_SECRET } }
    endpoints: { arm: "${url}", authority: "${url}" }   # real life: leave it out, and ca too
    ca: ${caFile}
    interval: 3s                       # real life: 1m, the default
    labels: { environment: demo }
    groups:                            # real life: leave it out, Azure allows 12,000 reads an hour
      consumption: { every: 3s }
      throughput: { every: 6s }
      latency: { every: 15s }
      partitions: { every: 15s }
`,
    secrets: { CARTS_CLIENT_SECRET: registration.secret },
    addresses: [],
  };
}
