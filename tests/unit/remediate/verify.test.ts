import { describe, expect, it } from 'vitest';
import { defineMetrics } from '../../../src/core/metric.ts';
import type { Expectation } from '../../../src/core/remediation/plan.ts';
import type { CounterReading, GuardMeasure } from '../../../src/core/remediation/verification.ts';
import { createSample } from '../../../src/core/sample.ts';
import type { Snapshot } from '../../../src/core/snapshot.ts';
import {
  compareCounters,
  compareGuards,
  type GuardReading,
  isWithoutGain,
  readGuards,
  verdictOf,
} from '../../../src/remediate/verify.ts';

const rest = {
  help: 'Help.',
  group: 'g',
  source: 's',
  docs: 'https://example.org',
  since: '1',
  cost: 'none',
  stability: 'stable',
} as const;
const metrics = defineMetrics({
  latency: {
    name: 'reeve_x_seconds',
    kind: 'gauge',
    unit: 'seconds',
    labels: { database: 'd', quantile_of: 'q' },
    ...rest,
  },
  errors: { name: 'reeve_x_errors_total', kind: 'counter', unit: 'none', labels: { database: 'd' }, ...rest },
});
const latency: GuardMeasure = {
  guard: 'latency',
  metric: 'latency',
  where: { database: 'a' },
  kind: 'gauge',
  tolerance: 0.2,
  floor: 0.005,
};
const errors: GuardMeasure = {
  guard: 'errors',
  metric: 'errors',
  kind: 'counter',
  tolerance: 0.5,
  floor: 0.1,
};
const measures = [latency, errors];
const latencyKey = 'latency:latency:0';
const errorsKey = 'errors:errors:1';

function gauge(...values: readonly number[]): readonly GuardReading[] {
  return values.map((value, index) => ({ at: index * 10_000, values: { [latencyKey]: value } }));
}

function counter(...values: readonly number[]): readonly GuardReading[] {
  return values.map((value, index) => ({ at: index * 10_000, values: { [errorsKey]: value } }));
}

const target: Snapshot['target'] = {
  id: 'orders',
  engine: 'x',
  intervalMs: 1_000,
  deadlineMs: 1_000,
  workload: undefined,
  windowsMs: {},
  labels: {},
  unusedAfterMs: 1,
  membersComplete: true,
  groups: {},
  maxSeries: 100,
};

function snapshot(up: boolean): Snapshot {
  return {
    target,
    server: {},
    up,
    failure: undefined,
    at: 5,
    readings: [],
    samples: [
      createSample(metrics.latency, 0.1, { database: 'a', quantile_of: '1' }),
      createSample(metrics.latency, 0.3, { database: 'a', quantile_of: '2' }),
      createSample(metrics.latency, 9, { database: 'b', quantile_of: '1' }),
      createSample(metrics.errors, 2, { database: 'a' }),
      createSample(metrics.errors, 3, { database: 'b' }),
    ],
  };
}

describe('readGuards', () => {
  it('takes the worst of a gauge, where it is asked for, and all of a counter together', () => {
    expect(readGuards(snapshot(true), measures, metrics)).toEqual({
      at: 5,
      values: { [latencyKey]: 0.3, [errorsKey]: 5 },
    });
  });

  it('knows nothing of a target that cannot be reached, nor of a metric without samples', () => {
    expect(readGuards(snapshot(false), measures, metrics).values).toEqual({});
    expect(readGuards(snapshot(true), [{ ...latency, metric: 'gone' }], metrics).values).toEqual({});
  });
});

describe('compareGuards', () => {
  it.each([
    ['much higher', [0.1, 0.1, 0.1], [0.2, 0.2, 0.2], 'worse'],
    ['higher within the tolerance', [0.1, 0.1, 0.1], [0.115, 0.115, 0.115], 'same'],
    ['higher than the median, not than what it reached before', [0.1, 0.1, 0.3], [0.25, 0.25, 0.25], 'same'],
    ['higher by less than the floor', [0.001, 0.001, 0.001], [0.004, 0.004, 0.004], 'same'],
    ['high once only', [0.1, 0.1, 0.1], [0.1, 0.9, 0.1], 'same'],
    ['much lower', [0.2, 0.2, 0.2], [0.1, 0.1, 0.1], 'better'],
    ['known too seldom before', [0.1, 0.1], [0.2, 0.2, 0.2], 'unknown'],
    ['known too seldom after', [0.1, 0.1, 0.1], [0.2, 0.2], 'unknown'],
  ])('judges a gauge that is %s', (_, before, after, verdict) => {
    expect(compareGuards(gauge(...before), gauge(...after), [latency])).toMatchObject([
      { verdict, role: 'guard' },
    ]);
  });

  it.each([
    ['grows faster', [0, 1, 2, 3], [10, 20, 30, 40], 'worse'],
    ['grows as before', [0, 1, 2, 3], [10, 11, 12, 13], 'same'],
    ['began again, and the step back is left out', [0, 1, 2, 3], [10, 0, 1, 2, 3], 'same'],
    ['began again too often', [0, 1, 2, 3], [10, 0, 1, 0, 1], 'unknown'],
  ])('judges a counter that %s', (_, before, after, verdict) => {
    expect(compareGuards(counter(...before), counter(...after), measures)[1]).toMatchObject({ verdict });
  });
});

