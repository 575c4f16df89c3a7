import type { AccountOptions, Load } from './account-model.ts';

export interface ShopOptions {
  /** Default `double-shop`. */
  readonly name?: string;
  readonly totalThroughputLimit?: number;
  /** How the partitions of `orders` share its load; as many as it has. Default: three, the first is hot. */
  readonly orderShares?: readonly number[];
  /** Default 1. */
  readonly cartsPartitions?: number;
  /** What clients do with `carts` and with `a` and `b`, which share throughput. Default: nothing. */
  readonly loads?: { readonly carts?: Load; readonly a?: Load; readonly b?: Load };
}

/**
 * An account of the double with two regions, a hot partition in `shop/orders`, and manual, autoscale and shared throughput: 10,000 RU/s
 * for `orders`, up to 4,000 for `carts`, 800 for `shared/a` and `shared/b` together.
 */
export function shopAccount(options: ShopOptions = {}): AccountOptions {
  const { name = 'double-shop', orderShares = [0.6, 0.2, 0.2], cartsPartitions = 1, loads = {} } = options;
  const limit = options.totalThroughputLimit;
  const orders = {
    requestUnitsPerSecond: 6_000,
    requestsPerSecond: 600,
    throttledPerSecond: 6,
    regionShares: { 'West Europe': 0.75, 'North Europe': 0.25 },
    partitionShares: orderShares,
  };
  return {
    name,
    regions: ['West Europe', 'North Europe'],
    ...(limit === undefined ? {} : { totalThroughputLimit: limit }),
    databases: [
      {
        name: 'shop',
        containers: [
          {
            name: 'orders',
            throughput: { kind: 'manual', requestUnits: 10_000 },
            partitions: orderShares.length,
            load: orders,
          },
          {
            name: 'carts',
            throughput: { kind: 'autoscale', maximum: 4_000 },
            partitions: cartsPartitions,
            ...loaded(loads.carts),
          },
        ],
      },
      {
        name: 'shared',
        throughput: { kind: 'manual', requestUnits: 800 },
        containers: [
          { name: 'a', throughput: { kind: 'shared' }, ...loaded(loads.a) },
          { name: 'b', throughput: { kind: 'shared' }, ...loaded(loads.b) },
        ],
      },
    ],
  };
}

function loaded(load: Load | undefined): { readonly load?: Load } {
  return load === undefined ? {} : { load };
}
