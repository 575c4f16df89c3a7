import { describe, expect, it } from 'vitest';
import { weightedMean, weightedPercentile, withUnknownMode } from './latency.ts';
import type { MetricAnswer } from './metric-query.ts';
import { Spelling } from './place.ts';

const cells = [
  { seconds: 0.2, requests: 5 },
  { seconds: 0.004, requests: 90 },
  { seconds: 0.05, requests: 5 },
];

describe('weightedMean', () => {
  it('counts each request once', () => {
    expect(weightedMean(cells)).toBeCloseTo(0.0161, 6);
  });

  it('is unknown without requests', () => {
    expect(weightedMean([])).toBeUndefined();
  });
});

describe('weightedPercentile', () => {
  it('is the least latency that so many requests stay within', () => {
    expect(weightedPercentile(cells, 0.95)).toBe(0.05);
    expect(weightedPercentile(cells, 0.96)).toBe(0.2);
    expect(weightedPercentile(cells, 0.5)).toBe(0.004);
  });

  it('is unknown without requests', () => {
    expect(weightedPercentile([{ seconds: 1, requests: 0 }], 0.95)).toBeUndefined();
  });
});

describe('withUnknownMode', () => {
  const requestsBy = (mode: string): MetricAnswer => ({
    series: new Map([
      [
        'TotalRequests',
        [
          {
            dimensions: new Map([
              ['databasename', 'shop'],
              ['collectionname', 'orders'],
              ['connectionmode', mode],
            ]),
            points: [{ atMs: 0, value: 7 }],
          },
        ],
      ],
    ]),
    cut: new Set(),
    unsplit: new Set(),
  });
  const onlyDirect: MetricAnswer = {
    series: new Map([['ServerSideLatencyDirect', []]]),
    cut: new Set(),
    unsplit: new Set(),
  };

  it('finds containers with requests whose latency nobody told', () => {
    const spelling = new Spelling([]);

    expect(withUnknownMode(onlyDirect, requestsBy('GATEWAY'), spelling).size).toBe(1);
    expect(withUnknownMode(onlyDirect, requestsBy('DIRECT'), spelling).size).toBe(0);
  });
});
