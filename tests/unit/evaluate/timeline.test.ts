import { describe, expect, it } from 'vitest';
import {
  budgetRemaining,
  budgetReport,
  emptyTimeline,
  lengthen,
  type Mark,
  type Timeline,
  timeWithin,
} from '../../../src/evaluate/timeline.ts';
import { day, hour, minute } from './judging.ts';

function timeline(...runs: readonly (readonly [Mark, number])[]): Timeline {
  return runs.reduce((all, [mark, ms]) => lengthen(all, mark, ms), emptyTimeline);
}

describe('timeWithin', () => {
  it('counts breached and known time, and no unknown time', () => {
    const time = timeline(['m', 50 * minute], ['u', 5 * minute], ['b', 3 * minute], ['m', 2 * minute]);

    expect(timeWithin(time, hour)).toEqual({ breachedMs: 3 * minute, knownMs: 55 * minute });
    expect(timeWithin(time, 4 * minute)).toEqual({ breachedMs: 2 * minute, knownMs: 4 * minute });
  });

  it('joins what goes on in the same state', () => {
    expect(timeline(['m', minute], ['m', minute], ['b', 0])).toEqual({ past: [], mark: 'm', ms: 2 * minute });
  });
});

describe('budgetReport', () => {
  it('says how much of the allowed time in 30 days is left', () => {
    const time = timeline(['m', 10 * day], ['b', 3.6 * hour], ['m', day]);

    expect(budgetRemaining(time, 0.01)).toBeCloseTo(0.5);
  });

  it('is negative when more was spent than is allowed', () => {
    expect(budgetRemaining(timeline(['b', 14.4 * hour]), 0.01)).toBeCloseTo(-1);
  });

  it('burns by the share of the known time over several windows', () => {
    const time = timeline(['m', 5.9 * hour], ['u', 10 * minute], ['b', 30 * minute]);

    const { burnRates } = budgetReport(time, 0.1);

    expect(burnRates).toMatchObject({ '5m': 10, '30m': 10 });
    expect(burnRates['1h']).toBeCloseTo(6);
    expect(burnRates['6h']).toBeCloseTo(0.857);
  });

  it('burns by no rate over a window of which less than half is known', () => {
    const { burnRates } = budgetReport(timeline(['b', 4 * minute]), 0.05);

    expect(burnRates['5m']).toBeCloseTo(20);
    expect(burnRates).toMatchObject({ '30m': undefined, '1h': undefined, '1d': undefined, '30d': undefined });
  });

  it('knows nothing where nothing was known', () => {
    expect(budgetReport(timeline(['m', hour], ['u', hour]), 0.1)).toMatchObject({
      allowed: 0.1,
      burnRates: { '5m': undefined, '1h': undefined, '2h': 0, '6h': undefined },
    });
    expect(budgetRemaining(timeline(['u', day]), 0.1)).toBeUndefined();
  });

  it('is finite where nothing is allowed', () => {
    const report = budgetReport(timeline(['m', 4 * minute], ['b', minute]), 0);

    expect(report.remaining).toBe(0);
    expect(report.burnRates['5m']).toBeCloseTo(8_640);
  });

  it('forgets what is older than 30 days', () => {
    const time = timeline(['b', day], ['m', 29.5 * day], ['b', minute], ['m', minute]);

    expect(time.past).toHaveLength(3);
    expect(budgetRemaining(time, 1)).toBeCloseTo(1 - (12 * hour - minute) / (30 * day), 5);
    expect(timeline(['b', day], ['m', 30 * day], ['b', minute], ['m', minute]).past).toHaveLength(2);
  });

  it('keeps 500 changes, and the whole time of those that were joined', () => {
    let time = emptyTimeline;
    for (let index = 0; index < 700; index += 1)
      time = lengthen(time, index % 2 === 0 ? 'm' : 'b', (index % 2) * 5_000 + minute);

    const { breachedMs, knownMs } = timeWithin(time, 30 * day);

    expect(time.past.length).toBeLessThanOrEqual(500);
    expect(knownMs).toBe(700 * minute + 350 * 5_000);
    expect(breachedMs).toBeGreaterThan(knownMs * 0.4);
  });
});
