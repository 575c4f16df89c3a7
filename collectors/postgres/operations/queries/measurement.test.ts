import { describe, expect, it } from 'vitest';
import { gainOf } from './measurement.ts';

const around = (middle: number, spread: number) =>
  [-2, -1, -1, 0, 0, 0, 1, 1, 2].map((step) => middle + step * spread);

describe('gainOf', () => {
  it('sees a large gain through noise', () => {
    const { saved, noise } = gainOf([{ without: around(100, 10), with: around(10, 2) }]);

    expect(saved).toBeCloseTo(0.9);
    expect(noise).toBeLessThan(0.3);
  });

  it('calls a difference within the spread of the runs noise', () => {
    const { saved, noise } = gainOf([{ without: around(100, 30), with: around(80, 30) }]);

    expect(saved).toBeCloseTo(0.2);
    expect(noise).toBeGreaterThan(saved);
  });

  it('is not moved by single runs that something disturbed', () => {
    const disturbed = [...around(100, 1), 5_000];

    expect(gainOf([{ without: around(100, 1), with: disturbed }]).saved).toBeCloseTo(0, 1);
  });

  it('is below 0 where it became slower', () => {
    expect(gainOf([{ without: [10, 10, 10], with: [15, 15, 15] }]).saved).toBeCloseTo(-0.5);
  });

  it('says nothing of nothing', () => {
    expect(gainOf([])).toEqual({ withoutMs: 0, withMs: 0, saved: 0, noise: 1 });
  });
});
