import { describe, expect, it } from 'vitest';
import { formatSize, parseSizeBytes } from '../../../src/core/duration.ts';

describe('formatSize', () => {
  it.each([
    [0, '0B'],
    [1_000, '1000B'],
    [1024, '1KiB'],
    [64 * 1024, '64KiB'],
    [1_536 * 1024 ** 2, '1536MiB'],
    [5 * 1024 ** 4, '5TiB'],
  ])('writes %d bytes as %s, which reads as the same', (sizeBytes, text) => {
    expect(formatSize(sizeBytes)).toBe(text);
    expect(parseSizeBytes(text)).toBe(sizeBytes);
  });
});
