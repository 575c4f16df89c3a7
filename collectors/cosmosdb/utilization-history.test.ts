import { describe, expect, it } from 'vitest';
import type { Memory } from '../../src/sdk.ts';
import { UtilizationHistory } from './utilization-history.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const begin = Date.UTC(2026, 10, 16);
const orders = { database: 'shop', container: 'orders', region: 'West Europe' };

function createMemory(): Memory & { readonly text: () => string } {
  const values = new Map<string, string>();
  return {
    read: (key) => values.get(key),
    write: (key, value) => void values.set(key, value),
    text: () => [...values.values()].join(''),
  };
}

function createHistory(memory: Memory = createMemory(), windowMs = 7 * day): UtilizationHistory {
  return new UtilizationHistory({ windowMs, memory });
}

/** So many minutes in a row. */
function fill(
  history: UtilizationHistory,
  fromMs: number,
  minutes: number,
  value: (index: number) => number,
) {
  for (let index = 0; index < minutes; index += 1) {
    history.take(fromMs + index * minute, [{ ...orders, value: value(index) }]);
  }
}

describe('UtilizationHistory', () => {
  it('tells what 95 of 100 minutes stay within', () => {
    const history = createHistory();

    fill(history, begin, 1_000, (index) => (index % 100 < 95 ? 0.3 : 0.9));
    const mostly = history.percentiles();
    fill(history, begin + 1_000 * minute, 10, () => 0.9);

    expect(mostly).toEqual([{ ...orders, value: 0.3, minutes: 1_000 }]);
    expect(history.percentiles()).toEqual([{ ...orders, value: 0.9, minutes: 1_010 }]);
  });

  it.each([0, 0.7, 0.85, 1])(
    'keeps a utilisation of exactly %d, so that a bound is not crossed by rounding',
    (value) => {
      const history = createHistory();

      fill(history, begin, 10, () => value);

      expect(history.percentiles()[0]?.value).toBe(value);
    },
  );

  it('rounds up, so that what is above a bound is not told as within it', () => {
    const history = createHistory();

    fill(history, begin, 10, () => 0.8501);

    expect(history.percentiles()[0]?.value).toBe(0.855);
  });

  it('counts no minute twice, before and after a restart', () => {
    const memory = createMemory();
    const history = createHistory(memory);
    fill(history, begin, 60, () => 0.5);
    fill(history, begin, 60, () => 0.9);
    history.save(begin + hour);

    const again = createHistory(memory);
    fill(again, begin, 60, () => 0.9);

    expect(again.percentiles()).toEqual([{ ...orders, value: 0.5, minutes: 60 }]);
    expect(again.gaps({ fromMs: begin - minute, toMs: begin + 61 * minute })).toEqual([
      { fromMs: begin - minute, toMs: begin },
      { fromMs: begin + hour, toMs: begin + 61 * minute },
    ]);
  });

  it('forgets what is older than its window', () => {
    const history = createHistory();
    fill(history, begin, 360, () => 0.9);
    fill(history, begin + 7 * day, 360, () => 0.2);

    history.save(begin + 7 * day + 359 * minute);
    const within = history.percentiles();
    history.save(begin + 7 * day + 360 * minute);

    expect(within).toEqual([{ ...orders, value: 0.9, minutes: 720 }]);
    expect(history.percentiles()).toEqual([{ ...orders, value: 0.2, minutes: 360 }]);
  });

  it.each(['{', '{"version":2}', ''])('begins anew where what was remembered is not readable: %j', (text) => {
    const memory = createMemory();
    memory.write('utilization', text);

    expect(createHistory(memory).percentiles()).toEqual([]);
  });

  it('begins anew with another grain of its window', () => {
    const memory = createMemory();
    const history = createHistory(memory);
    fill(history, begin, 60, () => 0.5);
    history.save(begin + hour);

    expect(createHistory(memory, day).percentiles()).toEqual([]);
    expect(createHistory(memory, 14 * day).percentiles()).toHaveLength(1);
  });

  it('stays below a MiB with hundreds of busy containers, and remembers the busiest', () => {
    const memory = createMemory();
    const history = createHistory(memory);
    for (let index = 0; index < 7 * 24 * 12; index += 1) {
      const values = Array.from({ length: 400 }, (_, container) => ({
        ...orders,
        container: `c${container}`,
        value: container / 400 + ((index * 37) % 60) / 200,
      }));
      history.take(begin + index * 5 * minute, values);
    }

    history.save(begin + 7 * day);
    const again = createHistory(memory).percentiles();

    expect(memory.text().length).toBeLessThan(1_000_000);
    expect(again.length).toBeGreaterThan(100);
    expect(again.map(({ container }) => container)).toContain('c399');
  });
});
