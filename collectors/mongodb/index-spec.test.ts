import { describe, expect, it } from 'vitest';
import { indexKey, keyText, parseIndexSpec } from './index-spec.ts';

describe('parseIndexSpec', () => {
  it('gives the same shape for the same definition under another name, hidden or not', () => {
    const one = parseIndexSpec('a_1', { v: 2, key: { a: 1 }, name: 'a_1' }, false);
    const other = parseIndexSpec('renamed', { v: 2, key: { a: 1 }, name: 'renamed', hidden: true }, false);

    expect(other.shape).toBe(one.shape);
    expect([...other.flags]).toEqual(['hidden']);
  });

  it.each([
    ['the order of fields', { key: { b: 1, a: 1 } }],
    ['a direction', { key: { a: -1, b: 1 } }],
    ['a filter', { key: { a: 1, b: 1 }, partialFilterExpression: { a: { $gt: 1 } } }],
    ['a collation', { key: { a: 1, b: 1 }, collation: { locale: 'de' } }],
    ['uniqueness', { key: { a: 1, b: 1 }, unique: true }],
  ])('makes another index of one that differs in %s', (_, spec) => {
    const plain = parseIndexSpec('i', { key: { a: 1, b: 1 } }, false);

    const other = parseIndexSpec('i', spec, false);

    expect(indexKey('orders', other)).not.toBe(indexKey('orders', plain));
  });

  it.each([
    [{ _fts: 'text', _ftsx: 1 }, 'text'],
    [{ '$**': 'text' }, 'text'],
    [{ '$**': 1 }, 'wildcard'],
    [{ 'attributes.$**': 1 }, 'wildcard'],
    [{ place: '2dsphere' }, '2dsphere'],
    [{ place: '2d' }, '2d'],
    [{ a: 1, b: -1 }, undefined],
    [{ a: 'hashed' }, undefined],
  ])('tells what kind %j is', (key, special) => {
    expect(parseIndexSpec('i', { key }, false).special).toBe(special);
  });

  it('writes the key as people read it', () => {
    expect(keyText(parseIndexSpec('i', { key: { customer: 1, day: -1 } }, false).fields)).toBe(
      'customer:1 day:-1',
    );
  });

  it('tells indexes apart whose names read alike with dots', () => {
    const inner = parseIndexSpec('x', { key: { c: 1 } }, false);
    const outer = parseIndexSpec('b.x', { key: { c: 1 } }, false);

    expect(indexKey('a.b', inner)).not.toBe(indexKey('a', outer));
  });
});
