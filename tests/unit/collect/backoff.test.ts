import { describe, expect, it } from 'vitest';
import { nextTryMs } from '../../../src/collect/backoff.ts';

const after = (failures: number, random: number, code: 'unreachable' | 'denied' = 'unreachable') =>
  nextTryMs(15_000, failures, code, () => random);

describe('nextTryMs', () => {
  it('spreads tries of many agents: from the interval, by chance, to the bound', () => {
    expect([0, 0.25, 0.5, 1].map((random) => after(2, random))).toEqual([15_000, 26_250, 37_500, 60_000]);
  });

  it('grows with each failure, up to a minute', () => {
    expect([1, 2, 3, 1_000].map((failures) => after(failures, 1))).toEqual([30_000, 60_000, 60_000, 60_000]);
  });

  it('waits up to five minutes where trying again may lock an account', () => {
    expect([1, 2, 3, 4, 5, 6].map((failures) => after(failures, 1, 'denied'))).toEqual([
      30_000, 60_000, 120_000, 240_000, 300_000, 300_000,
    ]);
  });

  it('is never shorter than the interval, however long that is', () => {
    expect(nextTryMs(600_000, 3, 'unreachable', () => 0.5)).toBe(600_000);
  });
});
