import { describe, expect, it } from 'vitest';
import { formatQuantity } from '../../../src/core/quantity.ts';

describe('formatQuantity', () => {
  it.each([
    [0, 'seconds', '0 s'],
    [0.000_25, 'seconds', '250 µs'],
    [0.2304, 'seconds', '230 ms'],
    [1.5, 'seconds', '1.5 s'],
    [119.9, 'seconds', '120 s'],
    [150, 'seconds', '2m30s'],
    [-150, 'seconds', '-2m30s'],
    [86_399.9, 'seconds', '24h'],
    [31 * 86_400, 'seconds', '31d'],
    [2 * 86_400 + 3 * 3_600 + 59, 'seconds', '2d3h'],
    [0, 'bytes', '0 B'],
    [1_610_612_736, 'bytes', '1.5 GiB'],
    [-2_048, 'bytes', '-2 KiB'],
    [1023 * 1024 ** 4, 'bytes', '1023 TiB'],
    [0.943_14, 'ratio', '94.31 %'],
    [1, 'ratio', '100 %'],
    [1_250, 'usd', '1,250.00 USD'],
    [1_767_225_600, 'timestamp', '2026-01-01T00:00:00Z'],
    [12, 'none', '12'],
    [12_345_678, 'none', '12345678'],
    [Number.NaN, 'bytes', 'NaN'],
  ] as const)('shows %d %s as %s', (value, unit, text) => {
    expect(formatQuantity(value, unit)).toBe(text);
  });
});
