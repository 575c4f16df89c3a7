import { describe, expect, it } from 'vitest';
import { findDifferences } from './index-differences.ts';
import { type IndexSpec, parseIndexSpec } from './index-spec.ts';

function spec(name: string, key: object, options: object = {}, building = false): IndexSpec {
  return parseIndexSpec(name, { v: 2, key, name, ...options }, building);
}

function compare(one: readonly IndexSpec[], other: readonly IndexSpec[]) {
  return findDifferences(
    'orders',
    new Map([
      ['a', one],
      ['b', other],
    ]),
  );
}

describe('findDifferences', () => {
  it('finds nothing where all shards agree', () => {
    expect(compare([spec('x_1', { x: 1 })], [spec('x_1', { x: 1 })])).toEqual([]);
  });

  it('names the shards without an index', () => {
    expect(compare([spec('x_1', { x: 1 })], [])).toEqual([
      { collection: 'orders', index: 'x_1', kind: 'missing', shards: ['b'] },
    ]);
  });

  it('names the shards where an index of the same name is another one', () => {
    expect(compare([spec('x', { x: 1 })], [spec('x', { x: 1 }, { unique: true })])).toEqual([
      { collection: 'orders', index: 'x', kind: 'different', shards: ['b'] },
    ]);
  });

  it('names the shards where an index is hidden and on others not', () => {
    expect(compare([spec('x', { x: 1 })], [spec('x', { x: 1 }, { hidden: true })])).toEqual([
      { collection: 'orders', index: 'x', kind: 'hidden_on_some', shards: ['b'] },
    ]);
  });

  it('leaves out what is being built somewhere', () => {
    expect(compare([spec('x_1', { x: 1 }, {}, true)], [])).toEqual([]);
  });
});