const faster: Expectation = { kind: 'faster', byAtLeast: 0.2, text: 'at least 20 % faster' };
const gone: Expectation = { kind: 'gone', byAtLeast: 0, text: 'the index is gone' };

function span(meanSeconds: number, calls = 100, epoch = 'a'): readonly [CounterReading, CounterReading] {
  return [
    { at: 0, epoch: 'a', series: { q1: { sum: 7, count: 50 } } },
    { at: 1, epoch, series: { q1: { sum: 7 + meanSeconds * calls, count: 50 + calls } } },
  ];
}

describe('compareCounters', () => {
  it.each([
    ['fell as expected', faster, 0.1, 0.05, 'better', 'indicator'],
    ['fell by less than expected', faster, 0.1, 0.09, 'same', 'indicator'],
    ['grew', faster, 0.1, 0.2, 'worse', 'indicator'],
    ['grew although an index is only gone', gone, 0.1, 0.2, 'worse', 'guard'],
    ['grew by less than a millisecond', gone, 0.0002, 0.0009, 'same', 'guard'],
    ['fell by itself', gone, 0.2, 0.1, 'better', 'guard'],
  ] as const)('judges a mean that %s', (_, expectation, before, after, verdict, role) => {
    expect(compareCounters(expectation, span(before), span(after))).toMatchObject([{ verdict, role }]);
  });

  it.each([
    ['grew by little', 0.1, 0.11, 'same'],
    ['grew by half and less than two hundredths of all', 0.01, 0.02, 'same'],
    ['grew by half and more', 0.1, 0.16, 'worse'],
    ['fell', 0.2, 0.1, 'better'],
  ] as const)('judges a share that %s, and does not call it seconds', (_, before, after, verdict) => {
    const shareOf = (share: number): Parameters<typeof compareCounters>[1] => [
      { at: 0, epoch: 'a', series: { misses: { sum: 0, count: 0, unit: 'share' } } },
      { at: 1, epoch: 'a', series: { misses: { sum: 100 * share, count: 100, unit: 'share' } } },
    ];

    const [comparison] = compareCounters(gone, shareOf(before), shareOf(after));

    expect(comparison).toMatchObject({ verdict, text: `misses: ${before} before, ${after} after` });
  });

  it.each([
    ['too few calls', span(0.1, 5), span(0.1)],
    ['counters that began again', span(0.1), span(0.1, 100, 'b')],
    ['a statement that is gone', span(0.1), [span(0.1)[0], { at: 1, epoch: 'a', series: {} }] as const],
  ])('knows nothing after %s', (_, before, after) => {
    expect(compareCounters(faster, before, after)).toMatchObject([
      { verdict: 'unknown', before: null, after: null },
    ]);
  });

  it('counts a statement from its first call when it was new', () => {
    const fresh = [
      { at: 0, epoch: 'a', series: {} },
      { at: 1, epoch: 'a', series: { q1: { sum: 10, count: 100 } } },
    ] as const;

    expect(compareCounters(faster, fresh, span(0.05))).toMatchObject([{ verdict: 'better', before: 0.1 }]);
  });
});

describe('verdictOf', () => {
  const guard = compareGuards(gauge(1, 1, 1), gauge(1, 1, 1), [latency]);
  const unknown = compareGuards([], [], [latency]);
  const worse = compareGuards(gauge(1, 1, 1), gauge(2, 2, 2), [latency]);
  const gain = compareCounters(faster, span(0.1), span(0.05));
  const noGain = compareCounters(faster, span(0.1), span(0.1));

  it.each([
    ['worse when one guard is, whatever was gained', [...gain, ...worse], faster, true, 'worse'],
    ['improved when the expected came true', [...gain, ...guard], faster, true, 'improved'],
    ['inconclusive when nothing was gained', [...noGain, ...guard], faster, true, 'inconclusive'],
    ['inconclusive when its statements did not run', guard, faster, true, 'inconclusive'],
    ['improved when the index is gone and nothing is worse', guard, gone, true, 'improved'],
    ['inconclusive when the catalogue does not show it', guard, gone, false, 'inconclusive'],
    ['inconclusive when nothing could be compared', unknown, gone, true, 'inconclusive'],
    ['inconclusive without any guard', [], gone, true, 'inconclusive'],
  ] as const)('is %s', (_, comparisons, expectation, isDone, verdict) => {
    expect(verdictOf(comparisons, expectation, isDone).verdict).toBe(verdict);
  });

  it('tells a change without gain from one that nobody could see', () => {
    expect(isWithoutGain(verdictOf([...noGain, ...guard], faster, true), faster)).toBe(true);
    expect(isWithoutGain(verdictOf([...gain, ...guard], faster, true), faster)).toBe(false);
    expect(isWithoutGain(verdictOf(guard, faster, true), faster)).toBe(false);
    expect(isWithoutGain(verdictOf(guard, gone, true), gone)).toBe(false);
  });
});
