import { describe, expect, it } from 'vitest';
import { findOverlaps } from './index-overlap.ts';
import { type IndexSpec, parseIndexSpec } from './index-spec.ts';

const longer = spec('longer', { a: 1, b: -1, c: 1 });

function spec(name: string, key: object, options: object = {}, building = false): IndexSpec {
  return parseIndexSpec(name, { v: 2, key, name, ...options }, building);
}

function redundant(...indexes: readonly IndexSpec[]): readonly string[] {
  return findOverlaps(indexes, () => false).map(
    ({ index, coveredBy }) => `${index.name} < ${coveredBy.name}`,
  );
}

describe('findOverlaps', () => {
  it('finds exact prefixes, and nothing else', () => {
    expect(redundant(spec('one', { a: 1 }), spec('two', { a: 1, b: -1 }), longer)).toEqual([
      'one < two',
      'two < longer',
    ]);
    expect(redundant(spec('order', { b: -1 }), longer)).toEqual([]);
    expect(redundant(spec('direction', { a: 1, b: 1 }), longer)).toEqual([]);
    expect(redundant(spec('hashed', { a: 'hashed' }), longer)).toEqual([]);
  });

  it.each([
    ['unique', { unique: true }],
    ['ttl', { expireAfterSeconds: 60 }],
    ['hidden', { hidden: true }],
    ['sparse', { sparse: true }],
    ['partial', { partialFilterExpression: { a: 1 } }],
    ['of another collation', { collation: { locale: 'fr' } }],
  ])('leaves out a prefix that is %s', (_, options) => {
    expect(redundant(spec('short', { a: 1 }, options), longer)).toEqual([]);
  });

  it.each([
    ['hidden', { hidden: true }, false],
    ['sparse', { sparse: true }, false],
    ['partial', { partialFilterExpression: { a: 1 } }, false],
    ['of another collation', { collation: { locale: 'fr' } }, false],
    ['not built yet', {}, true],
  ])('does not take one that is %s for a substitute', (_, options, building) => {
    expect(redundant(spec('short', { a: 1 }), spec('long', { a: 1, b: 1 }, options, building))).toEqual([]);
  });

  it('compares indexes with the same filter and collation', () => {
    const same = { partialFilterExpression: { a: { $gt: 5 } }, collation: { locale: 'fr' } };

    expect(redundant(spec('short', { a: 1 }, same), spec('long', { a: 1, b: 1 }, same))).toEqual([
      'short < long',
    ]);
  });

  it('takes a longer unique index for a substitute: it holds every entry', () => {
    expect(redundant(spec('short', { a: 1 }), spec('long', { a: 1, b: 1 }, { unique: true }))).toEqual([
      'short < long',
    ]);
  });

  it('leaves out what is needed for another reason', () => {
    expect(findOverlaps([spec('short', { a: 1 }), longer], ({ name }) => name === 'short')).toEqual([]);
  });

  it('leaves the index on _id alone', () => {
    expect(redundant(spec('_id_', { _id: 1 }), spec('long', { _id: 1, a: 1 }))).toEqual([]);
  });

  it('claims nothing of fields whose order JavaScript loses', () => {
    const numbered = spec('numbered', { b: 1, 0: 1 });

    expect(redundant(spec('zero', { 0: 1 }), spec('b', { b: 1 }), numbered)).toEqual([]);
  });
});
