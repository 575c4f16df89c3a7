import { describe, expect, it } from 'vitest';
import type { Memory } from '../../src/sdk.ts';
import { divideFurther, divideIntoUnits } from './index-rotation.ts';

function memory(): Memory {
  const values = new Map<string, string>();
  return { read: (key) => values.get(key), write: (key, value) => void values.set(key, value) };
}

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `collection_${at}`);
}

describe('divideIntoUnits', () => {
  it('keeps a small database whole, over all shards', () => {
    const catalog = new Map([
      ['a', new Map([['shop', ['orders', 'items']]])],
      ['b', new Map([['shop', ['orders']]])],
    ]);

    const units = divideIntoUnits(catalog, memory(), 2_000);

    expect(units).toEqual([
      {
        database: 'shop',
        scope: 'shop',
        size: 2,
        collections: new Map([
          ['a', ['orders', 'items']],
          ['b', ['orders']],
        ]),
      },
    ]);
  });

  it('divides a big one into parts of a few hundred, and every collection stays in its part', () => {
    const kept = memory();
    const partsWith = (count: number) =>
      divideIntoUnits(new Map([['rs0', new Map([['big', names(count)]])]]), kept, 2_000);

    const before = partsWith(12_000);
    const after = partsWith(13_000);

    expect(before.length).toBe(64);
    expect(Math.max(...before.map(({ size }) => size))).toBeLessThan(300);
    expect(before.reduce((sum, { size }) => sum + size, 0)).toBe(12_000);
    for (const { scope, collections } of before) {
      const later = after.find((unit) => unit.scope === scope)?.collections.get('rs0') ?? [];
      expect(later).toEqual(expect.arrayContaining([...(collections.get('rs0') ?? [])]));
    }
  });

  it('makes parts that fit a small budget', () => {
    const units = divideIntoUnits(new Map([['rs0', new Map([['shop', names(300)]])]]), memory(), 100);

    expect(Math.max(...units.map(({ size }) => size))).toBeLessThan(50);
  });

  it('remembers the number of parts while a database shrinks', () => {
    const kept = memory();
    divideIntoUnits(new Map([['rs0', new Map([['big', names(2_000)]])]]), kept, 2_000);

    const units = divideIntoUnits(new Map([['rs0', new Map([['big', names(20)]])]]), kept, 2_000);

    expect(units.every(({ scope }) => /^big\/\d+of8$/.test(scope))).toBe(true);
  });

  it('keeps a small database whole while it grows, so that its watch goes on', () => {
    const kept = memory();
    const scopes = [200, 3_000].map((count) =>
      divideIntoUnits(new Map([['rs0', new Map([['shop', names(count)]])]]), kept, 2_000).map(
        ({ scope }) => scope,
      ),
    );

    expect(scopes).toEqual([['shop'], ['shop']]);
  });

  it('makes smaller parts of what was too slow to be visited, until they are small', () => {
    const kept = memory();
    const catalog = new Map([['rs0', new Map([['shop', names(200)]])]]);
    const [whole] = divideIntoUnits(catalog, kept, 2_000);
    if (whole === undefined) throw new Error('no unit');

    const divided = divideFurther(whole, kept);
    const units = divideIntoUnits(catalog, kept, 2_000);

    expect(divided).toBe(true);
    expect(units.map(({ scope }) => scope)).toEqual(['shop/1of4', 'shop/2of4', 'shop/3of4', 'shop/4of4']);
    expect(divideFurther({ ...whole, size: 5 }, kept)).toBe(false);
  });

  it('forgets no database, whatever its name', () => {
    const databases = new Map(['constructor', '__proto__', 'shop'].map((name) => [name, ['orders']]));
    const kept = memory();
    divideIntoUnits(new Map([['rs0', databases]]), kept, 2_000);

    const units = divideIntoUnits(new Map([['rs0', databases]]), kept, 2_000);

    expect(units.map(({ scope }) => scope)).toEqual(['__proto__', 'constructor', 'shop']);
  });
});
