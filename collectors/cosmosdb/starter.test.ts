import { describe, expect, it } from 'vitest';
import { cosmosdbStarter } from './starter.ts';

const lines = (url: string): readonly string[] | undefined =>
  cosmosdbStarter.lines?.(new URL(url), 'ORDERS_KEY');

describe('cosmosdbStarter', () => {
  it('begins with the control plane', () => {
    expect(lines('cosmosdb://0000-aaaa/rg%20one/orders')).toEqual([
      'account: { subscription: "0000-aaaa", resourceGroup: "rg one", name: "orders" }',
    ]);
  });

  it('takes an endpoint with a key', () => {
    expect(lines('https://orders.documents.azure.com:443/')).toEqual([
      'endpoint: https://orders.documents.azure.com',
      'key: { env: ORDERS_KEY } # a read-only key',
    ]);
  });

  it('takes no other address, and no account without its group', () => {
    expect(lines('https://example.com/')).toBeUndefined();
    expect(lines('cosmosdb://0000/orders')).toBeUndefined();
    expect(lines('cosmosdb://0000/%zz/orders')).toBeUndefined();
  });
});
