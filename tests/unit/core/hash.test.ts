import { describe, expect, it } from 'vitest';
import { fnv1a } from '../../../src/core/hash.ts';

describe('fnv1a', () => {
  it.each([
    // Test vectors of the FNV reference (isthe.com/chongo/tech/comp/fnv).
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('of "%s" is the published one', (text, hash) => {
    expect(fnv1a(text)).toBe(hash);
  });
});
