import { describe, expect, it } from 'vitest';
import { long } from '../../tests/support/mongod/values.ts';
import { LatencyWindow, lowerBounds, parseHistograms } from './latency-histogram.ts';

type Entries = readonly (readonly [number, number])[];

function status(reads: Entries, writes: Entries = []): { readonly opLatencies: object } {
  const histogram = (entries: Entries): object[] =>
    entries.map(([micros, count]) => ({
      micros: long(micros),
      count: long(count),
    }));
  return {
    opLatencies: {
      reads: { latency: 1, ops: 1, histogram: histogram(reads) },
      writes: { latency: 1, ops: 1, histogram: histogram(writes) },
      commands: { latency: 1, ops: 1, histogram: histogram([[4_194_304, 1_000_000]]) },
    },
  };
}

function quantilesOf(before: Entries, after: Entries): ReturnType<LatencyWindow['quantiles']> {
  const window = new LatencyWindow(300_000);
  window.add(0, parseHistograms(status(before)) ?? {}, 'a');
  window.add(15_000, parseHistograms(status(after)) ?? {}, 'a');
  return window.quantiles();
}

describe('lowerBounds', () => {
  it('are those of the server: powers of two, and halves between 2048 and 2^20', () => {
    expect(lowerBounds).toHaveLength(51);
    expect(lowerBounds.slice(0, 18)).toEqual([
      0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 3_072, 4_096, 6_144, 8_192, 12_288, 16_384,
    ]);
    expect(lowerBounds.slice(29, 33)).toEqual([1_048_576, 1_572_864, 2_097_152, 4_194_304]);
    expect(lowerBounds.at(-1)).toBe(1_099_511_627_776);
  });
});

describe('LatencyWindow', () => {
  it('tells the quantiles of what was done between two readings, reads and writes together and commands not', () => {
    const quantiles = quantilesOf(
      [[512, 1_000_000]],
      [
        [512, 1_000_090],
        [65_536, 10],
      ],
    );

    expect(quantiles?.operations).toBe(100);
    expect(quantiles?.p50Seconds).toBeLessThan(0.001_024);
    expect(quantiles?.p95Seconds).toBeCloseTo((65_536 + (98_304 - 65_536) / 2) / 1e6, 9);
    expect(quantiles?.p99Seconds).toBeGreaterThan(0.09);
  });

  it('says nothing when nothing was done', () => {
    expect(quantilesOf([[512, 5]], [[512, 5]])).toBeUndefined();
  });

  it('begins anew after a restart', () => {
    const window = new LatencyWindow(300_000);
    window.add(0, parseHistograms(status([[512, 100]])) ?? {}, 'first life');
    window.add(15_000, parseHistograms(status([[512, 500]])) ?? {}, 'second life');

    expect(window.quantiles()).toBeUndefined();
  });
});

describe('parseHistograms', () => {
  it('is undefined where the server keeps none: a mean takes no percentile’s place', () => {
    expect(
      parseHistograms({ opLatencies: { reads: { latency: 1, ops: 1 }, writes: { latency: 1, ops: 1 } } }),
    ).toBe(undefined);
    expect(parseHistograms({})).toBeUndefined();
  });
});
