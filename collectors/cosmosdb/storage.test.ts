import { describe, expect, it } from 'vitest';
import type { MetricAnswer, MetricSeries } from './metric-query.ts';
import { Spelling } from './place.ts';
import { parseUsage } from './quota.ts';
import { type ContainerSize, databaseBytes, sizesOf } from './storage.ts';

function size(container: string, region: string, dataBytes: number | undefined): ContainerSize {
  return { database: 'shop', container, region, dataBytes, indexBytes: 10, documents: 1 };
}

/** Values of a container, by grain of 5 minutes. */
function series(container: string, values: readonly (number | undefined)[]): MetricSeries {
  const points = values.flatMap((value, index) =>
    value === undefined ? [] : [{ atMs: index * 300_000, value }],
  );
  const dimensions = { databasename: 'shop', collectionname: container, region: 'westeurope' };
  return { dimensions: new Map(Object.entries(dimensions)), points };
}

function answer(metrics: Readonly<Record<string, readonly MetricSeries[]>>): MetricAnswer {
  return { series: new Map(Object.entries(metrics)), cut: new Set(), unsplit: new Set() };
}

describe('sizesOf', () => {
  const spelling = new Spelling(['West Europe']);
  const sizes = (...lines: readonly MetricSeries[]) =>
    sizesOf(answer({ DataUsage: lines, IndexUsage: lines, DocumentCount: lines }), spelling);

  it('forgets a container that was deleted within the hour', () => {
    const found = sizes(series('orders', [100, 100, 100]), series('gone', [900, undefined, undefined]));

    expect(found.map(({ container }) => container)).toEqual(['orders']);
    expect([...databaseBytes(found)]).toEqual([['shop', 200]]);
  });

  it('knows no size of a database with a container that may be late or gone', () => {
    const found = sizes(series('orders', [100, 100, 100]), series('carts', [50, 50, undefined]));

    expect(found.map(({ container, dataBytes }) => [container, dataBytes])).toEqual([
      ['orders', 100],
      ['carts', undefined],
    ]);
    expect(databaseBytes(found).size).toBe(0);
  });

  it('takes data and indexes of one time', () => {
    const found = sizesOf(
      answer({
        DataUsage: [series('orders', [100, 110, 900])],
        IndexUsage: [series('orders', [10, 11, undefined])],
        DocumentCount: [],
      }),
      spelling,
    );

    expect(found).toMatchObject([{ dataBytes: 110, indexBytes: 11, documents: undefined }]);
  });

  it('knows nothing without values', () => {
    expect(sizes(series('orders', []))).toEqual([]);
  });
});

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
