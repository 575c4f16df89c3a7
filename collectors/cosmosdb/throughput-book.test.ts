import { describe, expect, it } from 'vitest';
import type { PlacedValue } from './place.ts';
import { containerKey, ThroughputBook, type ThroughputSettings, utilizations } from './throughput-book.ts';

function settings(database: string, container: string, perSecond: number): ThroughputSettings {
  const unknown = {
    minimum: undefined,
    instantMaximum: undefined,
    softMaximum: undefined,
    replacePending: undefined,
  };
  return { database, container, perSecond, autoscaleMaximum: undefined, ...unknown };
}

const at = (container: string, region: string, value: number, database = 'shop'): PlacedValue => ({
  database,
  container,
  region,
  value,
});

const none: ReadonlySet<string> = new Set();

describe('utilizations', () => {
  it('divides by what is reserved in each region, not by the whole', () => {
    const found = utilizations(
      [at('orders', 'West Europe', 750), at('orders', 'North Europe', 100)],
      { settings: [settings('shop', 'orders', 1_000)], sharing: none },
      true,
    );

    expect(found).toEqual([at('orders', 'West Europe', 0.75), at('orders', 'North Europe', 0.1)]);
  });

  it('puts containers that share throughput together, and those with their own apart', () => {
    const found = utilizations(
      [at('a', 'West Europe', 200), at('b', 'West Europe', 400), at('own', 'West Europe', 50)],
      {
        settings: [settings('shop', '', 800), settings('shop', 'own', 100)],
        sharing: new Set([containerKey('shop', 'a'), containerKey('shop', 'b')]),
      },
      true,
    );

    expect(found).toEqual([at('own', 'West Europe', 0.5), at('', 'West Europe', 0.75)]);
  });

  it('knows nothing of a shared database in which something consumed that nobody looked at', () => {
    const found = utilizations(
      [at('a', 'West Europe', 200), at('new', 'West Europe', 400)],
      { settings: [settings('shop', '', 800)], sharing: new Set([containerKey('shop', 'a')]) },
      true,
    );

    expect(found).toEqual([]);
  });

  it('knows nothing of a shared database when consumption was cut off', () => {
    const found = utilizations(
      [at('a', 'West Europe', 200), at('orders', 'West Europe', 200)],
      {
        settings: [settings('shop', '', 800), settings('shop', 'orders', 400)],
        sharing: new Set([containerKey('shop', 'a')]),
      },
      false,
    );

    expect(found).toEqual([at('orders', 'West Europe', 0.5)]);
  });

  it('tells no ratio without provisioned throughput', () => {
    expect(utilizations([at('orders', 'West Europe', 5)], { settings: [], sharing: none }, true)).toEqual([]);
  });
});

describe('ThroughputBook', () => {
  it('forgets what is too old to be true', () => {
    const book = new ThroughputBook(900_000);
    const reading = { settings: [], sharing: none };
    book.write(reading, 0);

    expect(book.read(900_000)).toBe(reading);
    expect(book.read(900_001)).toBeUndefined();
  });
});
