import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterWindow, ratio } from '../../../src/core/window.ts';

const minute = 60_000;

describe('CounterWindow', () => {
  it('knows no growth before the second reading', () => {
    const window = new CounterWindow<'hits'>(minute);
    expect(window.delta()).toBeUndefined();

    window.add(0, { hits: 5 });

    expect(window.delta()).toBeUndefined();
  });

  it('tells the growth over as much as it has seen', () => {
    const window = new CounterWindow<'hits' | 'misses'>(minute);
    window.add(0, { hits: 5, misses: 1 });
    window.add(15_000, { hits: 25, misses: 1 });

    expect(window.delta()).toEqual({ growth: { hits: 20, misses: 0 }, spanMs: 15_000 });
  });

  it('covers the whole window and forgets what is older', () => {
    const window = new CounterWindow<'hits'>(minute);
    for (let at = 0; at <= 150_000; at += 25_000) window.add(at, { hits: at / 1_000 });

    expect(window.delta()).toEqual({ growth: { hits: 75 }, spanMs: 75_000 });
  });

  it.each([
    ['a counter fell', 20_000, { hits: 4 }, 'a'],
    ['the epoch changed', 20_000, { hits: 9 }, 'b'],
    ['the clock went back', 5_000, { hits: 9 }, 'a'],
    ['the clock stood still', 10_000, { hits: 9 }, 'a'],
  ] as const)('is emptied when %s', (_why, at, counters, epoch) => {
    const window = new CounterWindow<'hits'>(minute);
    window.add(0, { hits: 5 }, 'a');
    window.add(10_000, { hits: 6 }, 'a');

    window.add(at, counters, epoch);

    expect(window.delta()).toBeUndefined();
  });

  it('starts anew after an outage, of which nothing belongs to the window', () => {
    const window = new CounterWindow<'hits'>(5 * minute);
    window.add(0, { hits: 5 });
    window.add(6 * 60 * minute, { hits: 90_000 });
    const after = window.delta();
    window.add(6 * 60 * minute + 15_000, { hits: 90_010 });

    expect(after).toBeUndefined();
    expect(window.delta()).toEqual({ growth: { hits: 10 }, spanMs: 15_000 });
  });

  it('bears readings that are up to two windows apart', () => {
    const window = new CounterWindow<'hits'>(minute);
    window.add(0, { hits: 5 });
    window.add(2 * minute, { hits: 6 });

    expect(window.delta()).toEqual({ growth: { hits: 1 }, spanMs: 2 * minute });
  });

  it('never tells a negative growth or an empty span, whatever it is given', () => {
    const readings = fc.array(
      fc.record({
        stepMs: fc.integer({ min: -1_000, max: 40_000 }),
        hits: fc.nat(100),
        misses: fc.nat(100),
        epoch: fc.constantFrom('a', 'a', 'a', 'b'),
      }),
    );
    fc.assert(
      fc.property(readings, (steps) => {
        const window = new CounterWindow<'hits' | 'misses'>(minute);
        let at = 0;
        for (const { stepMs, epoch, hits, misses } of steps) {
          at += stepMs;
          window.add(at, { hits, misses }, epoch);
          const delta = window.delta();
          if (delta === undefined) continue;
          expect(delta.spanMs).toBeGreaterThan(0);
          expect(Math.min(delta.growth.hits, delta.growth.misses)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('never spans more than the window and the longest gap, whatever it is given', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 10 * minute }), { minLength: 2 });
    fc.assert(
      fc.property(steps, (pauses) => {
        const window = new CounterWindow<'hits'>(minute);
        let at = 0;
        for (const pause of pauses) {
          at += pause;
          window.add(at, { hits: at });
          expect(window.delta()?.spanMs ?? 0).toBeLessThanOrEqual(3 * minute);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('tells exactly what grew since the reading that opens the window', () => {
    const steps = fc.array(
      fc.record({ stepMs: fc.integer({ min: 1, max: 150_000 }), grown: fc.nat(1_000) }),
      {
        minLength: 2,
      },
    );
    fc.assert(
      fc.property(steps, (grows) => {
        const window = new CounterWindow<'hits'>(minute);
        let readings: { at: number; hits: number }[] = [];
        let at = 0;
        let hits = 0;
        for (const { stepMs, grown } of grows) {
          at += stepMs;
          hits += grown;
          if (stepMs > 2 * minute) readings = [];
          readings.push({ at, hits });
          window.add(at, { hits });
        }
        const opening = readings.findLast((reading) => reading.at <= at - minute) ?? readings[0];
        const expected =
          opening === undefined || opening.at === at
            ? undefined
            : { growth: { hits: hits - opening.hits }, spanMs: at - opening.at };
        expect(window.delta()).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('ratio', () => {
  it('is undefined when there was nothing to be a part of', () => {
    expect(ratio(0, 0)).toBeUndefined();
    expect(ratio(3, -1)).toBeUndefined();
  });

  it('divides', () => {
    expect(ratio(3, 4)).toBe(0.75);
  });
});
