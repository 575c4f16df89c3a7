import { describe, expect, it } from 'vitest';
import { LatencyMixture } from './latency-mixture.ts';

/** Growth of a statement with these latencies in seconds. */
function statement(...latencies: number[]) {
  return {
    calls: latencies.length,
    seconds: latencies.reduce((sum, each) => sum + each, 0),
    squares: latencies.reduce((sum, each) => sum + each * each, 0),
  };
}

describe('LatencyMixture', () => {
  it('knows nothing without calls', () => {
    const mixture = new LatencyMixture();

    expect([mixture.calls, mixture.mean, mixture.quantile(0.95)]).toEqual([0, undefined, undefined]);
  });

  it('weighs statements by their calls', () => {
    const mixture = new LatencyMixture();
    mixture.addStatement(statement(...Array<number>(96).fill(0.001)));
    mixture.addStatement(statement(...Array<number>(4).fill(2)));

    expect(mixture.quantile(0.5)).toBeCloseTo(0.001, 3);
    expect(mixture.quantile(0.95)).toBeLessThan(0.002);
    expect(mixture.quantile(0.99)).toBeGreaterThan(1.8);
    expect(mixture.mean).toBeCloseTo(0.08096, 5);
  });

  it('finds the quantile of a log-normal statement within a few percent', () => {
    const mixture = new LatencyMixture();
    const sigma = 0.8;
    const mean = 0.01 * Math.exp((sigma * sigma) / 2);
    const squares = 1000 * 0.01 ** 2 * Math.exp(2 * sigma * sigma);

    mixture.addStatement({ calls: 1000, seconds: 1000 * mean, squares });

    expect(mixture.quantile(0.5)).toBeCloseTo(0.01, 3);
    expect((mixture.quantile(0.95) ?? 0) / (0.01 * Math.exp(1.645 * sigma))).toBeCloseTo(1, 1);
  });

  it('bears rounding that makes the deviation negative, and latencies beyond its buckets', () => {
    const mixture = new LatencyMixture();
    mixture.addStatement({ calls: 10, seconds: 1, squares: 0.0999 });
    mixture.addStatement({ calls: 1, seconds: 0, squares: 0 });
    mixture.addStatement({ calls: 1, seconds: 1e9, squares: 1e18 });

    expect(mixture.calls).toBe(12);
    expect(mixture.quantile(0.5)).toBeCloseTo(0.1, 1);
  });

  it('adds up over intervals', () => {
    const one = new LatencyMixture();
    one.addStatement(statement(0.001, 0.001, 0.001));
    const other = new LatencyMixture();
    other.addStatement(statement(5));

    one.add(other);

    expect([one.calls, one.mean]).toEqual([4, 5.003 / 4]);
    expect(one.quantile(0.99)).toBeGreaterThan(4.5);
  });
});
