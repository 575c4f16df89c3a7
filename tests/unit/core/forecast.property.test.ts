import { array, assert, double, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecastGrowth } from '../../../src/core/forecast.ts';

const dayMs = 86_400_000;
const begin = Date.UTC(2026, 0, 5);

/** Any bytes on days, of which one in ten is not known. */
const series = array(
  record({ value: integer({ min: 0, max: 2 ** 50 }), lost: integer({ min: 0, max: 9 }) }),
  { minLength: 10, maxLength: 130 },
).map((days) =>
  days.flatMap(({ value, lost }, index) => (lost === 0 ? [] : [{ day: begin + index * dayMs, value }])),
);
const ahead = integer({ min: 0, max: 4_000 });

describe('forecastGrowth of anything', () => {
  it('is finite, in order and never below nothing', () => {
    assert(
      property(series, ahead, (days, aheadDays) => {
        const last = days.at(-1)?.day ?? begin;
        const found = forecastGrowth(days, last + aheadDays * dayMs, { historyMs: 7 * dayMs });
        if (found === undefined) return;
        const { lower, median, upper } = found;

        expect([lower, median, upper].every(Number.isFinite)).toBe(true);
        expect(0 <= lower && lower <= median && median <= upper).toBe(true);
      }),
    );
  });

  it('reaches a level by the upper end not later than by the median', () => {
    assert(
      property(series, double({ min: 0, max: 1e19, noNaN: true }), (days, level) => {
        const found = forecastGrowth(days, begin + 200 * dayMs, { historyMs: 7 * dayMs });
        const late = found?.crossing(level, 'median');
        if (late === undefined) return;

        expect(found?.crossing(level, 'upper')).toBeLessThanOrEqual(late);
      }),
    );
  });

  it('does not depend on the unit', () => {
    assert(
      property(series, (days) => {
        const at = begin + 200 * dayMs;
        const one = forecastGrowth(days, at, { historyMs: 7 * dayMs });
        const scaled = days.map(({ day, value }) => ({ day, value: value * 1_024 }));
        const other = forecastGrowth(scaled, at, { historyMs: 7 * dayMs });

        // A power of two: not even rounding differs.
        expect(other?.median).toBe(one && one.median * 1_024);
        expect(other?.upper).toBe(one && one.upper * 1_024);
      }),
    );
  });
});
