import { describe, expect, it } from 'vitest';
import { parseUsage } from './quota.ts';
import { type ContainerSize, databaseBytes } from './storage.ts';

function size(container: string, region: string, dataBytes: number | undefined): ContainerSize {
  return { database: 'shop', container, region, dataBytes, indexBytes: 10, documents: 1 };
}

describe('databaseBytes', () => {
  it('takes regions for copies of each other and does not add them up', () => {
    const sizes = [
      size('orders', 'West Europe', 100),
      size('carts', 'West Europe', 50),
      size('orders', 'North Europe', 90),
      size('carts', 'North Europe', 50),
    ];

    expect([...databaseBytes(sizes)]).toEqual([['shop', 170]]);
  });

  it('knows nothing of a database with a container whose size is missing', () => {
    const sizes = [size('orders', 'West Europe', 100), size('carts', 'West Europe', undefined)];

    expect(databaseBytes(sizes).size).toBe(0);
  });
});

describe('parseUsage', () => {
  it('reads sizes in kilobytes', () => {
    const usage = parseUsage(
      'functions=0;documentSize=0;documentsSize=12;documentsCount=3;collectionSize=20;',
    );

    expect(usage).toEqual({ dataBytes: 12_288, indexBytes: 8_192, documents: 3 });
  });

  it('knows nothing without the header', () => {
    expect(parseUsage(undefined)).toEqual({
      dataBytes: undefined,
      indexBytes: undefined,
      documents: undefined,
    });
  });

  it('tells no negative index', () => {
    expect(parseUsage('documentsSize=30;documentsCount=3;collectionSize=20').indexBytes).toBe(0);
  });
});
