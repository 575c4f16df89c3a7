import { describe, expect, it } from 'vitest';
import { type PartitionUse, skewOf } from './partitions.ts';

function use(partition: string, ...values: readonly number[]): PartitionUse {
  return { partition, points: values.map((value, index) => ({ atMs: index * 300_000, value })) };
}

describe('skewOf', () => {
  it('compares the busiest partition with the median one', () => {
    const skew = skewOf([use('0', 0.9, 0.8), use('1', 0.3, 0.2), use('2', 0.1, 0.3)]);

    expect(skew).toMatchObject({ hottest: '0', peak: 0.9, median: 0.3, isLasting: true });
    expect(skew?.skew).toBeCloseTo(3, 9);
  });

  it('calls a partition hot only when it stands out at every grain', () => {
    expect(skewOf([use('0', 0.9, 0.3), use('1', 0.3, 0.3), use('2', 0.3, 0.3)])?.isLasting).toBe(false);
  });

  it('cannot call a partition hot after one grain', () => {
    expect(skewOf([use('0', 0.9), use('1', 0.1), use('2', 0.1)])?.isLasting).toBe(false);
  });

  it('knows how full the hottest partition is where most are idle', () => {
    const idle = Array.from({ length: 9 }, (_, index) => use(`${index + 1}`, 0, 0));

    expect(skewOf([use('0', 0.4, 0.5), ...idle])).toMatchObject({ peak: 0.5, median: 0, skew: undefined });
  });

  it('knows no skew of a single partition, and of idle ones', () => {
    expect(skewOf([use('0', 0.9, 0.9)])?.skew).toBeUndefined();
    expect(skewOf([use('0', 0, 0), use('1', 0, 0)])?.skew).toBeUndefined();
    expect(skewOf([])).toBeUndefined();
  });
});
