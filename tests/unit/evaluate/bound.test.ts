import { describe, expect, it } from 'vitest';
import { hasBound, isClear, violatedSide, worse } from '../../../src/evaluate/bound.ts';

describe('violatedSide', () => {
  it.each([
    [0.96, { min: 0.95 }, undefined],
    [0.95, { min: 0.95 }, undefined],
    [0.949, { min: 0.95 }, 'min'],
    [1, { max: 1 }, undefined],
    [1.01, { max: 1 }, 'max'],
    [0.5, { min: 0.7, max: 0.85 }, 'min'],
    [0.9, { min: 0.7, max: 0.85 }, 'max'],
    [5, {}, undefined],
  ] as const)('of %d within %o is %s', (value, bound, side) => {
    expect(violatedSide(value, bound)).toBe(side);
  });
});

describe('isClear', () => {
  const lenient = { hysteresis: 0.1, unit: 'ratio' } as const;

  it.each([
    ['a ratio needs a tenth of the way to 1', 0.954, { min: 0.95 }, lenient, false],
    ['a ratio is clear beyond that', 0.956, { min: 0.95 }, lenient, true],
    [
      'a maximum needs a tenth of the way to 0',
      0.91,
      { max: 1 },
      { hysteresis: 0.1, unit: 'seconds' },
      false,
    ],
    ['a maximum is clear below that', 0.9, { max: 1 }, { hysteresis: 0.1, unit: 'seconds' }, true],
    ['the lower end of a band looks at the other end', 0.714, { min: 0.7, max: 0.85 }, lenient, false],
    ['the upper end of a band looks at the other end', 0.836, { min: 0.7, max: 0.85 }, lenient, false],
    ['the middle of a band is clear', 0.8, { min: 0.7, max: 0.85 }, lenient, true],
    ['without hysteresis the bound itself is clear', 0, { max: 0 }, { hysteresis: 0, unit: 'bytes' }, true],
    [
      'a minimum without another end is clear at the bound',
      5,
      { min: 5 },
      { hysteresis: 0.1, unit: 'none' },
      true,
    ],
    ['a minimum of all there can be is clear at it', 1, { min: 1 }, lenient, true],
    ['a maximum below 0 is clear at it', -1, { max: -1 }, { hysteresis: 0.5, unit: 'none' }, true],
  ] as const)('%s', (_, value, bound, objective, clear) => {
    expect(isClear(value, bound, objective)).toBe(clear);
  });
});

describe('hasBound', () => {
  it.each([
    [{}, false],
    [{ min: 0 }, true],
    [{ max: 0 }, true],
  ])('of %o is %s', (bound, has) => {
    expect(hasBound(bound)).toBe(has);
  });
});

describe('worse', () => {
  it('is the lower value below a minimum, the higher one above a maximum', () => {
    expect(worse('min', 0.9, 0.8)).toBe(0.8);
    expect(worse('max', 2, 1)).toBe(2);
    expect(worse(undefined, undefined, 1)).toBe(1);
  });
});
