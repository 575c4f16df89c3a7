import { describe, expect, it } from 'vitest';
import { LatencyWindow, parseLatencyHistogram } from './latency-histogram.ts';

describe('parseLatencyHistogram', () => {
  it('undoes the accumulation within a command', () => {
    const parsed = parseLatencyHistogram(['GET', ['calls', 10, 'histogram_usec', [1, 4, 2, 9, 33, 10]]]);

    expect([...(parsed?.get('get') ?? [])]).toEqual([
      [1, 4],
      [2, 5],
      [33, 1],
    ]);
  });

  it('reads no commands and refuses other shapes', () => {
    expect(parseLatencyHistogram([])?.size).toBe(0);
    expect(parseLatencyHistogram('OK')).toBeUndefined();
    expect(parseLatencyHistogram(['get'])).toBeUndefined();
    expect(parseLatencyHistogram(['get', ['calls', 1]])).toBeUndefined();
    expect(parseLatencyHistogram(['get', ['calls', 1, 'histogram_usec', ['x', 1]]])).toBeUndefined();
  });
});

describe('LatencyWindow', () => {
  const reading = (get: Record<number, number>, others: Record<string, Record<number, number>> = {}) =>
    new Map(
      Object.entries({ get, ...others }).map(([name, buckets]) => [
        name,
        new Map(Object.entries(buckets).map(([bound, calls]) => [Number(bound), calls])),
      ]),
    );

  it('knows nothing from one reading, nor when nothing was called', () => {
    const window = new LatencyWindow(300_000);

    window.add(0, reading({ 8: 1000 }), 'a');
    const first = window.quantiles();
    window.add(15_000, reading({ 8: 1000 }), 'a');

    expect(first).toBeUndefined();
    expect(window.quantiles()).toBeUndefined();
  });

  it('looks at the growth only: a slow past does not hide a fast present', () => {
    const window = new LatencyWindow(300_000);

    window.add(0, reading({ 8: 10, 270532: 1_000_000 }), 'a');
    window.add(15_000, reading({ 8: 110, 270532: 1_000_000 }), 'a');

    expect(window.quantiles()).toEqual({
      p50Seconds: 6e-6,
      p99Seconds: 7.96e-6,
      p999Seconds: expect.closeTo(7.996e-6, 9),
      calls: 100,
    });
  });

  it('weighs commands by their calls', () => {
    const window = new LatencyWindow(300_000);

    window.add(0, reading({ 8: 0 }, { keys: { 135266: 0 } }), 'a');
    window.add(15_000, reading({ 8: 980 }, { keys: { 135266: 20 } }), 'a');

    const { p50Seconds = 0, p99Seconds = 0 } = window.quantiles() ?? {};
    expect(p50Seconds).toBeLessThan(8e-6);
    expect(p99Seconds).toBeCloseTo(0.1014495, 6);
  });

  it('counts a bucket that appears between two readings', () => {
    const window = new LatencyWindow(300_000);

    window.add(0, reading({ 8: 5 }), 'a');
    window.add(15_000, reading({ 8: 5, 1056: 4 }), 'a');

    expect(window.quantiles()?.calls).toBe(4);
  });

  it("leaves out the agent's own commands and waiting ones", () => {
    const window = new LatencyWindow(300_000);
    const own = { 'latency|histogram': { 264: 0 }, info: { 264: 0 }, blpop: { 264: 0 } };
    const grown = { 'latency|histogram': { 264: 9 }, info: { 264: 9 }, blpop: { 264: 9 } };

    window.add(0, reading({ 8: 0 }, own), 'a');
    window.add(15_000, reading({ 8: 3 }, grown), 'a');

    expect(window.quantiles()?.calls).toBe(3);
  });

  it('begins anew after a restart and after CONFIG RESETSTAT', () => {
    const window = new LatencyWindow(300_000);

    window.add(0, reading({ 8: 50 }), 'a');
    window.add(15_000, reading({ 8: 60 }), 'b');
    const afterRestart = window.quantiles();
    window.add(30_000, reading({ 8: 5 }), 'b');
    const afterReset = window.quantiles();
    window.add(45_000, reading({ 8: 9 }), 'b');

    expect(afterRestart).toBeUndefined();
    expect(afterReset).toBeUndefined();
    expect(window.quantiles()?.calls).toBe(4);
  });
});
